"""Which networks are compared, on which digits: chosen from lists, and named in the URL."""

from collections.abc import Sequence

import streamlit as st

from digitlab.recognisers import PRETRAINED, ModelCard
from pages.ui.cache import store
from pages.ui.dataset_picker import choose_dataset, is_here, names_here
from pages.ui.frame import without_links

MOST = 6
"""Networks compared at once: more colours and columns than that nobody tells apart."""


def pick_networks(key: str) -> list[str]:
    """Shows the list and returns up to `MOST` names: run ids and `pretrained`.

    The URL holds them with commas between. Unknown ones are said so and left out; where nobody has
    chosen yet, the latest two stand there.
    """
    known = [*(run.id for run in store().runs() if run.has_model), PRETRAINED]
    written = st.session_state.get(f"{key}_written")
    asked = st.query_params.get(key, written)
    if asked != written or key not in st.session_state:  # a link, the way back, the first visit
        names = list(dict.fromkeys(filter(None, (asked or "").split(","))))
        _name_unknown([name for name in names if name not in known])
        found = [name for name in names if name in known][:MOST]
        st.session_state[key] = known[:2] if asked is None else found
    chosen = st.multiselect(
        "Networks",
        known,
        key=key,
        max_selections=MOST,
        placeholder="Choose two or more",
        wrap=True,
        help="Your runs, the latest first, and the recogniser that comes with DigitLab.",
    )
    st.query_params[key] = st.session_state[f"{key}_written"] = ",".join(chosen)
    return chosen


def _name_unknown(names: list[str]) -> None:
    if names:
        st.warning(
            f"There is no network {without_links(', '.join(map(repr, names)))} with a finished "
            f"model; {'it is' if len(names) == 1 else 'they are'} left out.",
            icon=":material/search_off:",
        )


def pick_digits(cards: Sequence[ModelCard], key: str) -> str:
    """Shows the datasets, those that the networks learned from first, and returns the chosen."""
    here = names_here()
    own = [card.config.dataset for card in cards]
    own = [name for name in own if is_here(name)]
    return choose_dataset(
        "On the test digits of",
        list(dict.fromkeys([*own, *here])),
        key,
        help="All read the same digits, and none of them a digit that it was trained on.",
    )
