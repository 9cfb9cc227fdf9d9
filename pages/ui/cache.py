"""What pages share and must not compute twice. Nothing here must survive a cleared cache."""

import numpy as np
import streamlit as st

from digitlab.config import TrainingConfig
from digitlab.costs import Digits, count_digits
from digitlab.datasets import Dataset, load_dataset
from digitlab.inference import Recogniser
from digitlab.jobs import get_jobs
from digitlab.recognisers import PRETRAINED, litert_model
from digitlab.store import Store


def store() -> Store:
    """The store of this server: the one its jobs write to."""
    return get_jobs().store


@st.cache_resource(max_entries=4, show_spinner="Loading the digits …")
def dataset(name: str) -> Dataset:
    """A dataset by name or path, shared by all visitors, never changed.

    Raises:
        InputError: if it cannot be had.
    """
    return load_dataset(name)


@st.cache_data(max_entries=256, show_spinner=False)
def digits_of(config_json: str) -> Digits:
    """How many digits a config trains on and is validated on.

    Raises:
        InputError: if its dataset cannot be had, or not be split so.
    """
    config = TrainingConfig.from_json(config_json)
    return count_digits(dataset(config.dataset), config)


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
    return _probabilities(key, _model(key), *asked, digits.images[rows])


def _model(key: str) -> str:
    """Names what `key` has learned: a run that is resumed writes another model, then its test."""
    if key == PRETRAINED:
        return ""
    run = store().run(key)
    return f"{run.attempt} {run.has_model} {run.test}"


@st.cache_resource(max_entries=16, show_spinner=False)
def _recogniser(key: str, model: str) -> Recogniser:
    return Recogniser(litert_model(store(), key))


@st.cache_data(max_entries=16, show_spinner="Reading the digits …")
def _probabilities(
    key: str, model: str, content_hash: str, rows_hash: int, _images: np.ndarray
) -> np.ndarray:
    return recogniser(key).probabilities(_images)
