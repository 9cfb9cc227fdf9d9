"""How far a network's sureness can be trusted, and what it gains by refusing where it is unsure."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from digitlab.calibration import (
    BINS,
    Bin,
    Refusal,
    pooled,
    refuse,
    reliability,
    selective_accuracy,
    with_temperature,
)
from digitlab.datasets import split_dataset
from digitlab.errors import InputError
from digitlab.evaluation import (
    Evaluation,
    accuracy_in_words,
    evaluate,
    misclassified,
    wilson_interval,
)
from digitlab.plots import CONFIG, reliability_diagram, selective_curve
from digitlab.recognisers import ModelCard
from pages.ui import cache
from pages.ui.answers import Answers, show_answer
from pages.ui.dataset_picker import title_of
from pages.ui.frame import guard, without_links
from pages.ui.gallery import gallery, paged

THRESHOLDS = (0, 50, 60, 70, 80, 85, 90, 95, 97, 98, 99, 99.5, 99.9, 99.99)
"""Per cent; close together where most answers of a good network lie."""

ASKED = 0.9
"""The sureness that a sentence takes as its example."""


def show_reliability(card: ModelCard, answers: Answers) -> None:
    """Reliability diagram and temperature on the left, refusals on the right."""
    left, right = st.columns(2, gap="large")
    with left:
        _sureness(card, answers)
    with right:
        _refusals(answers)


def _sureness(card: ModelCard, answers: Answers) -> None:
    bins = reliability(answers.labels, answers.probabilities)
    temperature, words = _temperature(card)
    mended = None
    if temperature is not None:
        mended = with_temperature(answers.probabilities, temperature)
    st.plotly_chart(
        reliability_diagram(bins, () if mended is None else reliability(answers.labels, mended)),
        config=CONFIG,
        key="evaluate_reliability",
        alt="How often the network is right by how sure it is. " + _on_the_whole(answers),
    )
    st.markdown(_on_the_whole(answers))
    st.markdown(_for_example(bins))
    st.caption(
        f"Expected calibration error (ECE): how far sureness and accuracy are apart, on average "
        f"over {BINS} bins of equal width (Guo et al., 2017). Lines through the points span 95 %."
    )
    st.markdown(words)
    if mended is not None:
        st.markdown(_before_and_after(answers.evaluation, evaluate(answers.labels, mended)))


def _on_the_whole(answers: Answers) -> str:
    """Whether it is too sure, by the interval of its accuracy."""
    evaluation = answers.evaluation
    sureness = float(answers.probabilities.max(axis=1).mean())
    if sureness > evaluation.accuracy_high:
        verdict = "it is too sure"
    elif sureness < evaluation.accuracy_low:
        verdict = "it could be surer"
    else:
        verdict = "on the whole, it is as right as it is sure"
    low, high = evaluation.accuracy_low, evaluation.accuracy_high
    return (
        f"It is {100 * sureness:.2f} % sure on average, and right in "
        f"{accuracy_in_words(evaluation.accuracy, low, high)}: {verdict}."
    )


def _for_example(bins: Sequence[Bin]) -> str:
    """What a stated sureness is worth: in one bin, and in all but the surest one."""
    words = [
        f"When it says about {100 * ASKED:.0f} %, it is right {100 * b.accuracy:.0f} % of the time "
        f"({b.hits:,} of {b.n:,})."
        for b in bins
        if b.low < ASKED <= b.high
    ]
    if below := bins[:-1]:
        rest = pooled(below)
        words.append(
            f"Up to {100 * rest.high:.0f} % sure: {rest.n:,} answer{'s' if rest.n > 1 else ''}, "
            f"{100 * rest.sureness:.0f} % sure on average, {100 * rest.accuracy:.0f} % right."
        )
    return " ".join(words)


def _temperature(card: ModelCard) -> tuple[float | None, str]:
    """The temperature fitted on the validation digits of the network's own training, in words.

    The test digits choose nothing: without validation digits there is no temperature.
    """
    config = card.config
    if config.validation in ("none", "test"):
        used = "no digits" if config.validation == "none" else "the test digits"
        return None, (
            f"No temperature can be fitted: this network was validated on {used}, and the test "
            "digits must not choose anything."
        )
    if config.dataset == "handwriting":
        return None, (
            "No temperature is fitted here: its validation digits take a minute to put together."
        )
    try:
        digits = cache.dataset(config.dataset)
        rows = split_dataset(digits, config).validation
        temperature = cache.temperature(card.name, digits, rows)
    except InputError as error:
        reason = without_links(str(error))
        return None, f"No temperature can be fitted without its validation digits: {reason}."
    which = f"its {len(rows):,} validation digits of {without_links(title_of(config.dataset))}"
    if temperature is None:
        return None, (
            f"No temperature can be fitted: it reads all of {which} rightly, so they cannot say "
            "how unsure it should be."
        )
    meaning = "it was too sure" if temperature > 1 else "it could be surer"
    return temperature, (
        f"**Temperature {temperature:.2f}**, fitted on {which}: {meaning}. Its logits are divided "
        "by this number before the softmax."
    )


def _before_and_after(before: Evaluation, after: Evaluation) -> str:
    verdict = "What the network reads stays the same."
    if after.loss > before.loss:
        verdict = "The loss grows: the validation digits were too few, or easier. " + verdict
    return (
        f"On these test digits it changes ECE {100 * before.calibration_error:.2f} % → "
        f"{100 * after.calibration_error:.2f} % and loss {before.loss:.4f} → {after.loss:.4f}. "
        f"{verdict}"
    )


@st.fragment
@guard()
def _refusals(answers: Answers) -> None:
    """A slider, what it does to accuracy, and the mistakes that remain."""
    per_cent = st.select_slider(
        "Refuse to answer below so many per cent sure",
        THRESHOLDS,
        90,
        key="evaluate_refuse",
        bind="query-params",
    )
    refusal = refuse(answers.labels, answers.probabilities, per_cent / 100)
    st.markdown(_refusal_in_words(refusal))
    answered, accuracy = selective_accuracy(answers.labels, answers.probabilities)
    st.plotly_chart(
        selective_curve(answered, accuracy, refusal),
        config=CONFIG,
        key="evaluate_selective",
        alt="Accuracy among the answered by the share answered. " + _refusal_in_words(refusal),
    )
    wrong = misclassified(answers.labels, answers.probabilities)
    _remaining(answers, wrong[: refusal.wrong])


def _refusal_in_words(refusal: Refusal) -> str:
    if not refusal.answered:
        return f"It answers none of {refusal.n:,}."
    hits = refusal.answered - refusal.wrong
    low, high = wilson_interval(hits, refusal.answered)
    words = (
        f"It answers **{refusal.answered:,} of {refusal.n:,}** "
        f"({100 * refusal.answered / refusal.n:.1f} %) and gets {refusal.wrong:,} wrong: "
        f"**{accuracy_in_words(hits / refusal.answered, low, high)}**."
    )
    if refusal.refused:
        words += f" Of the {refusal.refused:,} refused it would have got "
        words += f"{refusal.wrong_refused:,} wrong."
    return words


def _remaining(answers: Answers, wrong: np.ndarray) -> None:
    """The mistakes that no refusal catches, the surest first."""
    if not len(wrong):
        st.info("No mistake remains among the answered.", icon=":material/check:")
        return
    st.markdown("Mistakes that remain, the surest first (is → read as, how sure)")
    shown = paged(wrong, "evaluate_remaining_page", size=20)
    picked = gallery(
        answers.images(shown),
        shown,
        [answers.verdict(i) for i in shown],
        [answers.in_words(i) for i in shown],
        key=f"evaluate_remaining_{answers.digits.name}",
        label="Mistakes that remain among the answered",
    )
    if picked is not None:
        show_answer(answers, picked, "evaluate_remaining_bars")
