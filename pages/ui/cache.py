"""What pages share and must not compute twice. Nothing here must survive a cleared cache."""

from pathlib import Path

import numpy as np
import streamlit as st

from digitlab.calibration import fit_temperature
from digitlab.config import TrainingConfig
from digitlab.costs import Digits, count_digits
from digitlab.datasets import NAMED, Dataset, load_dataset
from digitlab.errors import InputError
from digitlab.inference import Recogniser
from digitlab.jobs import get_jobs
from digitlab.recognisers import PRETRAINED, litert_model
from digitlab.records import Run
from digitlab.store import Store
from pages.ui.visitor import check_access


def store() -> Store:
    """The store of this server: the one its jobs write to."""
    return get_jobs().store


def dataset(name: str) -> Dataset:
    """A dataset by name, upload or path, shared by all who may see it, never changed.

    Raises:
        InputError: if it cannot be had, or not by this visitor, or not soon enough for a page.
    """
    check_access(name)
    if name == "handwriting":
        raise InputError(
            "handwriting is put together by code, which takes too long for a page: choose mnist "
            "instead"
        )
    return _dataset(name, _changed_at(name))


def forget_dataset(name: str) -> None:
    """Gives back the memory of a dataset that was removed."""
    _dataset.clear(name, _changed_at(name))


def _changed_at(name: str) -> int:
    """When the file of a path was last written, for the worker reads it anew; else 0."""
    try:
        return 0 if name in NAMED else Path(name).stat().st_mtime_ns
    except (OSError, ValueError):  # an upload, or nothing that there is
        return 0


@st.cache_resource(max_entries=4, show_spinner="Loading the digits …")
def _dataset(name: str, changed_at: int) -> Dataset:
    return load_dataset(name)


def digits_of(config: TrainingConfig) -> Digits:
    """How many digits a config trains on and is validated on.

    Raises:
        InputError: if its dataset cannot be had, or not be split so.
    """
    digits = dataset(config.dataset)
    return _digits_of(config.to_json(), digits.content_hash, digits)


@st.cache_data(max_entries=256, show_spinner=False)
def _digits_of(config_json: str, content_hash: str, _digits: Dataset) -> Digits:
    return count_digits(_digits, TrainingConfig.from_json(config_json))


def recogniser(key: str) -> Recogniser:
    """The network of a run, or `pretrained`, shared by all visitors.

    Raises:
        InputError: if there is no such run, or it has no model.
    """
    return _recogniser(key, _model(key))


def probabilities(key: str, digits: Dataset, rows: np.ndarray) -> np.ndarray:
    """What a network makes of some digits of a dataset: float32 (len(rows), 10).

    Raises:
        InputError: if there is no such run, or it has no model.
    """
    asked = digits.content_hash, hash(rows.tobytes())
    return _probabilities(key, _model(key), *asked, digits, rows)


def hidden(key: str, digits: Dataset, rows: np.ndarray) -> np.ndarray:
    """What the last hidden layer of a network makes of some digits: float32 (len(rows), d).

    Raises:
        InputError: if there is no such run, or it has no model.
    """
    asked = digits.content_hash, hash(rows.tobytes())
    return _hidden(key, _model(key), *asked, digits, rows)


def temperature(key: str, digits: Dataset, rows: np.ndarray) -> float | None:
    """The temperature that fits a network's answers to some digits: see `fit_temperature`.

    Raises:
        InputError: if there is no such run, or it has no model.
    """
    return _temperature(key, _model(key), digits.content_hash, hash(rows.tobytes()), digits, rows)


def _model(key: str) -> str:
    return "" if key == PRETRAINED else learned_by(store().run(key))


def learned_by(run: Run) -> str:
    """Names what a run has learned: one that is resumed writes another model, then its test."""
    return f"{run.attempt} {run.has_model} {run.test}"


@st.cache_resource(max_entries=16, show_spinner=False)
def _recogniser(key: str, model: str) -> Recogniser:
    return Recogniser(litert_model(store(), key))


@st.cache_data(max_entries=16, show_spinner="Reading the digits …")
def _probabilities(
    key: str, model: str, content_hash: str, rows_hash: int, _digits: Dataset, _rows: np.ndarray
) -> np.ndarray:
    return recogniser(key).probabilities(_digits.images[_rows])


@st.cache_data(max_entries=8, show_spinner="Reading the digits …")
def _hidden(
    key: str, model: str, content_hash: str, rows_hash: int, _digits: Dataset, _rows: np.ndarray
) -> np.ndarray:
    network = recogniser(key)
    seen = network.activations_of(network.hidden_layer, _digits.images[_rows])
    return seen.reshape(len(_rows), -1)


@st.cache_data(max_entries=64, show_spinner=False)
def _temperature(
    key: str, model: str, content_hash: str, rows_hash: int, _digits: Dataset, _rows: np.ndarray
) -> float | None:
    return fit_temperature(_digits.labels[_rows], probabilities(key, _digits, _rows))
