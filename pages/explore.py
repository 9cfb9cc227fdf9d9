"""Look at the digits: many, one, their classes, their pixels, their table."""

import streamlit as st

from digitlab.datasets import CLASS_NAMES
from pages.ui.cache import dataset
from pages.ui.dataset_picker import add_your_own, choose_dataset, names_here
from pages.ui.explore.augmentation import augmentation
from pages.ui.explore.browse import browse
from pages.ui.explore.class_views import classes
from pages.ui.explore.dataset_views import sample, table
from pages.ui.explore.detective import detective
from pages.ui.explore.embedding import embedding
from pages.ui.explore.filters import PART, PARTS
from pages.ui.explore.pixel_views import pixels
from pages.ui.explore.unusual import unusual
from pages.ui.frame import page
from pages.ui.mnist import offer_mnist

ABOUT = {
    "mnist": "written by staff of the US Census Bureau and by high-school students",
    "digits": "written by 13 people, bundled with scikit-learn; 8×8 pixels brought to 28×28",
    "fashion_mnist": "of clothes of ten kinds, from the shop Zalando",
}
VIEWS = {
    "Browse": browse,
    "Random sample": sample,
    "Classes": classes,
    "Pixel values": pixels,
    "Augmentation": augmentation,
    "Table": table,
    "Map": embedding,
    "Unusual": unusual,
    "Label detective": detective,
}

with page("Explore", "Look at the digits: many at once, or one pixel by pixel."):
    offer_mnist()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = choose_dataset("Dataset", names_here(), "explore_dataset", width=320)
        add_your_own("explore")
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
        f"{len(digits):,} {digits.nouns(len(digits))} {ABOUT.get(name, 'of yours')}: "
        f"{digits.train_count:,} training, {tests:,} test."
    )
    if digits.class_names != CLASS_NAMES:
        names = (f"{number} {name}" for number, name in enumerate(digits.class_names))
        st.caption(f"Its classes: {' · '.join(names)}.")
    tabs = st.tabs(list(VIEWS), key="explore_view", bind="query-params")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab:
                show(digits, shown_part)
