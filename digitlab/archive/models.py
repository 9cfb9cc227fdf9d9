"""Tries out a stranger's LiteRT models, in a process of their own that may crash or take too long.

`python -m digitlab.archive.models FOLDER` reads `NAME.tflite` beside `NAME.json`, the config that
it is said to be made of. It prints one sentence if a model is not what it should be, and ends with
2.
"""

import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from digitlab.config import TrainingConfig
from digitlab.errors import InputError
from digitlab.inference import BATCH, OUTPUT, Recogniser
from digitlab.network import SIDE, plan

MOST_SECONDS = 20
MOST_MEMORY_BYTES = 4_000_000_000

REFUSED = 2


def check_models(models: Mapping[str, tuple[TrainingConfig, bytes]]) -> None:
    """Checks models by name, each with its config.

    Raises:
        InputError: naming the first that is refused.
    """
    if not models:
        return
    with TemporaryDirectory() as folder:
        for name, (config, content) in models.items():
            Path(folder, f"{name}.tflite").write_bytes(content)
            Path(folder, f"{name}.json").write_text(config.to_json())
        command = [sys.executable, "-m", "digitlab.archive.models", folder]
        try:
            done = subprocess.run(
                command,
                cwd=Path(__file__).resolve().parents[2],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                timeout=MOST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise InputError(
                f"a model.tflite takes too long: all together may take {MOST_SECONDS} s to try out"
            ) from None
    if done.returncode == REFUSED:
        raise InputError(done.stdout.strip())
    if done.returncode != 0:
        raise InputError("a model.tflite makes the LiteRT runtime crash")


def try_model(model: bytes, config: TrainingConfig) -> None:
    """Lets a model read blank digits, one and many.

    Raises:
        InputError: unless it has the config's layers and answers with probabilities.
    """
    recogniser = Recogniser(model)
    if Interpreter(model_content=model).num_subgraphs() != 1:
        # What loops or branches has a graph for each; it could end here, and never on other digits.
        raise InputError("it must be one graph, without loops and branches")
    blank = np.zeros((BATCH, SIDE, SIDE), np.uint8)
    expected = {layer.name: layer.output_shape for layer in plan(config).layers}
    for layer in plan(config).layers:
        if layer.parameters and layer.name not in recogniser.layer_names:
            raise InputError(f"it must have the layer {layer.name}")
    for name, values in recogniser.activations(blank[0]).items():
        if values.shape != expected.get(name):
            raise InputError(
                f"its layer {name} must have the shape {expected.get(name)}, got {values.shape}"
            )
    for count in (1, BATCH):
        answers = recogniser.probabilities(blank[:count])
        if not np.allclose(answers.sum(axis=1), 1, atol=1e-3):
            raise InputError(f"its output {OUTPUT} must be ten probabilities, got {answers[0]}")


def _main(folder: Path) -> int:
    with suppress(ImportError, OSError, ValueError):  # not on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    for file in sorted(folder.glob("*.tflite")):
        try:
            config = TrainingConfig.from_json(file.with_suffix(".json").read_text())
            try_model(file.read_bytes(), config)
        except Exception as error:  # a stranger's bytes can make LiteRT and NumPy raise anything
            print(f"model.tflite of {file.stem} is refused: {str(error)[:200]}")
            return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1])))
