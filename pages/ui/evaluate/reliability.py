"""How far a network's sureness can be trusted, and what it gains by refusing where it is unsure."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from digitlab.calibration import (
    BINS,
    Bin,
    Refusal,
    bin_numbers,
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
from digitlab.plots import AS_IT_IS, CONFIG, reliability_diagram, selective_curve
from digitlab.recognisers import ModelCard
from pages.ui import cache
from pages.ui.answers import Answers, show_answer
from pages.ui.choices import clicked
from pages.ui.dataset_picker import title_of
from pages.ui.frame import guard, without_links
from pages.ui.gallery import gallery, paged

THRESHOLDS = (0, 50, 60, 70, 80, 85, 90, 95, 97, 98, 99, 99.5, 99.9, 99.99)
"""Per cent; close together where most answers of a good network lie."""

BIN, REFUSE, WHOSE = "evaluate_bin", "evaluate_refuse", "evaluate_whose"
REMAIN, REFUSED = "mistakes that remain", "refused"

ASKED = 0.9
"""The sureness that a sentence takes as its example."""


def show_reliability(card: ModelCard, answers: Answers) -> None:
    """Reliability diagram and temperature on the left, refusals on the right."""
    left, right = st.columns(2, gap="large")
    with left:
        _sureness(card, answers)
    with right:
        _refusals(answers)


@st.fragment
@guard()
def _sureness(card: ModelCard, answers: Answers) -> None:
    """The diagram; under it the answers of the bin that was clicked, and what it all means."""
    bins = reliability(answers.labels, answers.probabilities)
    temperature, words = _temperature(card)
    mended = None
    if temperature is not None:
        mended = with_temperature(answers.probabilities, temperature)
    chosen = st.session_state.get(BIN)
    if mended is None and chosen is not None and chosen[0] != AS_IT_IS:
        chosen = None  # a bin of another network's second curve
    key = f"evaluate_reliability_{chosen}"  # a new chart: the same bin can be clicked again
    st.plotly_chart(
        reliability_diagram(
            bins, () if mended is None else reliability(answers.labels, mended), chosen
        ),
        config=CONFIG,
        key=key,
        on_select=lambda: _open_bin(key, chosen),
        selection_mode="points",
        alt="How often the network is right by how sure it is. " + _on_the_whole(answers),
    )
    if chosen is None:
        st.caption("Click a point or a bar to see its answers.")
    else:
        name, number = chosen
        of_curve = answers.probabilities if mended is None or name == AS_IT_IS else mended
        _in_bin(answers, of_curve, number)
    st.markdown(_on_the_whole(answers))
    st.markdown(_for_example(bins))
    st.caption(
        f"Expected calibration error (ECE): how far sureness and accuracy are apart, on average "
        f"over {BINS} bins of equal width (Guo et al., 2017). Lines through the points span 95 %."
    )
    st.markdown(words)
    if mended is not None:
        st.markdown(_before_and_after(answers.evaluation, evaluate(answers.labels, mended)))


def _open_bin(key: str, chosen: tuple[str, int] | None) -> None:
    """Opens the bin that was clicked; clicked again, closes it."""
    point = clicked(key)
    st.session_state[BIN] = None if point is None or tuple(point) == chosen else tuple(point)


def _in_bin(answers: Answers, probabilities: np.ndarray, number: int) -> None:
    """The answers of one bin, mistakes first. `probabilities`: those that the bins are of."""
    found = np.flatnonzero(bin_numbers(probabilities) == number)
    between = f"{100 * number / BINS:.0f}–{100 * (number + 1) / BINS:.0f} % sure"
    if not len(found):
        st.info(f"No answer is {between}.")
        return
    right = answers.labels[found] == answers.read[found]
    found = found[np.argsort(right, kind="stable")]
    st.markdown(f"{len(found):,} answers, {between}, {right.sum():,} of them right; mistakes first")
    _gallery(answers, found, "bin", f"Answers {between}")


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
    title = without_links(title_of(config.dataset))
    which = f"its {len(rows):,} validation {digits.noun}s of {title}"
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
    """A slider, what it does to accuracy, and the mistakes that remain or what is refused."""
    per_cent = st.select_slider(
        "Refuse to answer below so many per cent sure",
        THRESHOLDS,
        90,
        key=REFUSE,
        bind="query-params",
    )
    refusal = refuse(answers.labels, answers.probabilities, per_cent / 100)
    st.markdown(_refusal_in_words(refusal))
    answered, accuracy = selective_accuracy(answers.labels, answers.probabilities)
    key = f"evaluate_selective_{per_cent}"  # a new chart: the same place can be clicked again
    sureness = answers.probabilities.max(axis=1)  # `on_select` is kept: it must not hold the digits
    st.plotly_chart(
        selective_curve(answered, accuracy, refusal),
        config=CONFIG,
        key=key,
        on_select=lambda: _refuse_at(key, sureness),
        selection_mode="points",
        alt="Accuracy among the answered by the share answered. " + _refusal_in_words(refusal),
    )
    whose = st.segmented_control(
        "Show",
        (REMAIN, REFUSED),
        default=REMAIN,
        required=True,
        key=WHOSE,
        bind="query-params",
        help="Click the curve to see what is refused there.",
    )
    if whose == REMAIN:
        wrong = misclassified(answers.labels, answers.probabilities)
        _remaining(answers, wrong[: refusal.wrong])
    else:
        _refused(answers, per_cent / 100)


def _refuse_at(key: str, sureness: np.ndarray) -> None:
    """Moves the slider to where about as many are answered as at the clicked place."""
    share = clicked(key)
    if share is None:
        return
    st.session_state[REFUSE] = min(
        THRESHOLDS, key=lambda threshold: abs(100 * (100 * sureness >= threshold).mean() - share)
    )
    st.session_state[WHOSE] = REFUSED


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
    _gallery(answers, wrong, "remaining", "Mistakes that remain among the answered")


def _refused(answers: Answers, threshold: float) -> None:
    """What gets no answer, the least sure first."""
    sureness = answers.probabilities.max(axis=1)
    found = np.flatnonzero(sureness < threshold)
    if not len(found):
        st.info("Nothing is refused.", icon=":material/check:")
        return
    st.markdown("Refused, the least sure first (is → would be read as, how sure)")
    found = found[np.argsort(sureness[found], kind="stable")]
    _gallery(answers, found, "refused", "What gets no answer")


def _gallery(answers: Answers, positions: np.ndarray, what: str, label: str) -> None:
    """Some answers, and the picked one large below them."""
    shown = paged(positions, f"evaluate_{what}_page", size=20)
    picked = gallery(
        answers.images(shown),
        shown,
        [answers.verdict(i) for i in shown],
        [answers.in_words(i) for i in shown],
        key=f"evaluate_{what}_{answers.digits.name}",
        label=label,
        right=(answers.labels[shown] == answers.read[shown]).tolist(),
    )
    if picked is not None:
        show_answer(answers, picked)
