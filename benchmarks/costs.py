"""What DigitLab says a training will cost, beside what it does cost.

    DIGITLAB_DATA_DIR=… python -m benchmarks.costs [--quick]

Each network is measured in a process of its own, as on the Train page, and then trained for two
epochs with `training.train`'s own parts, on every digit; the second epoch is timed from the end
of the first one, stored model and checkpoint included. `--quick` takes 6,000 digits and one
network. Needs MNIST and an idle machine. A process of its own is smaller than a worker, which
also holds Dask and exports the model: about 60–100 MB.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.costs import estimate
from digitlab.presets import PRESETS

CONFIGS = {
    "ndlovu-mlp: a small MLP, batches of 64": PRESETS["ndlovu-mlp"].config,
    "tutorialspoint: a CNN, batches of 128": PRESETS["tutorialspoint"].config,
    "kazmi: augmented, batches of 32": PRESETS["kazmi"].config,
    "bent and thickened, batches of 128": PRESETS["tutorialspoint"].config.replace(
        elastic=1.0, rotation=10, stroke_thickness=0.5
    ),
    "a large MLP, batches of 128": TrainingConfig(
        conv_blocks=(), dense_layers=(DenseLayer(2048), DenseLayer(2048))
    ),
    "a large CNN, batches of 128": TrainingConfig(
        conv_blocks=(ConvBlock(64, padding="same"), ConvBlock(128, padding="same"))
    ),
    "first-steps: 1,437 digits, batches of 32": PRESETS["first-steps"].config,
}
QUICK_SIZE = 6000


def main(*arguments: str) -> None:
    """Prints one Markdown table, a row for each network."""
    if arguments[:1] == ("--one",):
        print(row(arguments[1], quick="--quick" in arguments))
        return
    print(
        "| network | guessed, s | measured, s | a real epoch, s | off by "
        "| measuring took, s | memory estimated, MB | peak, MB | off by |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    for name in list(CONFIGS)[1:2] if "--quick" in arguments else CONFIGS:
        command = [sys.executable, "-m", "benchmarks.costs", "--one", name, *arguments]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        print(done.stdout, end="", flush=True)


def row(name: str, quick: bool) -> str:
    """Measures and trains one network in this process."""
    from digitlab.costs import count_digits
    from digitlab.datasets import load_dataset
    from digitlab.measuring import measure
    from digitlab.training import Training

    config = CONFIGS[name].replace(epochs=2)
    if quick:
        config = config.replace(training_size=QUICK_SIZE)
    dataset = load_dataset(config.dataset)
    digits = count_digits(dataset, config)
    began = time.perf_counter()
    speed = measure(config, dataset)
    took = time.perf_counter() - began
    guessed, cost = estimate(config, digits), estimate(config, digits, [speed])
    with tempfile.TemporaryDirectory() as folder:
        clock = _Clock(Path(folder))
        Training(config, dataset, clock).fit()
    real = clock.ends[1] - clock.ends[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    expected = cost.seconds_per_epoch
    return (
        f"| {name} | {guessed.duration(guessed.seconds_per_epoch).removesuffix(' s')} "
        f"| {expected:.1f} | {real:.1f} | {expected / real - 1:+.0%} | {took:.1f} "
        f"| {cost.memory.total / 1e6:,.0f} | {peak / 1e6:,.0f} "
        f"| {cost.memory.total / peak - 1:+.0%} |"
    )


class _Clock:
    """A reporter that stores what a training stores, and notes when each epoch was stored."""

    def __init__(self, folder: Path) -> None:
        from digitlab.measuring import Nobody

        self._nobody = Nobody(folder)
        self.ends: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._nobody, name)

    def epoch(self, *stored: Any) -> None:
        """Stores it, and looks at the clock."""
        self._nobody.epoch(*stored)
        self.ends.append(time.perf_counter())


if __name__ == "__main__":
    main(*sys.argv[1:])
