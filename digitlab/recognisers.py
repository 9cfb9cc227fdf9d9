"""Which network answers: the shipped one, a run's, or a file's."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from digitlab.config import TrainingConfig
from digitlab.domains import from_dictionary
from digitlab.errors import InputError, UnknownRunError
from digitlab.records import Epoch, TestResult
from digitlab.store import Store

PRETRAINED = "pretrained"

MODELS = Path(__file__).parent / "models"


@dataclass(frozen=True)
class ModelCard:
    """What is known of a trained network: how it was made, and how it did."""

    name: str
    config: TrainingConfig
    preset: str | None
    epochs: tuple[Epoch, ...]
    test: TestResult | None
    parent_id: str | None = None
    """The run that it went on from, after `parent_epoch` epochs."""
    parent_epoch: int | None = None


@cache
def pretrained_card() -> ModelCard:
    """The card of the shipped recogniser, from `models/pretrained.json`."""
    card = json.loads((MODELS / f"{PRETRAINED}.json").read_text())
    return ModelCard(
        name=PRETRAINED,
        config=from_dictionary(TrainingConfig, card["config"]),
        preset=PRETRAINED,
        epochs=tuple(Epoch(**epoch) for epoch in card["epochs"]),
        test=TestResult(**card["test"]),
    )


def model_card(store: Store, name: str) -> ModelCard:
    """The card of a run, or of `pretrained`.

    Raises:
        UnknownRunError: if there is no such run.
    """
    if name == PRETRAINED:
        return pretrained_card()
    run = store.run(name)
    return ModelCard(
        run.id,
        run.config,
        run.preset,
        store.epochs(name),
        run.test,
        run.parent_id,
        run.parent_epoch,
    )


def litert_model(store: Store, name: str) -> bytes:
    """The LiteRT model of a run id, of `pretrained`, or in a `.tflite` file.

    Raises:
        UnknownRunError: if there is no such run or file.
        InputError: if the run has no model.
    """
    if name == PRETRAINED:
        return (MODELS / f"{PRETRAINED}.tflite").read_bytes()
    path = Path(name)
    if path.suffix == ".tflite" and path.is_file():
        return path.read_bytes()
    try:
        run = store.run(name)
    except UnknownRunError:
        raise UnknownRunError(
            f"there is no run {name!r}: give a run id, {PRETRAINED!r} or a .tflite file"
        ) from None
    if not run.has_model:
        raise InputError(f"run {name} has no model: it is {run.status.value}")
    return store.artefact(name, "model.tflite")


def keras_model(store: Store, name: str) -> bytes:
    """The `.keras` file of a run, or of `pretrained`.

    Raises:
        UnknownRunError: if there is no such run.
        InputError: if the run has no model.
    """
    if name == PRETRAINED:
        return (MODELS / f"{PRETRAINED}.keras").read_bytes()
    return store.artefact(name, "model.keras")
