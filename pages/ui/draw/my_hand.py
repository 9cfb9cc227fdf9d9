"""My handwriting: the page asks for digits, says how well they are read, and keeps them."""

from collections.abc import Callable

import streamlit as st

from digitlab.drawings import drawings_of
from pages.ui.cache import store
from pages.ui.draw.collecting import collect, offer_sitting
from pages.ui.draw.hand_report import show_report
from pages.ui.draw.own_digits import offer_removed, show_own_digits
from pages.ui.draw.sitting import keep_sitting_in_tab, sitting_now
from pages.ui.draw.teach import show_teach
from pages.ui.frame import guard
from pages.ui.visitor import visitor


@st.fragment
@guard()
def show_my_hand(network: str | None, paper: Callable[[], object]) -> None:
    """While digits are collected only the paper, otherwise the report and the digits.

    Args:
        network: the one of which most is said: `pretrained` or a run's id; None during a sitting.
        paper: draws the canvas and its tools.
    """
    with st.container(gap=None):
        is_asking = keep_sitting_in_tab()
        body = st.container()
    sitting = sitting_now()
    if (network is None) != (sitting is not None):
        st.rerun()  # the list of networks lies outside this fragment: it comes or goes
    with body:
        if is_asking:
            st.caption("Looking for the digits that you were writing …")
        elif sitting is not None:
            collect(sitting, paper)
        elif network is not None:
            _show_hand(network)


def _show_hand(network: str) -> None:
    """The report, the digits, and what can be done with them."""
    mine, runs = drawings_of(visitor()), store().runs()
    if not mine.prompted.any():
        st.header("How well is your hand read?", anchor=False)
        st.caption(
            "The page asks for digits, one after another, and shows no answers meanwhile. Then "
            "every network reads them, and you see its accuracy on your hand beside that of its "
            "test."
        )
        offer_sitting(mine)
    else:
        with guard():
            show_report(mine, runs, network)
        offer_sitting(mine)
    if not len(mine):
        offer_removed()
        return
    with guard():
        show_own_digits(mine)
    show_teach(mine, runs)
