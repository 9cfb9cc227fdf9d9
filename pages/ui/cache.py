"""What pages share and must not compute twice. Nothing here must survive a cleared cache."""

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset, load_dataset
from digitlab.inference import Recogniser
from digitlab.jobs import get_jobs
from digitlab.recognisers import litert_model
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


@st.cache_resource(max_entries=16, show_spinner=False)
def recogniser(key: str) -> Recogniser:
    """The network of a run, or `pretrained`, shared by all visitors.

    A run's model is written once, when it has ended: its id names its content.

    Raises:
        InputError: if there is no such run, or it has no model.
    """
    return Recogniser(litert_model(store(), key))


@st.cache_data(max_entries=16, show_spinner="Reading the digits …")
def _probabilities(key: str, content_hash: str, rows_hash: int, _images: np.ndarray) -> np.ndarray:
    return recogniser(key).probabilities(_images)


def probabilities(key: str, digits: Dataset, rows: np.ndarray) -> np.ndarray:
    """What a network makes of some digits of a dataset: float32 (len(rows), 10)."""
    return _probabilities(key, digits.content_hash, hash(rows.tobytes()), digits.images[rows])
