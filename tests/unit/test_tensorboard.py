"""Logs for TensorBoard, where its package is installed."""

import pytest

pytest.importorskip("tensorboard", reason="the package tensorboard is not installed")
pytest.importorskip("tensorflow")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from digitlab.checkpoints import Checkpoint
from digitlab.config import DenseLayer, TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.records import Controls
from digitlab.training import Training

CONFIG = TrainingConfig(
    dataset="digits", conv_blocks=(), dense_layers=(DenseLayer(8),), epochs=1, tensorboard=True
)


class Listener:
    """Remembers the states of a training that writes its logs to a folder."""

    def __init__(self, folder):
        self.folder, self.states = folder, []

    def epoch(self, epoch, snapshot, checkpoint):
        self.states.append(Checkpoint.from_bytes(checkpoint.to_bytes()))

    def controls(self):
        return Controls()

    def batch(self, progress):
        pass

    def artefact(self, name, content):
        pass


def test_a_resumed_training_goes_on_in_the_logs(tmp_path):
    listener, digits = Listener(tmp_path), load_dataset("digits")
    Training(CONFIG, digits, listener, None).fit()
    Training(CONFIG.replace(epochs=3), digits, listener, listener.states[-1]).fit()
    logs = EventAccumulator(str(tmp_path / "train")).Reload()
    assert [event.step for event in logs.Tensors("epoch_accuracy")] == [0, 1, 2]
