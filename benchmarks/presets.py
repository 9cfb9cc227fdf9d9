"""Trains presets on all of MNIST, over several seeds, and writes the table of what they reach.

    python -m benchmarks.presets tutorialspoint ndlovu --seeds 3
    python -m benchmarks.presets --table

Each training is one line of `benchmarks/results/presets.jsonl`, written as it ends; one that is
there already, with the same configuration, is not repeated. Seconds are those of the epochs,
without TensorFlow's start; the table leaves out those of a machine that did something else.
"""

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import psutil

from digitlab.config import TrainingConfig
from digitlab.network import plan
from digitlab.presets import PRESETS, Preset
from digitlab.records import Controls

RESULTS = Path(__file__).parent / "results" / "presets.jsonl"
MOST_OTHER_WORK = 0.1
"""Share of the processor that others may have used in a training whose seconds count."""

TOLERANCE = 0.0015
"""So far below the author's test accuracy a mean may lie."""


class Listener:
    """Keeps what a training reports, and prints its epochs."""

    folder = Path(os.devnull)

    def __init__(self) -> None:
        self.epochs: list[Any] = []
        self.result: Any = None

    def batch(self, progress: Any) -> None:
        """Not needed here."""

    def epoch(self, epoch: Any, snapshot: Any, checkpoint: Any) -> None:
        """Keeps and prints it."""
        self.epochs.append(epoch)
        print(
            f"  epoch {epoch.epoch}: val_accuracy {epoch.val_accuracy}, {epoch.seconds:.1f} s",
            file=sys.stderr,
        )

    def artefact(self, name: str, content: bytes) -> None:
        """Not needed here."""

    def controls(self) -> Controls:
        """Nobody asks for anything."""
        return Controls()

    def stopped(self) -> None:
        """Nobody stops it."""

    def tested(self, result: Any) -> None:
        """Keeps it."""
        self.result = result


def train_once(key: str, config: TrainingConfig) -> dict[str, Any]:
    """One training, as a line of results."""
    from digitlab.datasets import load_dataset
    from digitlab.training import train

    listener, began, idle = Listener(), monotonic(), psutil.cpu_times().idle
    used = sum(psutil.Process().cpu_times()[:2])
    train(config, load_dataset(config.dataset), listener)
    elapsed = monotonic() - began
    used = sum(psutil.Process().cpu_times()[:2]) - used
    others = 1 - (psutil.cpu_times().idle - idle + used) / (elapsed * (os.cpu_count() or 1))
    return {
        "preset": key,
        "seed": config.seed,
        "test_accuracy": listener.result.accuracy,
        "test_loss": listener.result.loss,
        "val_accuracy": [epoch.val_accuracy for epoch in listener.epochs],
        "seconds": round(sum(epoch.seconds for epoch in listener.epochs), 1),
        "other_work": round(max(others, 0.0), 2),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "config": config.to_dictionary(),
    }


def results() -> list[dict[str, Any]]:
    """What has been measured so far."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text().splitlines()]


def of_today(preset: Preset) -> list[dict[str, Any]]:
    """The results of a preset as it is now, one a seed."""
    as_now = [
        line
        for line in results()
        if preset.config.replace(seed=line["seed"]).to_dictionary() == _plain(line["config"])
    ]
    return list({line["seed"]: line for line in as_now if line["preset"] == preset.key}.values())


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    return TrainingConfig.from_json(json.dumps(config)).to_dictionary()


def table() -> Iterator[str]:
    """The results as a Markdown table."""
    yield "| preset | parameters | test accuracy, % | seeds | author, % | seconds | |"
    yield "|---|--:|--:|--:|--:|--:|---|"
    for preset in PRESETS.values():
        lines = of_today(preset)
        if not lines:
            continue
        accuracies = [line["test_accuracy"] for line in lines]
        mean = statistics.mean(accuracies)
        spread = f" ± {100 * statistics.stdev(accuracies):.2f}" if len(lines) > 1 else ""
        author = preset.author.test_accuracy
        timed = [line["seconds"] for line in lines if line["other_work"] < MOST_OTHER_WORK]
        seconds = f"{statistics.median(timed):.0f}" if timed else "–"
        reached = "" if author is None else "reached" if mean >= author - TOLERANCE else "below"
        yield (
            f"| `{preset.key}` | {plan(preset.config).parameters:,} | {100 * mean:.2f}{spread} | "
            f"{len(lines)} | {'–' if author is None else f'{100 * author:.2f}'} | {seconds} | "
            f"{reached} |"
        )


def main() -> None:
    """Trains what is asked for, then prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("presets", nargs="*", metavar="PRESET", help="all, if none is named")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--table", action="store_true", help="only print the table")
    arguments = parser.parse_args()
    RESULTS.parent.mkdir(exist_ok=True)
    for seed in [] if arguments.table else range(arguments.seeds):
        for key in arguments.presets or PRESETS:
            preset = PRESETS[key]
            if any(line["seed"] == seed for line in of_today(preset)):
                continue
            print(f"{key}, seed {seed}", file=sys.stderr)
            line = train_once(key, preset.config.replace(seed=seed))
            with RESULTS.open("a") as file:
                file.write(json.dumps(line) + "\n")
    print("\n".join(table()))


if __name__ == "__main__":
    main()
