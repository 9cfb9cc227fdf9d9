"""The domains a hyperparameter can have: what is allowed, and how text becomes a value.

A domain knows nothing of forms, command lines or storage; those are made from it.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from digitlab.errors import InputError
from digitlab.rows import rows_of_text, text_of_rows


@dataclass(frozen=True)
class Integer:
    """A whole number in [low, high]; or None, where `none` says what None means."""

    low: int
    high: int
    none: str | None = None

    def check(self, name: str, value: Any) -> int | None:
        """Returns the value as an int.

        Raises:
            InputError: if it is no whole number or lies outside the bounds.
        """
        if value is None and self.none is not None:
            return None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not float(value).is_integer()
        ):
            raise InputError(f"{name} must be a whole number, got {value!r}")
        if not self.low <= value <= self.high:
            raise InputError(f"{name} must be in [{self.low}, {self.high}], got {value}")
        return int(value)

    def parse(self, name: str, text: str) -> int | None:
        """Returns the value that `text` spells."""
        if self.none is not None and text.lower() in ("none", self.none):
            return None
        try:
            return self.check(name, int(text))
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{name} must be a whole number, got {text!r}") from None


@dataclass(frozen=True)
class Real:
    """A finite number between `low` and `high`; `open_low` and `open_high` exclude the bounds."""

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False
    logarithmic: bool = False

    def __str__(self) -> str:
        left, right = "(["[not self.open_low], ")]"[not self.open_high]
        return f"{left}{self.low:g}, {self.high:g}{right}"

    def check(self, name: str, value: Any) -> float:
        """Returns the value as a float.

        Raises:
            InputError: if it is no finite number or lies outside the bounds.
        """
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise InputError(f"{name} must be a number in {self}, got {value!r}")
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        if not (above and below):
            raise InputError(f"{name} must be in {self}, got {value:g}")
        return float(value)

    def parse(self, name: str, text: str) -> float:
        """Returns the value that `text` spells."""
        try:
            return self.check(name, float(text))
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{name} must be a number in {self}, got {text!r}") from None


@dataclass(frozen=True)
class Choice:
    """One of a few words, each with its explanation."""

    options: dict[str, str]

    def check(self, name: str, value: Any) -> str:
        """Returns the value.

        Raises:
            InputError: if it is not among the options.
        """
        if not isinstance(value, str) or value not in self.options:
            raise InputError(f"{name} must be one of {', '.join(self.options)}, got {value!r}")
        return value

    def parse(self, name: str, text: str) -> str:
        """Returns the option that `text` names."""
        return self.check(name, text)


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    def check(self, name: str, value: Any) -> bool:
        """Returns the value.

        Raises:
            InputError: if it is neither True nor False.
        """
        if not isinstance(value, bool):
            raise InputError(f"{name} must be true or false, got {value!r}")
        return value

    def parse(self, name: str, text: str) -> bool:
        """Returns the truth that `text` spells."""
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        return self.check(name, words.get(text.lower(), text))


@dataclass(frozen=True)
class Text:
    """A name or a path, of at most `longest` characters."""

    longest: int = 1000

    def check(self, name: str, value: Any) -> str:
        """Returns the value.

        Raises:
            InputError: if it is empty, too long, not text, or text that no database keeps.
        """
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{name} must be a name, got {value!r}")
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
            raise InputError(f"{name} must be made of whole characters, got {value!r}")
        if len(value) > self.longest:
            raise InputError(
                f"{name} must have at most {self.longest} characters, got {len(value)}"
            )
        return value

    def parse(self, name: str, text: str) -> str:
        """Returns `text`, checked."""
        return self.check(name, text)


@dataclass(frozen=True)
class Rows:
    """Numbers of rows as text, such as `17, 2034, 40000-40010`; at most `most`, '' for none."""

    most: int

    def check(self, name: str, value: Any) -> str:
        """Returns the text in its shortest spelling, in order, each row once.

        Raises:
            InputError: if it is no text, names no rows, or too many.
        """
        if not isinstance(value, str):
            raise InputError(f"{name} must be row numbers as text, got {value!r}")
        return text_of_rows(rows_of_text(name, value, self.most))

    def parse(self, name: str, text: str) -> str:
        """Returns `text`, checked."""
        return self.check(name, text)


@dataclass(frozen=True)
class Items:
    """At most `longest` entries of one kind: a dataclass whose own fields are declared."""

    of: type
    longest: int

    def check(self, name: str, value: Any) -> tuple:
        """Returns the entries as a tuple of `of`; dictionaries become entries.

        Raises:
            InputError: if there are too many, or an entry is not right; the message names it.
        """
        if not isinstance(value, list | tuple):
            raise InputError(f"{name} must be a list, got {value!r}")
        if len(value) > self.longest:
            raise InputError(f"{name} must have at most {self.longest} entries, got {len(value)}")
        return tuple(self._entry(f"{name}[{i}]", entry) for i, entry in enumerate(value, 1))

    def _entry(self, name: str, entry: Any) -> Any:
        if isinstance(entry, self.of):
            return entry
        try:
            return from_dictionary(self.of, entry)
        except InputError as error:
            raise InputError(f"{name}: {error}") from None

    def parse(self, name: str, text: str) -> tuple:
        """Returns the entries of a JSON list."""
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise InputError(f"{name} must be a JSON list: {error}") from None
        return self.check(name, value)


Domain = Integer | Real | Choice | Flag | Text | Rows | Items


@dataclass(frozen=True)
class Hyperparameter:
    """One declared field: its name, domain, default, help and the group it is shown in."""

    name: str
    domain: Domain
    default: Any
    help: str
    group: str
    advanced: bool = False
    only_if: tuple[str, tuple[Any, ...] | None] | None = None

    def matters(self, values: Mapping[str, Any]) -> bool:
        """Whether the field has any effect beside these values of the others."""
        if self.only_if is None:
            return True
        name, wanted = self.only_if
        return values[name] is not None if wanted is None else values[name] in wanted

    @property
    def label(self) -> str:
        """The name in plain words: `batch_size` → 'Batch size'."""
        return self.name.replace("_", " ").capitalize()


def hyperparameter(
    default: Any,
    domain: Domain,
    help: str,
    group: str = "",
    advanced: bool = False,
    only_if: tuple[str, tuple[Any, ...] | None] | None = None,
) -> Any:
    """Declares a field of a config: the only place its domain, default and help are written.

    Args:
        advanced: forms fold it away.
        only_if: the field matters only if the named other one has one of these values (None: if
            it is set at all).
    """
    metadata = {
        "domain": domain,
        "default": default,
        "help": help,
        "group": group,
        "advanced": advanced,
        "only_if": only_if,
    }
    return dataclasses.field(default=default, metadata=metadata)


def declared(cls: type) -> tuple[Hyperparameter, ...]:
    """The declared fields of a config class, in order."""
    return tuple(Hyperparameter(f.name, **f.metadata) for f in dataclasses.fields(cls))


def check_fields(config: Any) -> None:
    """Checks, and brings into canonical form, every declared field of a frozen dataclass.

    Raises:
        InputError: naming the first field that is wrong.
    """
    for parameter in declared(type(config)):
        value = parameter.domain.check(parameter.name, getattr(config, parameter.name))
        object.__setattr__(config, parameter.name, value)


def from_dictionary(cls: type, values: Any) -> Any:
    """Builds a config from plain data; what is missing takes its default.

    Raises:
        InputError: for anything but a dictionary, for unknown fields and for wrong values.
    """
    if not isinstance(values, dict):
        raise InputError(f"a {cls.__name__} must be an object of named values, got {values!r}")
    names = [parameter.name for parameter in declared(cls)]
    for name in values:
        if name not in names:
            raise InputError(f"unknown field {name!r}; the fields are {', '.join(names)}")
    return cls(**values)
