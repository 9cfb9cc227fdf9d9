"""Which network answers: chosen from a list, and named in the URL."""

from collections.abc import Container

import streamlit as st

from digitlab.datasets import class_names_of, noun_of
from digitlab.evaluation import accuracy_in_words
from digitlab.recognisers import PRETRAINED, pretrained_card
from digitlab.records import TestResult
from pages.ui.cache import store
from pages.ui.dataset_picker import title_of
from pages.ui.frame import has_just_come, without_links


def pick_recogniser(key: str, newest: bool = False) -> str:
    """Shows the list and returns `pretrained` or a run id. An unknown id in the URL is said so.

    Where the URL names none, `pretrained` is chosen; with `newest` the newest run that has been
    tested, if there is one, also for who comes back without having chosen another. The options
    carry no more than their names: what is shown is what stands in the URL.
    """
    card = pretrained_card()
    runs = [run for run in store().runs() if run.has_model]
    networks = {PRETRAINED: _in_words(card.test, card.config.dataset)}
    networks |= {run.id: _in_words(run.test, run.config.dataset) for run in runs}
    tested = [run.id for run in runs if run.test is not None]
    first = PRETRAINED
    if newest:
        first = _offered(key, tested[0] if tested else PRETRAINED, networks)
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


def _offered(key: str, newest: str, networks: Container[str]) -> str:
    """What is offered from the way to the page on: the newest run of that moment, which is chosen
    too where the visitor had left what was offered before."""
    state, kept = st.session_state, f"{key}_offered"
    if has_just_come() or state.get(kept) not in networks:
        if key in state and state[key] == state.get(kept):
            state[key] = newest
        state[kept] = newest
    offered: str = state[kept]
    return offered


def _in_words(test: TestResult | None, dataset: str) -> str:
    title, noun = without_links(title_of(dataset)), noun_of(class_names_of(dataset))
    if test is None:
        return f"trained on {title}, not tested"
    accuracy = accuracy_in_words(test.accuracy, test.accuracy_low, test.accuracy_high)
    return f"{accuracy} on the test {noun}s of {title}"
