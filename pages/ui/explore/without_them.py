"""A training without the digits whose labels were judged wrong, beside the same with them."""

from collections.abc import Sequence

import streamlit as st

from digitlab.config import TrainingConfig
from digitlab.datasets import Dataset
from digitlab.evaluation import accuracy_in_words
from digitlab.presets import PRESETS
from digitlab.records import Run
from digitlab.rows import text_of_rows
from digitlab.verdicts import Judgement, Verdict
from pages.ui.cache import store
from pages.ui.frame import page_of
from pages.ui.train.forms import open_filled

FEW_DIGITS = 10_000
"""A dataset with fewer is trained on as `first-steps` does, any other as `fast` does."""


def show_training(digits: Dataset, judged: Sequence[Judgement]) -> None:
    """The two trainings: buttons that lead to them, and what came of them.

    Only digits of the training part can be left out: the test part judges both alike.
    """
    preset = "first-steps" if digits.train_count < FEW_DIGITS else "fast"
    with_them = PRESETS[preset].config.replace(dataset=digits.name)
    against = [
        judgement.row
        for judgement in judged
        if judgement.verdict is not Verdict.RIGHT and judgement.row < digits.train_count
    ]
    without = with_them.replace(left_out=text_of_rows(against))
    count = f"{len(against):,} training {digits.noun}{'' if len(against) == 1 else 's'}"
    st.markdown(
        f"**Does it matter?** Train the same network with and without the {count} that you found "
        "wrong or that nobody can tell."
        if against
        else f"**Does it matter?** Find a training {digits.noun} whose label is wrong, and train "
        "without it."
    )
    with st.container(horizontal=True):
        _lead_to("Train with them", "with", with_them, preset, disabled=False)
        _lead_to("Train without them", "without", without, preset, disabled=not against)
    if against:
        _before_and_after(_latest(with_them), _latest(without))


def _lead_to(label: str, key: str, config: TrainingConfig, preset: str, disabled: bool) -> None:
    if st.button(
        label,
        icon=":material/model_training:",
        key=f"detective_{key}",
        disabled=disabled,
        help=f"Opens the Train page with the preset {preset} filled in.",
    ):
        open_filled(config, preset)


def _latest(config: TrainingConfig) -> Run | None:
    """The last run of exactly this config that was tested."""
    tested = (run for run in store().runs() if run.test is not None and run.config == config)
    return next(tested, None)


def _before_and_after(before: Run | None, after: Run | None) -> None:
    for run, which in ((before, "With them"), (after, "Without them")):
        if run is not None and run.test is not None:
            test = run.test
            wrong = round(test.n * (1 - test.accuracy))
            accuracy = accuracy_in_words(test.accuracy, test.accuracy_low, test.accuracy_high)
            st.markdown(f"{which}: {accuracy} · {wrong:,} of {test.n:,} wrong · {run.id}")
    if before is None or after is None:
        return
    st.page_link(
        page_of("compare"),
        label="Compare the two, digit by digit",
        icon=":material/compare_arrows:",
        query_params={"compare_runs": f"{before.id},{after.id}"},
    )
