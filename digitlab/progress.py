"""Progress of long work on standard error: a bar on a terminal, a line per epoch elsewhere."""

import sys
import time

from digitlab.datasets import find_mnist, start_mnist_download
from digitlab.errors import InputError
from digitlab.jobs import Jobs
from digitlab.pace import Pace, pace
from digitlab.records import BatchProgress, Epoch

WIDTH = 30


def follow(jobs: Jobs, run_id: str) -> None:
    """Shows a run of this process until it has ended and its model is stored."""
    config = jobs.store.run(run_id).config
    epochs, shown = config.epochs, 0
    print(f"{run_id}: {epochs} epochs", file=sys.stderr)
    while True:
        ended = jobs.wait(run_id, timeout=0.3)
        done = jobs.store.epochs(run_id)
        for epoch in done[shown:]:
            _write(_epoch_line(epoch, epochs) + "\n")
        shown = len(done)
        if ended:
            return
        batches = jobs.progress(run_id)
        if batches and sys.stderr.isatty():
            _write(bar(batches[-1], pace(config, batches, done), epochs))


def bar(latest: BatchProgress, now: Pace | None, epochs: int) -> str:
    """One line: how far, the running figures, the time left if there is a pace yet."""
    full = round(WIDTH * latest.position / epochs)
    left = f" {now.left_in_words(epochs)}" if now else ""
    return (
        f"epoch {latest.epoch}/{epochs} [{'#' * full}{'.' * (WIDTH - full)}] "
        f"accuracy {latest.accuracy:.4f} loss {latest.loss:.4f}{left}"
    )


def wait_for_mnist() -> None:
    """Downloads MNIST if it is not here yet, showing how far it is.

    Raises:
        InputError: if it cannot be downloaded.
    """
    if find_mnist():
        return
    download = start_mnist_download()
    _write("downloading MNIST\n")
    while not download.done:
        if sys.stderr.isatty():
            _write(f"{download.fraction:.0%}")
        time.sleep(0.2)
    if download.error:
        raise InputError(download.error)


def _epoch_line(epoch: Epoch, epochs: int) -> str:
    line = f"epoch {epoch.epoch}/{epochs}: accuracy {epoch.accuracy:.4f} loss {epoch.loss:.4f}"
    if epoch.val_accuracy is not None:
        line += f" val_accuracy {epoch.val_accuracy:.4f} val_loss {epoch.val_loss:.4f}"
    return f"{line} ({epoch.seconds:.1f} s)"


def _write(text: str) -> None:
    start = "\r\033[K" if sys.stderr.isatty() else ""
    print(f"{start}{text}", end="", file=sys.stderr, flush=True)
