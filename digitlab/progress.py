"""Progress of long work on standard error: a bar on a terminal, a line per epoch elsewhere."""

import sys
import time

from digitlab.datasets import find_mnist, start_mnist_download
from digitlab.errors import InputError
from digitlab.jobs import Jobs
from digitlab.records import BatchProgress, Epoch

WIDTH = 30


def follow(jobs: Jobs, run_id: str) -> None:
    """Shows a run of this process until it has ended and its model is stored."""
    shown = 0
    epochs = jobs.store.run(run_id).config.epochs
    print(f"{run_id}: {epochs} epochs", file=sys.stderr)
    while True:
        ended = jobs.wait(run_id, timeout=0.3)
        done = jobs.store.epochs(run_id)
        for epoch in done[shown:]:
            _write(_epoch_line(epoch, epochs) + "\n")
        shown = len(done)
        progress = jobs.progress(run_id)
        if ended:
            return
        if progress and sys.stderr.isatty():
            _write(bar(progress[-1], epochs))


def bar(progress: BatchProgress, epochs: int) -> str:
    """One line: how far, the running figures, the time left."""
    share = progress.position / epochs
    left = progress.seconds * (1 - share) / share if share else 0
    full = round(WIDTH * share)
    return (
        f"epoch {progress.epoch}/{epochs} [{'#' * full}{'.' * (WIDTH - full)}] "
        f"accuracy {progress.accuracy:.4f} loss {progress.loss:.4f} {left:.0f} s left"
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
