"""Runs in one file, to carry them from one DigitLab to another; a stranger's, when it comes in.

`packing` is the way out and in, `records` what is told of the runs, `contents` and `models` look
at their files, `zips` at the file itself.
"""

from digitlab.archive.packing import LARGEST_BYTES, RUNS_JSON, Arrived, pack, packed_bytes, unpack

__all__ = ["LARGEST_BYTES", "RUNS_JSON", "Arrived", "pack", "packed_bytes", "unpack"]
