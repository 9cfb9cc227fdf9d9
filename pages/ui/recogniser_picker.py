"""Which network answers: chosen from a list, and named in the URL."""

import streamlit as st

from digitlab.evaluation import accuracy_in_words
from digitlab.recognisers import PRETRAINED, pretrained_card
from digitlab.records import TestResult
from pages.ui.cache import store
from pages.ui.dataset_picker import title_of
from pages.ui.frame import without_links


def pick_recogniser(key: str, newest: bool = False) -> str:
    """Shows the list and returns `pretrained` or a run id. An unknown id in the URL is said so.

    Where the URL names none, `pretrained` is chosen; with `newest` the newest run that has been
    tested, if there is one. The options carry no more than their names: what is shown is what
    stands in the URL.
    """
    card = pretrained_card()
    runs = [run for run in store().runs() if run.has_model]
    networks = {PRETRAINED: _in_words(card.test, card.config.dataset)}
    networks |= {run.id: _in_words(run.test, run.config.dataset) for run in runs}
    tested = [run.id for run in runs if run.test is not None]
    first = tested[0] if newest and tested else PRETRAINED
    asked = st.query_params.get(key)
    with st.container(gap="xsmall"):
        if asked is not None and asked not in networks:
            st.warning(
                f"There is no run {without_links(repr(asked))} with a finished model; "
                f"{'the pretrained recogniser' if first == PRETRAINED else first} answers "
                "instead.",
                icon=":material/search_off:",
            )
        names = list(networks)
        name = st.selectbox(
            "Which network reads", names, names.index(first), key=key, bind="query-params"
        )
        st.caption(networks[name])
    return name


def _in_words(test: TestResult | None, dataset: str) -> str:
    dataset = without_links(title_of(dataset))
    if test is None:
        return f"trained on {dataset}, not tested"
    accuracy = accuracy_in_words(test.accuracy, test.accuracy_low, test.accuracy_high)
    return f"{accuracy} on the test digits of {dataset}"
