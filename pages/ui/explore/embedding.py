"""A sample of digits as a map: by their pixels, and by what a network makes of them."""

import numpy as np
import streamlit as st

from digitlab.datasets import Dataset
from digitlab.embedding import Components, plane, principal_components, tsne_study
from pages.ui import cache
from pages.ui.explore.dataset_views import pick_seed, random_rows
from pages.ui.explore.digit_map import Box, box_key, digit_map, places
from pages.ui.explore.many_digits import digit_gallery
from pages.ui.explore.one_digit import is_wide, show_digit
from pages.ui.frame import guard
from pages.ui.gallery import paged
from pages.ui.recogniser_picker import pick_recogniser
from pages.ui.studies import results

PCA, TSNE = "Principal components", "t-SNE"
SIZES = ("500", "1000", "2000")
ONE, LIT = "explore_mapped", "explore_lit"

ABOUT = {
    PCA: "Principal components: the two directions in which they differ most.",
    TSNE: "t-SNE: what is alike lies together; how far apart groups lie says little.",
}


@st.cache_data(max_entries=16, show_spinner="Laying out the digits …")
def _components(name: str, _vectors: np.ndarray) -> Components:
    """Of vectors that `name` names by content."""
    return principal_components(_vectors)


@st.fragment
@guard()
def embedding(digits: Dataset, part: str) -> None:
    """Two maps of the same digits; a box on one of them fills the gallery below."""
    sampling, reading = st.columns([3, 2], gap="large")
    with sampling, st.container(horizontal=True):
        how = st.segmented_control(
            "Laid out by",
            [PCA, TSNE],
            default=PCA,
            required=True,
            key="explore_layout",
            bind="query-params",
        )
        size = st.segmented_control(
            "Digits",
            SIZES,
            default=SIZES[1],
            required=True,
            key="explore_map_size",
            bind="query-params",
        )
    with sampling, st.container(horizontal=True, vertical_alignment="bottom"):
        seed = pick_seed()
    with reading:
        network = pick_recogniser("explore_run")
    rows = random_rows(digits, part, int(size), seed)
    if not len(rows):
        st.info(f"There are no {part} {digits.noun}s.")
        return
    sample = f"{digits.content_hash}_{part}_{size}_{seed}"
    spaces = {
        "By their pixels": _components(sample, digits.images[rows].reshape(len(rows), -1)),
        f"By the last hidden layer of {network}": _hidden(network, sample, digits, rows),
    }
    points = _arranged(spaces, how)
    lit = _lit(digits, rows)
    key = f"explore_map_{sample}_{how}_{network}"
    chosen = digit_map(
        digits.images[rows],
        digits.labels[rows],
        digits.class_names,
        {title: places(where) for title, where in points.items()},
        lit,
        key,
        f"{len(rows):,} {digits.noun}s, each drawn where it lies; alike ones lie together",
    )
    _gallery(digits, rows[chosen], st.session_state.get(box_key(key)), key)


def _lit(digits: Dataset, rows: np.ndarray) -> np.ndarray:
    """Which of the rows are of the chosen classes: bool (k,); all of them if none is chosen."""
    names = digits.class_names
    state = st.session_state
    if not set(state.get(LIT) or ()) <= set(names):  # classes of another dataset
        state[LIT] = []
    chosen = st.pills(
        "Which digits" if digits.noun == "digit" else "Which classes",
        names,
        selection_mode="multi",
        key=LIT,
        wrap=True,
        bind="query-params",
    )
    return np.isin(digits.labels[rows], [names.index(name) for name in chosen or names])


def _hidden(network: str, sample: str, digits: Dataset, rows: np.ndarray) -> Components:
    vectors = cache.hidden(network, digits, rows)
    return _components(f"{sample}_{network}_{hash(vectors.tobytes())}", vectors)


def _arranged(spaces: dict[str, Components], how: str) -> dict[str, np.ndarray]:
    """Title → points, float (n, 2). While t-SNE is not done, the principal components."""
    if how == TSNE:
        studies = [tsne_study(components.points) for components in spaces.values()]
        offer = "Compute t-SNE (about half a minute)"
        found = results(studies, plane, offer, "explore_tsne")
        if found is not None:
            st.caption(ABOUT[TSNE])
            return dict(zip(spaces, found, strict=True))
        st.caption(f"Until then: {ABOUT[PCA][0].lower()}{ABOUT[PCA][1:]}")
    else:
        st.caption(ABOUT[PCA])
    return {
        f"{title} ({100 * space.shares[:2].sum():.0f} % of the differences)": space.points[:, :2]
        for title, space in spaces.items()
    }


def _gallery(digits: Dataset, rows: np.ndarray, box: Box | None, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if box is None:
            st.markdown(f"Draw a box round some {digits.noun}s on a map to see them here.")
        else:
            found = f"{len(rows):,} {digits.noun}s in the box."
            st.markdown(found if len(rows) else "The box is empty.")
            st.button("Show all", key="explore_unbox", on_click=_unbox, args=(key,))
    if not len(rows):
        return
    rows = np.sort(rows)
    detail, many = st.columns([7, 5] if is_wide(ONE) else [5, 6], gap="large")
    with many:
        shown = paged(rows, "explore_map_page", size=30)
        picked = digit_gallery(
            digits, shown, f"explore_boxed_{digits.content_hash[:12]}", "Those of the map"
        )
    with detail:
        show_digit(digits, int(shown[0]) if picked is None else picked, ONE)


def _unbox(key: str) -> None:
    st.session_state[box_key(key)] = None
