"""Seconds, bytes and counts in words."""

from math import floor, inf, log10


def duration_in_words(seconds: float) -> str:
    """`0.4 s`, `45 s`, `12 min`, `3.5 h`, `2 days`."""
    number, unit = _duration(seconds, seconds)
    return f"{number} {unit}"


def range_in_words(low: float, high: float) -> str:
    """`3–12 s`, `20–60 s`: two durations in the unit of the longer one."""
    (first, _), (last, unit) = _duration(low, high, rough=True), _duration(high, high, rough=True)
    return f"{first}–{last} {unit}"


def size_in_words(size_bytes: float) -> str:
    """`310 MB`, `1.2 GB`."""
    if size_bytes < 999.5e6:
        return f"{_two_digits(size_bytes / 1e6)} MB"
    return f"{_two_digits(size_bytes / 1e9)} GB"


def count_in_words(number: int) -> str:
    """`29,824`, `2.6 M`."""
    return f"{number / 1e6:.1f} M" if number >= 1e6 else f"{number:,}"


def _duration(seconds: float, unit_of: float, rough: bool = False) -> tuple[str, str]:
    """The number and the unit, that of another duration; rough ones are whole from 2 on."""
    units = ((90, 1, "s"), (90 * 60, 60, "min"), (48 * 3600, 3600, "h"), (inf, 86400, "days"))
    length, unit = next((length, unit) for below, length, unit in units if unit_of < below)
    value = seconds / length
    return _two_digits(round(value) if rough and value >= 2 else value), unit


def _two_digits(value: float) -> str:
    """Two significant digits, and no decimals from 10 on: `0.4`, `9.1`, `45`, `120`."""
    if value < 0.1:
        return "0.1"
    decimals = 1 - floor(log10(value))
    rounded = round(value, min(1, decimals))
    return f"{rounded:,.0f}" if rounded >= 10 or rounded == int(rounded) else f"{rounded:.1f}"
