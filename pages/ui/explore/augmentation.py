"""What each kind of augmentation does to the digits, tried out with sliders."""

import streamlit as st

from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset
from digitlab.domains import Hyperparameter, Real
from digitlab.recognisers import pretrained_card
from pages.ui.frame import guard
from pages.ui.train.augmented import FIELDS, show_augmented


@st.fragment
@guard()
def augmentation(digits: Dataset, part: str) -> None:
    """Training digits under the augmentation beside its fields, whatever part is shown."""
    pictures, fields = st.columns([3, 2], gap="large")
    with fields:
        values = {parameter.name: _slider(parameter) for parameter in FIELDS}
        st.caption(
            "Only training digits are changed, so that a network meets more ways of writing than "
            "the dataset holds. At first the sliders stand as the shipped recogniser was trained; "
            "for a network of your own they are on Train, under Augmentation."
        )
    with pictures:
        show_augmented(TrainingConfig(dataset=digits.name).replace(**values))


def _slider(parameter: Hyperparameter) -> float:
    domain = parameter.domain
    assert isinstance(domain, Real), parameter
    return st.slider(
        parameter.label,
        float(domain.low),
        float(domain.high),
        getattr(pretrained_card().config, parameter.name),
        step=1.0 if domain.high > 10 else 0.01,
        format="%g",
        key=f"explore_{parameter.name}",
        bind="query-params",
        help=parameter.help,
    )
