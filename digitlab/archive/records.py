"""Runs as `runs.json` describes them in an archive: written as plain data, read with suspicion."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any, NoReturn

from digitlab.archive.zips import shortened
from digitlab.checkpoints import check_fork
from digitlab.config import TrainingConfig
from digitlab.domains import Choice, Domain, Flag, Integer, Real, Text, declared, from_dictionary
from digitlab.errors import InputError
from digitlab.lessons import lesson_of
from digitlab.network import check_cost
from digitlab.recognisers import PRETRAINED, pretrained_card
from digitlab.records import CHECKPOINT, SNAPSHOT, Controls, Epoch, Run, Status, TestResult
from digitlab.sources.uploads import is_upload
from digitlab.store import check_label

VERSION = 1
MOST_RUNS = 200
LONGEST_ERROR = 2000
MOST_DIGITS = 18
"""Of a whole number; those that Python makes of longer ones fit into no float."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

MODELS = ("model.keras", "model.tflite")


@dataclass(frozen=True)
class Described:
    """A run as an archive knows it; `digests` holds the SHA-256 of its files by their names."""

    run: Run
    epochs: tuple[Epoch, ...]
    digests: Mapping[str, str]

    @property
    def essence(self) -> tuple[Any, ...]:
        """Equal for two runs that learned the same, whatever they are called."""
        models = [self.digests.get(name) for name in MODELS]
        return self.run.created_at, self.run.config, self.run.test, self.epochs, models

    @property
    def state(self) -> str:
        """The file that holds what going on from the last epoch takes."""
        return CHECKPOINT.format(epoch=len(self.epochs))

    @property
    def snapshots(self) -> tuple[int, ...]:
        """The epochs that something can be looked at of."""
        numbers = (epoch.epoch for epoch in self.epochs)
        return tuple(n for n in numbers if SNAPSHOT.format(epoch=n) in self.digests)


@dataclass(frozen=True)
class _Maybe:
    """What a domain allows, or nothing."""

    domain: "Domain | _Pattern | _Moment"

    def check(self, name: str, value: Any) -> Any:
        return None if value is None else self.domain.check(name, value)


@dataclass(frozen=True)
class _Pattern:
    """Text of a form; `words` says which."""

    form: str
    words: str

    def check(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(self.form, value):
            raise InputError(f"{name} must be {self.words}, got {value!r}")
        return value


@dataclass(frozen=True)
class _Moment:
    """A date and time with its zone, as ISO 8601 writes it."""

    def check(self, name: str, value: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{name} must be a date and time, got {value!r}") from None
        if not EARLIEST <= moment <= datetime.now(UTC) + timedelta(days=1):
            raise InputError(f"{name} must lie between 2000 and today, got {value!r}")
        return moment


@dataclass(frozen=True)
class _Plain:
    """Anything of a type, to be checked later."""

    of: Any
    words: str

    def check(self, name: str, value: Any) -> Any:
        if not isinstance(value, self.of):
            raise InputError(f"{name} must be {self.words}, got {value!r}")
        return value


_FRACTION = Real(0, 1)
_LOSS = Real(0, 1e30)
_ID = _Pattern("[a-z]{1,20}-[a-z]{1,20}-[0-9a-f]{4}", "a run's id such as amber-otter-1a2b")
_HYPERPARAMETERS = {p.name: p.domain for p in declared(TrainingConfig)}
_PARENT = _Pattern(f"{_ID.form}|{PRETRAINED}", "a run's id, or pretrained")
_EPOCHS = _HYPERPARAMETERS["epochs"]
_ANY_TEXT = _Plain(str, "text")

_RUN: dict[str, Any] = {
    "id": _ID,
    "name": _ANY_TEXT,
    "note": _ANY_TEXT,
    "starred": Flag(),
    "preset": _Maybe(_Pattern("[a-z0-9-]{1,64}", "a preset's key")),
    "status": Choice({status.value: "" for status in Status if not status.is_active}),
    "error": _Maybe(Text(LONGEST_ERROR)),
    "created_at": _Moment(),
    "started_at": _Maybe(_Moment()),
    "ended_at": _Moment(),
    "learning_rate": _Maybe(_HYPERPARAMETERS["learning_rate"]),
    "parent_id": _Maybe(_PARENT),
    "parent_epoch": _Maybe(_EPOCHS),
    "config": _Plain(dict, "an object"),
    "test": _Plain(dict | None, "an object or null"),
    "epochs": _Plain(list, "a list"),
    "files": _Plain(dict, "an object"),
}

_EPOCH: dict[str, Any] = {
    "epoch": _EPOCHS,
    "accuracy": _FRACTION,
    "loss": _LOSS,
    "val_accuracy": _Maybe(_FRACTION),
    "val_loss": _Maybe(_LOSS),
    "learning_rate": Real(0, 1),
    "seconds": Real(0, 1e8),
}

_TEST: dict[str, Any] = {
    "accuracy": _FRACTION,
    "accuracy_low": _FRACTION,
    "accuracy_high": _FRACTION,
    "loss": _LOSS,
    "n": Integer(1, 10_000_000),
}

_DIGEST = _Pattern("[0-9a-f]{64}", "a SHA-256")
_NAMED = r"upload:[0-9a-f]{20}|\w[\w .+-]{0,99}"
_DATASET = _Pattern(rf"(hand:[0-9a-f]{{20}}\+)?({_NAMED})", "a name, not a path")


def write_records(described: list[Described]) -> bytes:
    """`runs.json`: see `read_records`. Paths of this computer stay here."""
    runs = [_plain(one) for one in described]
    return json.dumps({"digitlab": "runs", "version": VERSION, "runs": runs}).encode()


def _plain(described: Described) -> dict[str, Any]:
    run = described.run

    def written(moment: datetime | None) -> str | None:
        return moment.isoformat() if moment else None

    return {
        "id": run.id,
        "name": run.name,
        "note": run.note,
        "starred": run.starred,
        "preset": run.preset,
        "status": run.status.value,
        "error": run.error and run.error[:LONGEST_ERROR],
        "created_at": written(run.created_at),
        "started_at": written(run.started_at),
        "ended_at": written(run.ended_at),
        "learning_rate": run.controls.learning_rate,
        "parent_id": run.parent_id,
        "parent_epoch": run.parent_epoch,
        "config": run.config.to_dictionary(),
        "test": run.test and asdict(run.test),
        "epochs": [asdict(epoch) for epoch in described.epochs],
        "files": dict(described.digests),
    }


def portable(config: TrainingConfig) -> TrainingConfig:
    """The same config; of a dataset's path, no more than what its file is called."""
    return config.replace(dataset=_portable(config.dataset))


def _portable(dataset: str) -> str:
    if is_upload(dataset):
        return dataset
    if lesson := lesson_of(dataset):
        return lesson._replace(replayed=_portable(lesson.replayed)).name
    name = re.sub(r"[^\w .+-]", "_", PurePath(dataset).name)[:99]
    return name if re.match(r"\w", name) else f"x{name}"


def read_records(content: bytes) -> list[Described]:
    """The runs of a `runs.json`; every value of them is checked.

    Raises:
        InputError: naming the run, the field, the bound and the value.
    """
    document = _parsed(content)
    if not isinstance(document, dict) or document.get("digitlab") != "runs":
        raise InputError("runs.json must be one of DigitLab's")
    if document.get("version") != VERSION:
        version = shortened(str(document.get("version")))
        raise InputError(f"runs.json must have the version {VERSION}, got {version}")
    runs = document.get("runs")
    if not isinstance(runs, list) or not 1 <= len(runs) <= MOST_RUNS:
        raise InputError(f"runs.json must hold a list of 1 to {MOST_RUNS} runs")
    described = [_about(f"run {place}", _described, run) for place, run in enumerate(runs, 1)]
    if len({one.run.id for one in described}) < len(described):
        raise InputError("runs.json must not hold two runs of one id")
    return described


def _parsed(content: bytes) -> Any:
    def whole(text: str) -> int:
        if len(text) > MOST_DIGITS:
            raise InputError(f"runs.json holds a number of {len(text):,} digits")
        return int(text)

    def constant(text: str) -> NoReturn:
        raise InputError(f"runs.json must hold finite numbers, got {text}")

    try:
        return json.loads(content, parse_int=whole, parse_constant=constant)
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"runs.json cannot be read: {shortened(str(error))}") from None


def _about(what: str, read: Any, value: Any) -> Any:
    """Reads a value; what is wrong with it is said of `what`."""
    try:
        return read(value)
    except InputError as error:
        raise InputError(f"{what}: {error}") from None


def _checked(domains: Mapping[str, Any], values: Any) -> dict[str, Any]:
    """The values of an object that has exactly these fields."""
    if not isinstance(values, dict) or values.keys() != domains.keys():
        raise InputError(f"the fields must be {', '.join(domains)}")
    return {name: domain.check(name, values[name]) for name, domain in domains.items()}


def _described(values: Any) -> Described:
    fields = _checked(_RUN, values)
    config = from_dictionary(TrainingConfig, fields["config"])
    _DATASET.check("dataset", config.dataset)
    check_cost(config)
    epochs = tuple(
        _about(f"epoch {place}", lambda epoch: Epoch(**_checked(_EPOCH, epoch)), epoch)
        for place, epoch in enumerate(fields["epochs"], 1)
    )
    if [epoch.epoch for epoch in epochs] != list(range(1, len(epochs) + 1)):
        raise InputError("epochs must be numbered 1, 2, 3 …")
    if len(epochs) > config.epochs:
        raise InputError(f"epochs must be at most {config.epochs}, got {len(epochs)}")
    parent_id, parent_epoch = fields["parent_id"], fields["parent_epoch"]
    if (parent_id is None) != (parent_epoch is None) or (parent_epoch or 0) > len(epochs):
        raise InputError("parent_id and parent_epoch must name an epoch that was taken over")
    test = fields["test"] and _about("test", _test, fields["test"])
    digests = _digests(fields["files"], len(epochs))
    name, note = check_label(fields["name"], fields["note"])
    run = Run(
        id=fields["id"],
        config=config,
        status=Status(fields["status"]),
        preset=fields["preset"],
        created_at=fields["created_at"],
        started_at=fields["started_at"],
        ended_at=fields["ended_at"],
        error=fields["error"],
        test=test,
        artefacts=tuple(name for name in digests if not name.startswith("snapshot")),
        controls=Controls(learning_rate=fields["learning_rate"]),
        parent_id=parent_id,
        parent_epoch=parent_epoch,
        name=name,
        note=note,
        starred=fields["starred"],
        imported=True,
    )
    described = Described(run, epochs, digests)
    has_state = described.state in digests or _is_begun_here(described)
    if run.status.can_resume and epochs and not has_state:
        raise InputError(f"files must hold {described.state}, to be resumed from")
    return described


def _is_begun_here(described: Described) -> bool:
    """Whether a run has done nothing yet since it was forked from the shipped recogniser: then it
    can be resumed from that."""
    run, card = described.run, pretrained_card()
    epochs = len(card.epochs)
    if run.parent_id == PRETRAINED and run.parent_epoch == len(described.epochs) == epochs:
        with suppress(InputError):
            check_fork(card.config, epochs, run.config)
            return True
    return False


def _test(values: Any) -> TestResult:
    test = TestResult(**_checked(_TEST, values))
    if not test.accuracy_low <= test.accuracy <= test.accuracy_high:
        raise InputError("accuracy must lie in its interval")
    return test


def _digests(files: dict[Any, Any], epochs: int) -> dict[str, str]:
    """The SHA-256 of each file, by names that are ours."""
    numbers = range(1, epochs + 1)
    allowed = {*MODELS, CHECKPOINT.format(epoch=epochs)}
    allowed |= {SNAPSHOT.format(epoch=number) for number in numbers}
    for name in files:
        if name not in allowed:
            raise InputError(f"files must not hold {shortened(name)}")
    if "model.tflite" in files and "model.keras" not in files:
        raise InputError("files must hold model.keras beside model.tflite")
    return {name: _DIGEST.check(name, digest) for name, digest in files.items()}
