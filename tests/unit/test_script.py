"""The exported script is Python that trains the same network, outside DigitLab."""

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.domains import declared
from digitlab.network import plan
from digitlab.presets import PRESETS
from digitlab.records import Controls
from digitlab.schedules import learning_rate_at
from digitlab.script import digits_file, keras_script, requirements

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}

SMALL = TrainingConfig(
    dataset="digits",
    training_size=400,
    validation="random",
    conv_blocks=(ConvBlock(4, batch_normalization=True, dropout=0.2),),
    dense_layers=(DenseLayer(16, dropout=0.3),),
    learning_rate=0.02,
    batch_size=16,
    epochs=3,
)
CHANGED = SMALL.replace(
    normalization="standardize",
    learning_rate_schedule="one-cycle",
    optimizer="sgd",
    label_smoothing=0.1,
    rotation=10,
    elastic=0.5,
    stroke_thickness=0.3,
)
WATCHED = SMALL.replace(
    split="random",
    conv_blocks=(ConvBlock(4, padding="same", pooling="average", activation="gelu"),),
    optimizer="nadam",
    beta_1=0.8,
    weight_decay=0.01,
    learning_rate=0.3,
    epochs=9,
    reduce_on_plateau_patience=1,
    early_stopping_patience=2,
    left_out="3-60, 71, 500, 1790",
)
PERCEPTRON = SMALL.replace(
    normalization="columns",
    validation="none",
    conv_blocks=(),
    learning_rate_schedule="cosine",
    warmup_epochs=1,
    precision="mixed_bfloat16",
)


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_becomes_valid_python(key):
    script = keras_script(PRESETS[key].config)
    compile(script, key, "exec")
    code = re.sub(r"(?m)^#.*$", "", script)
    assert "digitlab" not in code


@pytest.mark.parametrize(
    ("config", "absent"),
    [
        (TrainingConfig(), ["augment(", "Schedule", "train_test_split", "smoothed", "SIDE"]),
        (TrainingConfig(rotation=5), ["bend", "smooth(", "change_thickness", "elastic", "cos, pi"]),
        (TrainingConfig(stroke_thickness=0.1), ["affine_transforms", "rotation", "SIDE"]),
        (TrainingConfig(elastic=1), ["def move", "change_thickness", "BatchNormalization"]),
        (TrainingConfig(dense_layers=()), ["Dropout", "seed_generator", "quick", "def build"]),
        (TrainingConfig(validation="none"), ["validation", "watched", "left_out"]),
        (TrainingConfig(validation="test", left_out="3"), ["validation[~", "config.left_out"]),
        (TrainingConfig(learning_rate_schedule="cosine"), ["rise", "0.01**", "warmup"]),
    ],
    ids=["plain", "turned", "thick", "bent", "no dropout", "unwatched", "left out", "cosine"],
)
def test_the_script_holds_only_what_its_config_needs(config, absent):
    script = keras_script(config)
    assert [word for word in absent if word in script] == []
    _, settings, rest = re.split(r"(?ms)^config = (.*?^\))$", script)
    for parameter in declared(TrainingConfig):
        set_here = re.search(rf"(?m)^    {parameter.name}=.*,$", settings)
        read = re.search(rf"\bconfig\.{parameter.name}\b", rest)
        assert bool(set_here) == bool(read), parameter.name


def test_the_script_names_the_packages_it_imports():
    plain = TrainingConfig()
    assert requirements(plain) == "tensorflow"
    for config in (plain, plain.replace(validation="random"), plain.replace(tensorboard=True)):
        script = keras_script(config)
        assert f"pip install {requirements(config)}\n" in script
        assert ("sklearn" in script) == ("scikit-learn" in requirements(config))
        assert ("TensorBoard" in script) == ("tensorboard" in requirements(config))


@pytest.mark.parametrize("warmup_epochs", [0, 1.3])
@pytest.mark.parametrize("name", ["constant", "cosine", "exponential", "one-cycle"])
def test_the_learning_rate_of_each_step_is_digitlab_s(name, warmup_epochs):
    config = TrainingConfig(learning_rate_schedule=name, warmup_epochs=warmup_epochs, epochs=3)
    if name == "constant" and not warmup_epochs:
        return
    script = keras_script(config)
    written = re.search(r"(?ms)^steps = .*?(?=^class Schedule)", script).group()
    space = {"config": config, "batches": 11}
    exec("from math import cos, pi\n" + written, space)
    ours = [learning_rate_at(config, step, 33) for step in range(33)]
    assert [space["learning_rate_at"](step) for step in range(33)] == ours


@pytest.mark.parametrize("weight_decay", [0, 0.01])
@pytest.mark.parametrize("name", ["adam", "nadam", "rmsprop", "sgd"])
def test_the_optimizer_is_digitlab_s(name, weight_decay):
    keras = pytest.importorskip("keras")
    from digitlab.architectures import optimizer

    for beta_1 in (0.9, 0.7):
        config = TrainingConfig(optimizer=name, weight_decay=weight_decay, beta_1=beta_1)
        written = re.search(r"(?s)optimizer=(.*?),\n    loss=", keras_script(config)).group(1)
        made = eval(written, {"keras": keras, "config": config})
        assert made.get_config() | {"name": name} == optimizer(config).get_config() | {"name": name}


def test_many_rows_left_out_stay_readable_in_the_script():
    rows = [*range(0, 19_000, 2), 39_999, 40_000, 40_001]
    config = TrainingConfig(left_out=", ".join(map(str, rows)))
    script = keras_script(config)
    assert max(map(len, script.splitlines())) <= 100
    written = re.search(r"(?ms)^left_out = .*?^\]$", script).group()
    space = {"np": np}
    exec(written, space)
    assert tuple(space["left_out"]) == config.left_out_rows


def write_digits(script, folder):
    """Does what the script's comment says, in a folder: digits.npz."""
    lines = [line.removeprefix("#   ") for line in script.splitlines() if line.startswith("#   ")]
    subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
    )


def test_a_dataset_of_ones_own_keeps_its_own_test_part_in_the_script(tmp_path):
    images, labels = np.zeros((10, 28, 28), np.uint8), np.arange(10, dtype=np.uint8)
    parts = {"x_train": images[:3], "y_train": labels[:3], "x_test": images[3:]}
    np.savez(tmp_path / "my 'own'.npz", y_test=labels[3:], **parts)
    path = str(tmp_path / "my 'own'.npz")
    script = keras_script(TrainingConfig(dataset=path))
    write_digits(script, tmp_path)
    with np.load(tmp_path / "digits.npz") as file:
        assert file["train_count"] == load_dataset(path).train_count == 3
    assert 'int(file["train_count"])' in script


def test_the_file_of_digits_holds_them_all():
    digits = load_dataset("digits")
    with np.load(io.BytesIO(digits_file(digits))) as file:
        np.testing.assert_array_equal(file["x"], digits.images)
        np.testing.assert_array_equal(file["y"], digits.labels)
        assert file["train_count"] == digits.train_count


class Listener:
    """Remembers what it is told of a training."""

    def __init__(self):
        self.epochs, self.result = [], None

    def batch(self, progress):
        pass

    def epoch(self, epoch, snapshot, checkpoint):
        self.epochs.append(epoch)

    def artefact(self, name, content):
        pass

    def controls(self):
        return Controls()

    def tested(self, result):
        self.result = result


@dataclass(frozen=True)
class ScriptRun:
    """What a script printed, the figures of its epochs, and where it ran."""

    output: str
    figures: dict[str, list[float]]
    folder: Path


RUN = """
import json, runpy
model = runpy.run_path("train.py")["model"]
print(json.dumps(model.history.history))
"""


def both(config, folder):
    """The same training by the script and by DigitLab, at the same time."""
    pytest.importorskip("tensorflow")
    digits, listener = load_dataset("digits"), Listener()
    (folder / "digits.npz").write_bytes(digits_file(digits))
    (folder / "train.py").write_text(keras_script(config), encoding="utf-8")
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", RUN]
    with subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, **streams) as process:
        from digitlab.training import train

        train(config, digits, listener)
        output, errors = process.communicate()
    assert process.returncode == 0, errors
    return ScriptRun(output, json.loads(output.splitlines()[-1]), folder), listener


@pytest.mark.parametrize(
    "config", [CHANGED, WATCHED, PERCEPTRON], ids=["changed", "watched", "perceptron"]
)
def test_the_script_gives_the_figures_of_digitlab_to_the_last_bit(config, tmp_path):
    script, ours = both(config, tmp_path)
    names = ["accuracy", "loss"] if config.validation == "none" else list(script.figures)
    assert len(names) >= 2
    for name in names:
        assert script.figures[name] == [getattr(epoch, name) for epoch in ours.epochs], name
    wrong = round(ours.result.n * (1 - ours.result.accuracy))
    printed = f"test accuracy {ours.result.accuracy:.2%} ({wrong} of {ours.result.n} wrong)"
    assert printed in script.output.splitlines()
    assert f"{plan(config).parameters:,}" in script.output
    saved = pytest.importorskip("keras").models.load_model(tmp_path / "digits.keras")
    assert saved.count_params() == plan(config).parameters, "it loads without the script's classes"
    if config is WATCHED:
        assert len(ours.epochs) < config.epochs, "early stopping is meant to be seen"
        assert len(set(script.figures["learning_rate"])) > 1, "a plateau is meant to be seen"
