"""What this is, what is happening, and the ways on."""

import streamlit as st

from digitlab.datasets import default_dataset
from digitlab.evaluation import accuracy_in_words
from digitlab.jobs import get_jobs
from digitlab.records import Run, Status
from digitlab.teaching import lesson_taught
from pages.ui.cache import dataset, store
from pages.ui.dataset_picker import title_of
from pages.ui.frame import guard, icon_of, page, page_of, without_links
from pages.ui.mnist import offer_mnist
from pages.ui.own_epochs import epochs_apart
from pages.ui.pictures import one_of_each
from pages.ui.train.shown import active_run

WAYS = {
    "draw": ("Draw a digit", "Write one and see it read, with every step in between."),
    "train": ("Train a network", "Choose a recipe, press Start, watch it learn."),
    "explore": ("Explore the digits", "Look at them: one, a hundred, or the average of all."),
    "evaluate": ("Evaluate a network", "What it gets wrong, how sure it was, and why."),
}

BEST = (
    "The run whose 95 % interval begins highest. Copies that were taught somebody's hand are left "
    "out: their test digits are that person's drawings."
)


def ways_on() -> None:
    """A large button to each page."""
    for column, (name, (label, sentence)) in zip(st.columns(4), WAYS.items(), strict=True):
        with column.container(gap="xsmall"):
            pressed = st.button(
                label,
                key=f"home_{name}",
                type="primary" if name == "draw" else "secondary",
                icon=icon_of(name),
                width="stretch",
            )
            if pressed:
                st.switch_page(page_of(name))
            st.caption(sentence)


def fact(label: str, value: str, explanation: str, more: str | None = None) -> None:
    """One figure with its name above and its meaning below; more of it beside the name."""
    with st.container(gap=None):
        st.metric(label, value, help=more)
        st.caption(explanation)


def facts(runs: list[Run]) -> None:
    """The dataset in use, the last run and the best one."""
    digits = dataset(default_dataset())
    data, last, best = st.columns(3, gap="medium")
    with data:
        learn, test = digits.train_count, len(digits) - digits.train_count
        parts = f"{digits.name}: {learn:,} to learn from, {test:,} to test"
        fact("Digits at hand", f"{len(digits):,}", parts)
    with last:
        if not runs:
            fact("Last run", "None yet", "The first one takes about half a minute.")
        else:
            when = f"{runs[0].created_at:%d %B, %H:%M} UTC"
            fact("Last run", runs[0].id, f"{runs[0].status.value} · begun {when}")
    with best:
        tested = [(run.test, run) for run in runs if run.test and not lesson_taught(run)]
        if tested:
            # By the lower end: a handful of test digits that are all right proves little.
            result, run = max(tested, key=lambda entry: entry[0].accuracy_low)
            words = accuracy_in_words(result.accuracy, result.accuracy_low, result.accuracy_high)
            title = without_links(title_of(run.config.dataset))
            measured = f"{run.id} · {result.n:,} test digits · dataset {title}"
            fact("Best test accuracy", words, measured, BEST)


@st.fragment(run_every=1)
@guard()
def running(run_id: str) -> None:
    """How far the run is; starts the page over when it has ended."""
    run = store().run(run_id)
    if not run.status.is_active:
        st.rerun()
    reports = get_jobs().progress(run_id)
    apart = epochs_apart(run_id)
    planned = run.config.epochs - apart
    position = (reports[-1].position if reports else len(store().epochs(run_id))) - apart
    words = "waits for the training process"
    if run.status is Status.RUNNING:
        words = f"is training · epoch {min(int(position) + 1, planned)} of {planned}"
    st.progress(min(position / planned, 1.0), f"{run_id} {words}")
    st.page_link(page_of("train"), label="Watch it learn", icon=":material/monitoring:")


with page(
    "DigitLab",
    "A laboratory for handwritten digits: look at them, train a network to read them, find out "
    "what it gets wrong and why – and draw one for it.",
):
    st.image(
        one_of_each(dataset(default_dataset()), 3),
        output_format="PNG",
        alt="One handwritten digit of each class, 0 to 9",
    )
    offer_mnist()
    ways_on()
    if active := active_run():
        running(active.id)
    facts(store().runs())
