"""Two or more networks on the same digits."""

from collections.abc import Sequence

import streamlit as st

from digitlab.comparison import rows_in_words
from digitlab.recognisers import ModelCard, model_card
from pages.ui.cache import dataset, store
from pages.ui.compare.comparison import read_alike, show_configurations, show_curves, show_standings
from pages.ui.compare.network_picker import pick_digits, pick_networks
from pages.ui.compare.pair import show_changes, show_classes
from pages.ui.dataset_picker import title_of
from pages.ui.frame import link_to_first_run, page, without_links


def compare(cards: Sequence[ModelCard], name: str) -> None:
    """How all of them did; then the pair, the curves and the configurations, in tabs."""
    answers = read_alike(cards, name)
    words = rows_in_words(dataset(name), title_of(name), [card.config for card in cards])
    st.caption(without_links(words))
    show_standings(cards, answers)
    pair = pick_pair([card.name for card in cards])
    two_cards, two = [cards[i] for i in pair], [answers[i] for i in pair]
    views = {
        "Fixed and broken": lambda: show_changes(two_cards, two),
        "Each class": lambda: show_classes(two),
        "Learning curves": lambda: show_curves(cards),
        "Configurations": lambda: show_configurations(cards),
    }
    tabs = st.tabs(list(views), key="compare_view", bind="query-params")
    for tab, show in zip(tabs, views.values(), strict=True):
        if tab.open:
            with tab:
                show()


def pick_pair(names: list[str]) -> tuple[int, int]:
    """The places of the two networks that are held against each other."""
    if len(names) == 2:
        return 0, 1
    with st.container(horizontal=True):
        first = st.selectbox("What changes from", names, key="compare_first", bind="query-params")
        others = [name for name in names if name != first]
        second = st.selectbox("to", others, key="compare_second", bind="query-params")
    return names.index(first), names.index(second)


def too_few(chosen: int) -> None:
    """What to do where there are not two networks to compare."""
    if any(run.has_model for run in store().runs()):
        st.info(f"Choose {'two networks' if not chosen else 'a second network'} above.")
        return
    st.info("Only the pretrained recogniser is here yet. It takes a second network to compare.")
    link_to_first_run("Train one in about 30 seconds")


with page("Compare", "Two or more networks on the same digits: what one gets right and one wrong."):
    left, right = st.columns([3, 1], gap="large", vertical_alignment="bottom")
    with left:
        chosen = pick_networks("compare_runs")
    cards = [model_card(store(), name) for name in chosen]
    if len(cards) < 2:
        too_few(len(cards))
    else:
        with right:
            name = pick_digits(cards, "compare_dataset")
        compare(cards, name)
