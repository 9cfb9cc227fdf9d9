"""Twenty digits and the first filters, as the network had them after an epoch."""

import numpy as np
import streamlit as st

from digitlab.config import TrainingConfig
from digitlab.datasets import probe_rows
from digitlab.evaluation import sureness_in_words
from digitlab.plots import filter_picture
from digitlab.records import Run, Snapshot
from pages.ui.cache import dataset, store
from pages.ui.own_epochs import epochs_apart
from pages.ui.train.strip import strip

WIDEST = 164
"""Width of the filters' picture in pixels, at most: it stands in a narrow column."""


def snapshot(run_id: str, epoch: int) -> Snapshot | None:
    """What was kept after a completed epoch of a run's own, counted from 1; None before that."""
    return _snapshot(run_id, epochs_apart(run_id) + epoch) if epoch else None


@st.cache_data(max_entries=512, show_spinner=False)
def _snapshot(run_id: str, epoch: int) -> Snapshot | None:
    """It never changes."""
    return store().snapshot(run_id, epoch)


@st.cache_data(max_entries=16, show_spinner=False)
def probe_digits(config_json: str) -> tuple[np.ndarray, np.ndarray]:
    """The digits that a training is watched with: uint8 (p, 28, 28), uint8 (p,)."""
    config = TrainingConfig.from_json(config_json)
    digits = dataset(config.dataset)
    rows = probe_rows(digits, config)
    return digits.images[rows], digits.labels[rows]


def readings_info(
    labels: np.ndarray, now: np.ndarray, before: np.ndarray | None
) -> tuple[list[str], list[str]]:
    """What stands under each digit, and each digit in words.

    Args:
        labels: int (p,): what the digits are.
        now: float (p, 10): how they are read.
        before: float (p, 10): how they were read an epoch before; None if nobody knows.

    Returns:
        '4', or '9→4' for a reading that has changed; 'a 4: read as 4, 97 % sure, as 9 before'.
    """
    read = now.argmax(axis=1)
    was = read if before is None else before.argmax(axis=1)
    captions = [f"{w}→{r}" if w != r else f"{r}" for w, r in zip(was, read, strict=True)]
    sure = [sureness_in_words(float(row.max())) for row in now]
    words = [
        f"a {label}, read as {r}, {s} sure" + f"; an epoch before as {w}" * bool(w != r)
        for label, r, s, w in zip(labels, read, sure, was, strict=True)
    ]
    return captions, words


def show_readings(run: Run, epoch: int, key: str) -> None:
    """What the network reads after `epoch` of its own; the digits alone before the first (0)."""
    images, labels = probe_digits(run.config.to_json())
    now, before = snapshot(run.id, epoch), snapshot(run.id, epoch - 1)
    if now is None or len(now.probabilities) != len(images):
        said, right = "", None
        captions, words = ["–"] * len(images), [f"a {label}, not read yet" for label in labels]
    else:
        earlier = None if before is None else before.probabilities
        captions, words = readings_info(labels, now.probabilities, earlier)
        right = list(now.probabilities.argmax(axis=1) == labels)
        said = f" after epoch {epoch}: {sum(right)} of {len(right)} right"
    changed = ["→" in caption for caption in captions]
    said += f", {sum(changed)} changed" * any(changed)
    st.markdown(
        f"**What it reads{said}**",
        help="Two digits of each class that the network does not learn from, where there are "
        "validation digits. ✓ read right, ✗ read wrong; 9→4: read as 9 an epoch before, as 4 now.",
    )
    strip(images, captions, words, key, "Digits and how they are read", right, changed)


def show_filters(run: Run, epoch: int) -> None:
    """The first convolution's filters after `epoch` as one picture, if there is a convolution."""
    if not run.config.conv_blocks:
        return
    first, kept = run.config.conv_blocks[0], snapshot(run.id, epoch)
    filters = np.zeros((first.kernel_size, first.kernel_size, first.filters), np.float32)
    if kept is not None and kept.filters.size:
        filters = kept.filters
    st.markdown(
        f"**The first {filters.shape[2]} filters**",
        help="The first layer's; each small square is one weight. A filter answers where ink lies "
        "under its red weights and not under its blue ones.",
    )
    st.image(
        filter_picture(filters, WIDEST),
        output_format="PNG",
        alt=f"The weights of the first layer's filters after epoch {epoch}",
    )
    largest = float(np.abs(filters).max())
    st.caption(f"blue −{largest:.2f} · white 0 · red +{largest:.2f}")
