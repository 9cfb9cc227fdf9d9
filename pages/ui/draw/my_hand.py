"""My handwriting: the page asks for digits, says how well they are read, and keeps them."""

from collections.abc import Callable

import streamlit as st

from digitlab.drawings import drawings_of
from pages.ui.cache import store
from pages.ui.draw.collecting import collect, is_collecting, offer_sitting
from pages.ui.draw.hand_report import show_report
from pages.ui.draw.own_digits import show_own_digits
from pages.ui.draw.teach import show_teach
from pages.ui.frame import guard
from pages.ui.visitor import visitor


@st.fragment
@guard()
def show_my_hand(network: str, paper: Callable[[], object]) -> None:
    """While digits are collected only the paper, otherwise the report and the digits.

    Args:
        network: the one of which most is said: `pretrained` or a run's id.
        paper: draws the canvas and its tools.
    """
    if is_collecting():
        collect(paper)
        return
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
    if len(mine):
        with guard():
            show_own_digits(mine)
        show_teach(mine, runs)
