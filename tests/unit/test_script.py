"""The exported script is Python that trains the same network, outside DigitLab."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.network import plan
from digitlab.presets import PRESETS
from digitlab.script import keras_script

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_becomes_valid_python(key):
    script = keras_script(PRESETS[key].config)
    compile(script, key, "exec")
    code = re.sub(r'(?m)^#.*$|"digitlab"', "", script)
    assert "digitlab" not in code.replace("DigitLab", "")


def write_digits(script, folder):
    """Does what the script's comment says, in a folder: digits.npz."""
    line = next(line for line in script.splitlines() if "load_dataset" in line)
    subprocess.run(
        [sys.executable, "-c", line.removeprefix("#").strip()],
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


def test_the_script_trains_saves_and_tests_the_same_network(tmp_path):
    config = TrainingConfig(
        dataset="digits",
        conv_blocks=(ConvBlock(8),),
        dense_layers=(DenseLayer(16),),
        learning_rate=0.01,
        learning_rate_schedule="one-cycle",
        batch_size=32,
        epochs=4,
        rotation=5,
        stroke_thickness=0.2,
        normalization="standardize",
    )
    write_digits(keras_script(config), tmp_path)
    (tmp_path / "train.py").write_text(keras_script(config))
    done = subprocess.run(
        [sys.executable, "train.py"],
        cwd=tmp_path,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    accuracy = float(re.search(r"test accuracy ([\d.]+)", done.stdout).group(1))
    assert accuracy > 0.8
    assert f"{plan(config).parameters:,}" in done.stdout
    assert (tmp_path / "digits.keras").exists()
