"""A table of 70,000 digits: how soon it is read, and in how much memory, beside plain pandas.

    DIGITLAB_DATA_DIR=… python -m benchmarks.datasets

Writes MNIST as the table of the first tutorials (`pixel1 … pixel784,class`), as it is and gzipped,
into a temporary folder; each reading has a process of its own. Needs MNIST.
"""

import gzip
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from digitlab.datasets import load_dataset

ROUNDS = 3

OURS = """
from pathlib import Path
from digitlab.sources.files import read_path
def read(path):
    contents = read_path(Path(path))
    return contents.images.reshape(-1, 784), contents.labels
"""
PANDAS = """
import numpy as np
import pandas as pd
def read(path):
    table = pd.read_csv(path)
    return (table.drop(columns="class").to_numpy().astype(np.uint8),
            table["class"].to_numpy().astype(np.uint8))
"""
MEASURE = """
import hashlib, sys, time
def held(which):
    return int(open("/proc/self/status").read().split(which)[1].split()[0]) / 1024
began, before = time.perf_counter(), held("VmRSS:")
images, labels = read(sys.argv[1])
seconds = time.perf_counter() - began
peak = held("VmHWM:") - before
digest = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
print(seconds, peak, digest)
"""


def main() -> None:
    """Prints one Markdown table."""
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = write_tables(Path(folder))
        print("| table | seconds | peak, MB | pandas, seconds | peak, MB | ratio |")
        print("|---|--:|--:|--:|--:|--:|")
        for path in (plain, packed):
            rounds = [(measured(OURS, path), measured(PANDAS, path)) for _ in range(ROUNDS)]
            assert len({digest for pair in rounds for _, _, digest in pair}) == 1, "they differ"
            ours, theirs = zip(*rounds, strict=True)
            ratio = median(theirs, 0) / median(ours, 0)
            size = path.stat().st_size / 1e6
            print(
                f"| {path.name}, {size:.0f} MB | {spread(ours)} | {median(ours, 1):.0f} | "
                f"{spread(theirs)} | {median(theirs, 1):.0f} | {ratio:.1f}× |"
            )


def write_tables(folder: Path) -> tuple[Path, Path]:
    """MNIST as a table, and the same gzipped."""
    digits = load_dataset("mnist")
    rows = np.hstack([digits.images.reshape(-1, 784), digits.labels[:, None]])
    words = [str(value) for value in range(256)]
    plain, packed = folder / "mnist_784.csv", folder / "mnist_784.csv.gz"
    with plain.open("w") as file:
        file.write(",".join([*(f"pixel{n}" for n in range(1, 785)), "class"]) + "\n")
        for row in rows:
            file.write(",".join([words[value] for value in row]) + "\n")
    packed.write_bytes(gzip.compress(plain.read_bytes(), 6))
    return plain, packed


def measured(reader: str, path: Path) -> tuple[float, float, str]:
    """Seconds, megabytes that the process grew by at its peak, and a digest of what was read."""
    done = subprocess.run(
        [sys.executable, "-c", reader + MEASURE, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak, digest = done.stdout.split()
    return float(seconds), float(peak), digest


def median(rounds: tuple, which: int) -> float:
    """Of the seconds (0) or the megabytes (1)."""
    return statistics.median(measurement[which] for measurement in rounds)


def spread(rounds: tuple) -> str:
    """Median, lowest and highest of the seconds."""
    seconds = [measurement[0] for measurement in rounds]
    return f"{statistics.median(seconds):.1f} ({min(seconds):.1f}–{max(seconds):.1f})"


if __name__ == "__main__":
    main()
