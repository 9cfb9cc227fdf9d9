"""A run beside the figures that the author of its preset published."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from digitlab.presets import AuthorFigures, author_of, is_unchanged
from digitlab.records import Epoch, Run

NAMES = {
    "accuracy": "accuracy",
    "val_accuracy": "validation accuracy",
    "loss": "loss",
    "val_loss": "validation loss",
}
THEIRS = ", the author's"


def author_table(epochs: Sequence[Epoch], author: AuthorFigures) -> dict[str, list[float | None]]:
    """Columns, ours and theirs side by side, for the figures that the author prints by epoch.

    Accuracies in per cent; None where one of the two has no such epoch.
    """
    curves = author.curves()
    count = max([len(epochs), *map(len, curves.values())])
    columns: dict[str, list[float | None]] = {"epoch": [float(n) for n in range(1, count + 1)]}
    for name, theirs in curves.items():
        scale = 100 if "accuracy" in name else 1
        ours = [getattr(epoch, name) for epoch in epochs]
        for whose, values in (("", ours), (THEIRS, theirs)):
            known = [None if value is None else scale * value for value in values]
            columns[NAMES[name] + whose] = known + [None] * (count - len(known))
    return columns


def show_author(run: Run, epochs: Sequence[Epoch]) -> None:
    """The test accuracy beside theirs, and a table where the author prints every epoch."""
    author = author_of(run.config, run.preset)
    if author is None or not (author.curves() or author.test_accuracy):
        return
    with st.expander("Beside the author's figures", icon=":material/compare_arrows:"):
        if author.test_accuracy is not None and run.test is not None:
            st.markdown(
                f"Test accuracy **{100 * run.test.accuracy:.2f} %**, "
                f"the author's {100 * author.test_accuracy:.2f} %."
            )
        if author.curves():
            columns = author_table(epochs, author)
            st.dataframe(
                columns,
                hide_index=True,
                column_config={name: _column(name) for name in columns},
                alt="Our figures of every epoch and the author's",
            )
        if not is_unchanged(run.config, run.preset):
            st.caption(f"The author's figures are those of the unchanged preset, {run.preset}.")
        if author.note:
            st.caption(author.note)


def _column(name: str) -> Any:
    if name == "epoch":
        return st.column_config.NumberColumn(format="%d")
    number_format = "%.2f %%" if "accuracy" in name else "%.4f"
    label = "theirs" if name.endswith(THEIRS) else None
    return st.column_config.NumberColumn(label, format=number_format, help=name)
