"""Look at the digits: many, one, their classes, their pixels, their table."""

import streamlit as st

from digitlab.datasets import available
from pages.ui.browse import PART, PARTS, browse
from pages.ui.cache import dataset
from pages.ui.dataset_views import classes, pixels, sample, table
from pages.ui.frame import page
from pages.ui.mnist import offer_mnist

ABOUT = {
    "mnist": "written by staff of the US Census Bureau and by high-school students",
    "digits": "written by 13 people, bundled with scikit-learn; 8×8 pixels brought to 28×28",
}
VIEWS = {
    "Browse": browse,
    "Random sample": sample,
    "Classes": classes,
    "Pixel values": pixels,
    "Table": table,
}

with page("Explore", "Look at the digits: many at once, or one pixel by pixel."):
    offer_mnist()
    with st.container(horizontal=True):
        name = st.selectbox(
            "Dataset", available(), key="explore_dataset", bind="query-params", width=160
        )
        shown_part = st.segmented_control(
            "Part",
            PARTS,
            default="training",
            required=True,
            key=PART,
            bind="query-params",
            help="Networks learn from the training digits and are judged on the test digits.",
        )
    digits = dataset(name)
    tests = len(digits) - digits.train_count
    st.caption(
        f"{len(digits):,} digits {ABOUT[name]}: {digits.train_count:,} training, {tests:,} test."
    )
    tabs = st.tabs(list(VIEWS), key="explore_view", bind="query-params")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab:
                show(digits, shown_part)
