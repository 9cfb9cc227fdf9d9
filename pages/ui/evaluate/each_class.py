"""Precision, recall and F1 of every class; a row opens the mistakes of its class."""

import pandas as pd
import streamlit as st

from pages.ui.answers import Answers
from pages.ui.evaluate.mistakes import ORDERS, WRONG, Filter, show_digits
from pages.ui.frame import guard

PER_CENT = st.column_config.NumberColumn(format="%.2f %%")
RATIOS = ("precision", "recall", "F1")


@st.fragment
@guard()
def show_classes(answers: Answers) -> None:
    """The table on the left, the mistakes of the ticked class on the right."""
    names = answers.digits.class_names
    kind = answers.digits.class_noun
    left, right = st.columns([5, 6], gap="large")
    with left:
        event = st.dataframe(
            class_table(answers, kind),
            hide_index=True,
            height="content",
            column_config=dict.fromkeys(RATIOS, PER_CENT),
            key="evaluate_classes",
            on_select="rerun",
            selection_mode="single-row",
            alt=f"Precision, recall, F1 and number of {answers.digits.noun}s of every class",
        )
        st.caption(
            f"Precision: of those read as this {kind}, how many are. Recall: of those that are "
            f"this {kind}, how many were read as it. F1: their harmonic mean."
        )
    ticked = event["selection"]["rows"]
    with right:
        if not ticked:
            st.info(f"Tick a row to see the mistakes of its {kind}.", icon=":material/rule:")
            return
        st.markdown(f"**{names[ticked[0]]}, read as something else**")
        show_digits(answers, Filter(WRONG, ticked[0], None, next(iter(ORDERS))))


def class_table(answers: Answers, kind: str) -> pd.DataFrame:
    """One row a class: what it is called, the ratios in per cent, and how many there are."""
    rows = pd.DataFrame(answers.evaluation.to_dictionary()["per_class"])
    rows = rows.rename(columns={"label": kind, "f1": "F1"})
    rows[kind] = [answers.digits.class_names[label] for label in rows[kind]]
    return rows.assign(**{name: 100 * rows[name] for name in RATIOS})
