"""What a network gets wrong, how sure it was, and how it learned."""

from collections.abc import Sequence

import streamlit as st

from digitlab.advice import Hint
from digitlab.evaluation import Evaluation
from digitlab.forks import counted_from
from digitlab.plots import CONFIG, learning_curve, two_axis_curves
from digitlab.presets import author_in_words, author_of, is_unchanged
from digitlab.recognisers import PRETRAINED, ModelCard, model_card
from digitlab.records import Epoch
from pages.ui.answers import Answers, pick_dataset, read_digits
from pages.ui.cache import store
from pages.ui.dataset_picker import title_of
from pages.ui.evaluate.doubtful import show_doubtful
from pages.ui.evaluate.each_class import show_classes
from pages.ui.evaluate.mistakes import show_grid, show_mistakes
from pages.ui.evaluate.reliability import show_reliability
from pages.ui.evaluate.robustness import show_robustness
from pages.ui.evaluate.take_along import show_take_along
from pages.ui.frame import link_to_first_run, page, without_links
from pages.ui.own_epochs import epochs_apart
from pages.ui.recogniser_picker import pick_recogniser
from pages.ui.train.hints import findings, hints_of, in_words


def terms(evaluation: Evaluation) -> str:
    """What the numbers of the headline mean."""
    return (
        "**Accuracy**: the share read rightly; in brackets what spans 95 % (Wilson, 1927).\n\n"
        f"**Error rate**: the share read wrongly, {100 * (1 - evaluation.accuracy):.2f} %.\n\n"
        "**Top-2**: the share whose true class is the first or the second guess.\n\n"
        "**Loss**: cross-entropy in nats, minus the logarithm of the probability given to the "
        "true class, on average. 0 is perfect.\n\n"
        "**ECE**: expected calibration error, the gap between how sure it is and how often it is "
        "right, on average. 0 is perfect. See Reliability."
    )


def headline(card: ModelCard, answers: Answers) -> None:
    """The numbers in words, what they are of, and the author's beside them."""
    st.subheader(answers.evaluation.in_words, anchor=False, help=terms(answers.evaluation))
    title, noun = without_links(title_of(answers.digits.name)), answers.digits.noun
    words = f"{card.name} on the {len(answers.rows):,} test {noun}s of {title}."
    author = author_of(card.config, card.preset)
    if author and author.test_accuracy and answers.digits.name == card.config.dataset:
        words += f" The author of {card.preset} reports {100 * author.test_accuracy:.2f} %"
        words += f", loss {author.test_loss:.3f}" if author.test_loss else ""
        unchanged = is_unchanged(card.config, card.preset)
        words += "." if unchanged else "; this run changed that preset."
    st.caption(words)


def curves(card: ModelCard) -> None:
    """Loss and accuracy side by side, then on one chart with two axes."""
    epochs = counted_from(card.epochs, epochs_apart(card.name))
    if not epochs:
        st.info("No epochs are recorded for this network.")
        return
    for hint in meaning(card, epochs):
        st.markdown(in_words(hint))
    author = author_of(card.config, card.preset)
    published = author.curves() if author else None
    for column, metric in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        figure = learning_curve(metric, epochs, author=published)
        column.plotly_chart(
            figure, config=CONFIG, key=f"evaluate_{metric}", alt=f"{metric} by epoch"
        )
    figure = two_axis_curves(epochs, published)
    st.plotly_chart(figure, config=CONFIG, key="evaluate_axes", alt="Training loss and accuracy")
    if words := author_in_words(card.config, card.preset):
        st.caption(words)


def meaning(card: ModelCard, epochs: Sequence[Epoch]) -> tuple[Hint, ...]:
    """What the curves mean, of a network that is no run too."""
    if card.name == PRETRAINED:
        return hints_of(card.config, epochs)
    return findings(store().run(card.name), epochs)


with page("Evaluate", "What a network gets wrong, how sure it was, and how it learned."):
    left, right = st.columns(2, gap="large")
    with left:
        card = model_card(store(), pick_recogniser("evaluate_run", newest=True))
    with right:
        answers = read_digits(card, pick_dataset(card, "evaluate_dataset"))
    if not any(run.has_model for run in store().runs()):
        link_to_first_run("No runs of yours yet. Train one in about 30 seconds")
    headline(card, answers)
    VIEWS = {
        "Mistakes": lambda: show_mistakes(answers),
        "25 digits": lambda: show_grid(answers),
        "Reliability": lambda: show_reliability(card, answers),
        "Doubtful labels": lambda: show_doubtful(answers),
        "Learning curves": lambda: curves(card),
        "Each class": lambda: show_classes(answers),
        "Robustness": lambda: show_robustness(answers),
        "Take it along": lambda: show_take_along(card, answers),
    }
    for tab, show in zip(
        st.tabs(list(VIEWS), key="evaluate_view", bind="query-params"), VIEWS.values(), strict=True
    ):
        if tab.open:
            with tab:
                show()
