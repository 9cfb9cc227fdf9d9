"""The Python of a training, to read, to copy and to take away."""

import hashlib
import re
from functools import partial
from pathlib import Path

import streamlit as st

from digitlab.config import TrainingConfig
from digitlab.script import DIGITS_FILE, digits_file, keras_script, requirements
from pages.ui.cache import dataset
from pages.ui.frame import guard
from pages.ui.visitor import known_as

OPEN = "code_open"
LARGEST_DOWNLOAD = 100_000
"""Digits: packing them takes three seconds, and the server holds the file."""


@st.fragment
@guard()
def show_code(config: TrainingConfig) -> None:
    """The script of a training, folded away; nothing is written before it is opened."""
    with st.expander("Show the code", icon=":material/code:", key=OPEN, on_change="rerun") as code:
        if code.open:
            _show_script(config)


def _show_script(config: TrainingConfig) -> None:
    script = _script(config.replace(dataset=known_as(config.dataset)).to_json())
    st.markdown(
        f"Runs anywhere with `pip install {requirements(config)}`, and gives the same accuracy "
        "with the same seed on the same machine."
    )
    with st.container(horizontal=True):
        st.download_button(
            "Download the script",
            script,
            _file_name(config),
            "text/x-python",
            key="code_script",
            icon=":material/download:",
            on_click="ignore",
        )
        if config.dataset != "mnist":
            _offer_digits(config.dataset)
    if config.dataset != "mnist":
        st.caption(
            f"It reads the digits from `{DIGITS_FILE}`, which must lie in the folder it is run in."
        )
    st.code(script, "python", line_numbers=True, height=500)


def _offer_digits(name: str) -> None:
    with guard():
        digits = dataset(name)
        if len(digits) <= LARGEST_DOWNLOAD:
            st.download_button(
                f"Download its {len(digits):,} digits",
                partial(digits_file, digits),
                DIGITS_FILE,
                "application/octet-stream",
                key="code_digits",
                icon=":material/download:",
                on_click="ignore",
            )


@st.cache_data(max_entries=64, show_spinner=False)
def _script(config: str) -> str:
    return keras_script(TrainingConfig.from_json(config))


def _file_name(config: TrainingConfig) -> str:
    """digitlab_mnist_3f2a9c.py: the same config, the same name."""
    digest = hashlib.sha256(config.to_json().encode()).hexdigest()
    name = re.sub(r"\W+", "-", Path(config.dataset).stem)[:40]
    return f"digitlab_{name}_{digest[:6]}.py"
