"""Runs in one file, to carry them from one DigitLab to another.

A zip of `runs.json` and of the files of each run, as `RUN/model.tflite`. What comes in is treated
as a stranger's: everything is checked before anything is written. `model.keras`, which cannot be
checked without loading it, is never loaded.
"""

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import SEEK_END, BytesIO
from typing import BinaryIO

from digitlab.archive.contents import (
    SPARE_BYTES,
    check_checkpoint,
    check_snapshot,
    largest_checkpoint_bytes,
    largest_model_bytes,
)
from digitlab.archive.models import check_models
from digitlab.archive.records import (
    MODELS,
    MOST_RUNS,
    Described,
    portable,
    read_records,
    write_records,
)
from digitlab.archive.zips import open_plain_zip, read_member
from digitlab.errors import InputError, UnknownRunError
from digitlab.records import CHECKPOINT, SNAPSHOT, Run
from digitlab.run_rows import new_id
from digitlab.store import Newcomer, Store

RUNS_JSON = "runs.json"

LARGEST_BYTES = 100_000_000
"""Of an archive, packed or not."""

LARGEST_JSON_BYTES = 3_000_000
"""Parsed, JSON takes up to 25 times its room."""

MOST_EPOCHS = 10_000
MOST_MEMBERS = 1 + 3 * MOST_RUNS + MOST_EPOCHS

LONGEST_SENTENCE = 300


@dataclass(frozen=True)
class Arrived:
    """What became of the runs of an archive: their ids here."""

    added: tuple[str, ...]
    renamed: tuple[str, ...]
    """Those of `added` that got a new id, since another run has theirs."""
    known: tuple[str, ...]
    """Those that were here already, and were left as they are."""


def packed_bytes(store: Store, runs: Sequence[Run]) -> int:
    """About how large an archive of some runs is.

    Raises:
        InputError: if they cannot be packed together.
    """
    if active := next((run.id for run in runs if run.status.is_active), None):
        raise InputError(f"{active} still waits or trains: stop it before exporting it")
    counts, files = store.epoch_counts(), store.files([run.id for run in runs])
    size = sum(
        file.size_bytes
        for run in runs
        for name, file in files.get(run.id, {}).items()
        if name in (*MODELS, CHECKPOINT.format(epoch=counts.get(run.id, 0)))
    )
    room = LARGEST_BYTES - LARGEST_JSON_BYTES - SPARE_BYTES
    epochs = sum(counts.get(run.id, 0) for run in runs)
    for needed, most, unit in (
        (len(runs), MOST_RUNS, "runs"),
        (epochs, MOST_EPOCHS, "epochs"),
        (size / 1e6, room / 1e6, "MB"),
    ):
        if needed > most:
            raise InputError(
                f"one file can hold at most {most:,.0f} {unit}, these are {needed:,.0f}: "
                "export fewer at a time"
            )
    return size


def pack(store: Store, runs: Sequence[Run]) -> bytes:
    """Runs that have ended as one file: with their models, and what resuming them takes.

    Raises:
        InputError: if they cannot be packed together, or a file is damaged.
    """
    packed_bytes(store, runs)
    described = [_described(store, run) for run in runs]
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(RUNS_JSON, write_records(described), zipfile.ZIP_DEFLATED)
        for one in described:
            for name in one.run.artefacts:
                archive.writestr(_member(one, name), store.artefact(one.run.id, name))
            for epoch, snapshot in store.snapshots(one.run.id).items():
                archive.writestr(_member(one, SNAPSHOT.format(epoch=epoch)), snapshot)
    return content.getvalue()


def unpack(store: Store, file: BinaryIO) -> Arrived:
    """Brings the runs of an archive into the store: all of them, or none.

    A run that is here already is left alone; one whose id another run has gets a new one.

    Raises:
        InputError: in one sentence, if anything is not as it should be.
    """
    try:
        if file.seek(0, SEEK_END) > LARGEST_BYTES:
            raise InputError(f"the file must have at most {LARGEST_BYTES / 1e6:.0f} MB")
        with open_plain_zip(file, MOST_MEMBERS, LARGEST_BYTES) as archive:
            described = read_records(read_member(archive, RUNS_JSON, LARGEST_JSON_BYTES))
            _check_members(archive, described)
            _check_contents(archive, described)
            return _add(store, archive, described)
    except InputError as error:
        sentence = str(error)
        if len(sentence) > LONGEST_SENTENCE:
            sentence = f"{sentence[:LONGEST_SENTENCE]} …"
        raise InputError(f"nothing was imported: {sentence}") from None


def _described(store: Store, run: Run) -> Described:
    """A run of the store as an archive describes it."""
    epochs = store.epochs(run.id)
    names = (*MODELS, CHECKPOINT.format(epoch=len(epochs)))
    files = store.files([run.id]).get(run.id, {})
    digests = {name: files[name].sha256 for name in names if name in files}
    artefacts = tuple(digests)
    for epoch, snapshot in store.snapshots(run.id).items():
        digests[SNAPSHOT.format(epoch=epoch)] = hashlib.sha256(snapshot).hexdigest()
    run = replace(run, config=portable(run.config), artefacts=artefacts)
    return Described(run, epochs, digests)


def _member(described: Described, name: str) -> str:
    return f"{described.run.id}/{name}"


def _check_members(archive: zipfile.ZipFile, described: Sequence[Described]) -> None:
    """The zip must hold what `runs.json` tells of, and no more."""
    told = {_member(one, name) for one in described for name in one.digests} | {RUNS_JSON}
    held = set(archive.namelist())
    if missing := sorted(told - held):
        raise InputError(f"the zip file must hold {missing[0]}")
    if held - told:
        raise InputError("the zip file holds files that its runs.json does not tell of")


def _check_contents(archive: zipfile.ZipFile, described: Sequence[Described]) -> None:
    """Reads every file once; what is wrong with one is said of its run."""
    models = {}
    for one in described:
        for name in one.digests:
            content = _read(archive, one, name)
            if hashlib.sha256(content).hexdigest() != one.digests[name]:
                raise InputError(f"{_member(one, name)} was changed: its SHA-256 is another")
            if name == "model.tflite":
                models[one.run.id] = one.run.config, content
            elif name not in MODELS:
                _check_arrays(one, name, content)
    check_models(models)


def _read(archive: zipfile.ZipFile, described: Described, name: str) -> bytes:
    most = SPARE_BYTES
    if name in MODELS:
        most = largest_model_bytes(described.run.config)
    elif name == described.state:
        most = largest_checkpoint_bytes(described.run.config)
    return read_member(archive, _member(described, name), most)


def _check_arrays(described: Described, name: str, content: bytes) -> None:
    config, member = described.run.config, _member(described, name)
    try:
        if name == described.state:
            check_checkpoint(content, config, len(described.epochs))
        else:
            check_snapshot(content, config)
    except InputError as error:
        raise InputError(f"{member} is refused: {error}") from None
    except Exception:  # a stranger's bytes can make NumPy raise anything
        raise InputError(f"{member} is refused: it cannot be read") from None


def _add(store: Store, archive: zipfile.ZipFile, described: Sequence[Described]) -> Arrived:
    known = [one for one in described if _is_known(store, one)]
    new = [one for one in described if one not in known]
    names = {one.run.id: new_id() for one in new if store.holds(one.run.id)}
    newcomers = list(_newcomers(archive, new, names))
    store.add_runs(newcomers)
    return Arrived(
        tuple(newcomer.run.id for newcomer in newcomers),
        tuple(names.values()),
        tuple(one.run.id for one in known),
    )


def _is_known(store: Store, described: Described) -> bool:
    """Whether the store has that very run, and not just one of its id."""
    try:
        run = store.run(described.run.id)
    except UnknownRunError:
        return False
    return _described(store, run).essence == described.essence


def _newcomers(
    archive: zipfile.ZipFile, described: Sequence[Described], names: dict[str, str]
) -> Iterator[Newcomer]:
    """The runs for the store; `names` holds the new ids of those whose own are taken."""
    for one in described:
        run = replace(
            one.run,
            id=names.get(one.run.id, one.run.id),
            parent_id=one.run.parent_id and names.get(one.run.parent_id, one.run.parent_id),
        )
        yield Newcomer(run, one.epochs, one.snapshots, partial(_read, archive, one))
