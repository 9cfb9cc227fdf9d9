"""The house keeps its shape: imports point one way, and TensorFlow stays in the worker."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FLOORS = (
    {"errors"},
    {"domains", "rows"},
    {"config"},
    {
        "records",
        "network",
        "npz",
        "names",
        "schedules",
        "photographs",
        "pictures",
        "files",
        "pace",
        "quantities",
    },
    {
        "architectures",
        "augmentation",
        "augmentation_preview",
        "checkpoints",
        "corruptions",
        "pixels",
        "preprocessing",
        "presets",
        "quick_layers",
        "run_rows",
        "tables",
    },
    {"sources"},
    {"handwriting", "lessons"},
    {"datasets"},
    {
        "advice",
        "calibration",
        "comparison",
        "costs",
        "doubtful",
        "drawings",
        "embedding",
        "evaluation",
        "export",
        "inference",
        "plots",
        "reading",
        "replay",
        "robustness",
        "script",
        "segmentation",
        "similarity",
        "store",
        "studies",
        "suspects",
        "verdicts",
    },
    {
        "compiled",
        "experience",
        "forks",
        "measuring",
        "out_of_sample",
        "recognisers",
        "report",
        "teaching",
        "training",
    },
    {"archive"},
    {"ahead", "cluster", "errands", "keeper", "lifeline", "owners", "tasks", "worker"},
    {"jobs"},
    {"progress"},
    {"__main__"},
)
"""From the ground up; a module imports only from below, or from beside it on its own floor."""

TENSORFLOW = {
    "architectures",
    "augmentation",
    "compiled",
    "training",
    "measuring",
    "export",
    "out_of_sample",
    "quick_layers",
}


def modules():
    """Every module of the core: its name, and what it imports."""
    for path in sorted((ROOT / "digitlab").rglob("*.py")):
        name = path.relative_to(ROOT / "digitlab").parts[0].removesuffix(".py")
        if path.name != "__init__.py" or name in ("advice", "plots", "store"):
            yield name, path, imports(path)


def imports(path):
    """All that import statements anywhere in a file name: modules, and what is taken from them."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_an_import_is_seen_however_it_is_written(tmp_path):
    (tmp_path / "a.py").write_text("from digitlab import training\nfrom digitlab.jobs import x")
    assert {"digitlab.training", "digitlab.jobs"} <= imports(tmp_path / "a.py")


def test_every_module_has_a_floor():
    placed = {name for floor in FLOORS for name in floor}
    assert {name for name, _, _ in modules()} - {"__init__"} == placed


@pytest.mark.parametrize(
    ("name", "path", "imported"), modules(), ids=[path.stem for _, path, _ in modules()]
)
def test_imports_point_down(name, path, imported):
    floor = {module: level for level, names in enumerate(FLOORS) for module in names}
    for module in imported:
        top, _, below = module.partition(".")
        assert top not in ("streamlit", "pages", "app"), f"{path.name} imports {module}"
        target = below.partition(".")[0]
        if top == "digitlab" and target:
            assert floor[target] <= floor[name], f"{path.name} imports {module}"


def test_only_the_worker_s_modules_import_tensorflow():
    for name, _, imported in modules():
        heavy = {module.partition(".")[0] for module in imported} & {"tensorflow", "keras"}
        assert not heavy or name in TENSORFLOW, f"{name} imports {heavy}"


VISIT = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=60).run()
for name in ("home", "draw", "explore", "train", "runs", "evaluate", "compare"):
    app.switch_page(f"pages/{name}.py").run()
    if app.exception or app.error:
        sys.exit(f"{name}: {app.exception} {app.error}")
sys.exit(" ".join(m for m in ("tensorflow", "keras") if m in sys.modules) or 0)
"""


def test_a_visit_to_every_page_imports_no_tensorflow(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", VISIT],
        cwd=ROOT,
        env=os.environ | {"DIGITLAB_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_pages_reach_only_what_does_not_import_tensorflow():
    for path in (ROOT / "pages").rglob("*.py"):
        for module in imports(path):
            assert module.removeprefix("digitlab.") not in TENSORFLOW, f"{path.name}: {module}"
