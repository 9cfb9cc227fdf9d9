"""Runs travel whole in one file, and a stranger's file changes nothing."""

import hashlib
import io
import json
import random
import struct
import time
import tracemalloc
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from digitlab.archive import LARGEST_BYTES, RUNS_JSON, pack, packed_bytes, unpack
from digitlab.archive.contents import largest_model_bytes, optimizer_shapes, weight_shapes
from digitlab.archive.models import try_model
from digitlab.checkpoints import Checkpoint
from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.errors import InputError
from digitlab.recognisers import MODELS, pretrained_card
from digitlab.records import Epoch, Snapshot, Status, TestResult
from digitlab.store import Store, StoredFile

CONFIG = pretrained_card().config
TFLITE = (MODELS / "pretrained.tflite").read_bytes()
RESULT = TestResult(0.99, 0.985, 0.994, 0.03, 10_000)
MORE = CONFIG.epochs + 4
"""Epochs of a copy that is to be taught."""

STATE = "checkpoint-2.npz"
MOST_SECONDS = 5  # 2 untraced: tracemalloc makes what allocates much two to three times slower
MOST_MEMORY_BYTES = 100_000_000


def state(config=CONFIG, epoch=2, **changes):
    """The state after an epoch, of the right shapes and with nothing learned."""
    weights = [np.zeros(shape, np.float32) for shape, _ in weight_shapes(config)]
    shapes = optimizer_shapes(config)
    optimizer = [np.int64(9), *(np.zeros(shape, np.float32) for shape in shapes[1:])]
    callbacks = {"EarlyStopping": {"wait": 0, "best": 0.25, "best_epoch": 1}}
    checkpoint = Checkpoint(epoch, config, weights, optimizer, [], callbacks)
    return replace(checkpoint, **changes).to_bytes()


def snapshot(**changes):
    looks = {
        "probabilities": np.full((20, 10), 0.1, np.float32),
        "filters": np.ones((5, 5, CONFIG.conv_blocks[0].filters), np.float32),
    }
    return Snapshot(**looks | changes).to_bytes()


def add_run(store, status=Status.FINISHED, config=CONFIG):
    run_id = store.create_run(config, "pretrained", "me")
    store.start_run(run_id)
    for number in (1, 2):
        look = Snapshot.from_bytes(snapshot())
        store.add_epoch(run_id, Epoch(number, 0.9, 0.3, 0.95, 0.2, 0.001, 4.0), look)
        store.add_artefact(run_id, f"checkpoint-{number}.npz", state(epoch=number))
    store.add_artefact(run_id, "model.keras", (MODELS / "pretrained.keras").read_bytes())
    store.add_artefact(run_id, "model.tflite", TFLITE)
    store.set_test(run_id, RESULT)
    store.end_run(run_id, status)
    return run_id


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A store elsewhere, with one run that has a name."""
    store = Store(tmp_path_factory.mktemp("there"))
    run_id = add_run(store)
    store.label_run(run_id, "the good one", "line\nline")
    store.star_runs([run_id], True)
    return store


@pytest.fixture(scope="module")
def archive(there):
    """What that store exports."""
    return pack(there, there.runs())


@pytest.fixture
def here(tmp_path):
    return Store(tmp_path / "here")


def members(content):
    """Every file of an archive by its name, the run's folder left out."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name.rpartition("/")[2]: file.read(name) for name in file.namelist()}


def document(content):
    return json.loads(members(content)[RUNS_JSON])


def zipped(files):
    """A zip of names (or ZipInfos) and contents, in order."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, data in files:
            file.writestr(name, data)
    return content.getvalue()


def rewritten(content, change=None, text=None, extra=(), without=(), **files):
    """The archive with other contents; the digests are made to match."""
    described = document(content)
    (run,) = described["runs"]
    held = {name: data for name, data in members(content).items() if name != RUNS_JSON}
    for name, data in files.items():
        name = {"state": STATE, "look": "snapshot-1.npz", "tflite": "model.tflite"}.get(name, name)
        held[name] = data
        run["files"][name] = hashlib.sha256(data).hexdigest()
    if change:
        change(described)
    text = text or json.dumps(described)
    kept = [(f"{run['id']}/{name}", data) for name, data in held.items() if name not in without]
    return zipped([(RUNS_JSON, text), *kept, *extra])


def with_run(**changes):
    """Changes fields of the only run."""
    return lambda described: described["runs"][0].update(changes)


def with_config(**changes):
    return lambda described: described["runs"][0]["config"].update(changes)


def with_epoch(**changes):
    return lambda described: described["runs"][0]["epochs"][1].update(changes)


def test_a_run_arrives_as_it_was(there, archive, here):
    arrived = unpack(here, io.BytesIO(archive))
    (run,), (original,) = here.runs(), there.runs()
    assert arrived.added == (run.id,)
    assert arrived.renamed == arrived.known == ()
    assert replace(run, imported=False) == replace(
        original, artefacts=("checkpoint-2.npz", "model.keras", "model.tflite")
    )
    assert (run.name, run.note, run.starred, run.imported) == (
        "the good one",
        "line\nline",
        True,
        True,
    )
    assert here.epochs(run.id) == there.epochs(run.id)
    assert here.snapshots(run.id) == there.snapshots(run.id)
    for name in run.artefacts:
        assert here.artefact(run.id, name) == there.artefact(run.id, name)


def test_a_run_that_is_here_already_is_left_alone_whatever_it_is_called(archive, here):
    (run_id,) = unpack(here, io.BytesIO(archive)).added
    here.label_run(run_id, "renamed", "")
    arrived = unpack(here, io.BytesIO(archive))
    assert (arrived.added, arrived.known) == ((), (run_id,))
    assert [run.name for run in here.runs()] == ["renamed"]


def test_another_run_of_the_same_id_gets_a_new_one(archive, here):
    (first,) = unpack(here, io.BytesIO(archive)).added
    arrived = unpack(here, io.BytesIO(rewritten(archive, with_epoch(accuracy=0.5))))
    (second,) = arrived.added
    assert arrived.renamed == (second,)
    assert second != first
    assert here.epochs(first)[1].accuracy == 0.9
    assert here.epochs(second)[1].accuracy == 0.5


def test_a_fork_finds_its_parent_under_its_new_id(there, archive, here):
    described = document(archive)
    (run,) = described["runs"]
    fork = run | {"id": "amber-otter-0000", "parent_id": run["id"], "parent_epoch": 1, "files": {}}
    described["runs"] = [fork, run]
    both = rewritten(archive, text=json.dumps(described))
    unpack(here, io.BytesIO(rewritten(archive, with_epoch(accuracy=0.5))))
    arrived = unpack(here, io.BytesIO(both))
    (new_id,) = arrived.renamed
    assert here.run("amber-otter-0000").parent_id == new_id


def test_paths_of_this_computer_stay_here(tmp_path, here):
    run_id = add_run(here, config=CONFIG.replace(dataset="/home/me/secret/my digits (1).npz"))
    content = pack(here, here.runs())
    assert document(content)["runs"][0]["config"]["dataset"] == "my digits _1_.npz"
    assert unpack(here, io.BytesIO(content)).known == (run_id,)
    assert unpack(Store(tmp_path / "third"), io.BytesIO(content)).added == (run_id,)


def test_a_copy_that_was_to_be_taught_comes_back_ready_to_go_on(tmp_path, here):
    drawings, card = "hand:00112233445566778899", pretrained_card()
    config = card.config.replace(dataset=f"{drawings}+/home/me/known.npz", epochs=MORE)
    run_id = here.fork_network("pretrained", card.epochs, config, "me")
    here.end_run(run_id, Status.PAUSED)
    third = Store(tmp_path / "third")
    unpack(third, io.BytesIO(pack(here, [here.run(run_id)])))
    run = third.run(run_id)
    assert (run.parent_id, run.parent_epoch) == ("pretrained", len(card.epochs))
    assert run.config.dataset == f"{drawings}+known.npz"


@pytest.mark.parametrize(
    ("epochs", "changes"),
    [(2, {}), (len(pretrained_card().epochs), {"dense_layers": (DenseLayer(7),)})],
)
def test_no_copy_begins_where_the_shipped_network_cannot_be(tmp_path, here, epochs, changes):
    config = CONFIG.replace(epochs=MORE, **changes)
    run_id = here.fork_network("pretrained", pretrained_card().epochs[:epochs], config, "me")
    here.end_run(run_id, Status.PAUSED)
    with pytest.raises(InputError, match="to be resumed from"):
        unpack(Store(tmp_path / "third"), io.BytesIO(pack(here, [here.run(run_id)])))


def test_a_run_that_trains_cannot_be_exported(here):
    here.create_run(CONFIG, None, "me")
    with pytest.raises(InputError, match="still waits or trains"):
        pack(here, here.runs())


def test_what_would_not_fit_is_said_before_it_is_packed(here, monkeypatch):
    run_id = add_run(here)
    large = {run_id: {"model.keras": StoredFile("0" * 64, LARGEST_BYTES)}}
    monkeypatch.setattr(here, "files", lambda run_ids: large)
    with pytest.raises(InputError, match="at most 95 MB, these are 100"):
        packed_bytes(here, here.runs())


@pytest.mark.parametrize("optimizer", ["adam", "nadam", "rmsprop", "sgd"])
def test_the_shapes_of_weights_and_optimisers_are_those_of_keras(optimizer):
    from digitlab import architectures

    config = TrainingConfig(
        conv_blocks=(ConvBlock(4, batch_normalization=True, dropout=0.1), ConvBlock(6)),
        dense_layers=(DenseLayer(8, dropout=0.5),),
        optimizer=optimizer,
        weight_decay=0.01,
    )
    model = architectures.build(config)
    trainer = architectures.optimizer(config)
    trainer.build(model.trainable_variables)
    assert [weight.shape for weight in model.get_weights()] == [s for s, _ in weight_shapes(config)]
    assert sorted(tuple(v.shape) for v in trainer.variables) == optimizer_shapes(config)


def test_a_model_of_another_network_is_not_taken_for_this_one():
    try_model(TFLITE, CONFIG)
    first, *others = CONFIG.conv_blocks
    with pytest.raises(InputError, match="conv_1 must have the shape"):
        try_model(TFLITE, CONFIG.replace(conv_blocks=(replace(first, filters=7), *others)))
    with pytest.raises(InputError, match="must have the layer dense_"):
        try_model(TFLITE, CONFIG.replace(dense_layers=(*CONFIG.dense_layers, DenseLayer(95))))


def test_a_model_that_loops_for_as_long_as_a_digit_says_is_refused():
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((None, 28, 28, 1), tf.float32)])
    def read(digits):
        ink, count = tf.reduce_sum(digits), tf.constant(0.0)
        (count,) = tf.while_loop(lambda n: n < ink, lambda n: (n + 1,), (count,))
        return {"00_probabilities": tf.nn.softmax(digits[:, 0, :10, 0] + count)}

    module = tf.Module()
    module.read = read
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [read.get_concrete_function()], module
    )
    with pytest.raises(InputError, match="without loops"):
        try_model(converter.convert(), CONFIG)


def symlink(archive):
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    return rewritten(archive, extra=[(link, "/etc/passwd")])


def directory_of(archive):
    """Where the directory of a zip begins: the files before it may be zips themselves."""
    return struct.unpack("<I", archive[-6:-2])[0]


def encrypted(archive):
    """Sets the flag in both headers of runs.json."""
    content = bytearray(archive)
    for at in (6, directory_of(archive) + 8):
        content[at] |= 1
    return bytes(content)


def lying_bomb(archive):
    """runs.json declares a kilobyte, and unpacks to 300 MB."""
    content = bytearray(zipped([(RUNS_JSON, bytes(300_000_000))]))
    for at in (22, directory_of(content) + 24):
        content[at : at + 4] = struct.pack("<I", 1000)
    return bytes(content)


def crowd(archive):
    """A directory of 60,000 files."""
    return zipped([(f"{number}", b"") for number in range(60_000)])


def array_bomb(archive):
    """A state whose first array declares 40 GB."""
    checkpoint = io.BytesIO(state())
    with zipfile.ZipFile(checkpoint) as file:
        arrays = {name: file.read(name) for name in file.namelist()}
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f4", "fortran_order": False, "shape": (10_000_000_000,)}
    )
    arrays["weights/000.npy"] = head.getvalue()
    return rewritten(archive, state=zipped(arrays.items()))


def pickled(archive):
    """A state that holds objects, which NumPy would unpickle."""
    file = io.BytesIO()
    np.savez(file, words=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return rewritten(archive, state=file.getvalue())


def nested_bomb(archive):
    """A snapshot that unpacks to 150 MB."""
    return rewritten(archive, look=zipped([("probabilities.npy", bytes(150_000_000))]))


def tampered(archive):
    """One byte of the model is another, and the zip is sound."""
    model = bytearray(TFLITE)
    model[1000] ^= 1
    files = members(archive) | {"model.tflite": bytes(model)}
    run_id = document(archive)["runs"][0]["id"]
    return zipped(
        [(n if n == RUNS_JSON else f"{run_id}/{n}", content) for n, content in files.items()]
    )


def twice(described):
    described["runs"] *= 2


def many(described):
    described["runs"] *= 201


OTHER = TrainingConfig(conv_blocks=(ConvBlock(8),))
BAD = float("nan")
WEIGHTS = [np.full(shape, BAD, np.float32) for shape, _ in weight_shapes(CONFIG)]
STRAY = {"EarlyStopping": {"set_model": 1}}
LONG = {"EarlyStopping": {"wait": [0] * 100_000}}

HOSTILE = {
    "nothing": (lambda a: b"", "no zip file"),
    "no zip": (lambda a: b"GIF89a" * 1000, "no zip file"),
    "truncated": (lambda a: a[: len(a) // 2], "no zip file, or it was cut short"),
    "its beginning lost": (lambda a: a[1000:], "damaged"),
    "a byte changed": (lambda a: a[:200_000] + b"\0\0\0" + a[200_003:], "damaged|SHA-256"),
    "a comment": (lambda a: a[:-2] + b"\2\0hi", "no zip file"),
    "zip64": (lambda a: a[:-22] + b"PK\6\7" + bytes(16) + a[-22:], "format for 4 GB"),
    "60,000 files": (crowd, "at most 10,601 files"),
    "a bomb": (lambda a: zipped([(RUNS_JSON, bytes(150_000_000))]), "at most 100 MB"),
    "a bomb that lies": (lying_bomb, "damaged"),
    "a large runs.json": (lambda a: zipped([(RUNS_JSON, bytes(50_000_000))]), "at most 3.0 MB"),
    "no runs.json": (lambda a: zipped([("a", "b")]), "must hold 'runs.json'"),
    "encrypted": (encrypted, "must not be encrypted"),
    "a link": (symlink, "plain files only"),
    "a folder": (lambda a: rewritten(a, extra=[("folder/", "")]), "plain files only"),
    "traversal": (lambda a: rewritten(a, extra=[("../../x.py", "")]), "does not tell of"),
    "an absolute path": (lambda a: rewritten(a, extra=[("/tmp/x", "")]), "does not tell of"),
    "a file twice": (
        lambda a: rewritten(a, extra=[(RUNS_JSON, "{}")]),
        "holds 'runs.json' twice",
    ),
    "a model missing": (lambda a: rewritten(a, without=["model.tflite"]), "must hold .*tflite"),
    "a state missing": (lambda a: rewritten(a, without=[STATE]), "must hold .*checkpoint-2"),
    "a changed model": (tampered, "its SHA-256 is another"),
    "no JSON": (lambda a: rewritten(a, text="{"), "cannot be read"),
    "no UTF-8": (lambda a: rewritten(a, text=b"\xff{}"), "cannot be read"),
    "deep JSON": (lambda a: rewritten(a, text="[" * 1_000_000), "cannot be read"),
    "a million lists": (lambda a: rewritten(a, text=f"[{'[],' * 900_000}[]]"), "DigitLab's"),
    "a long number": (lambda a: rewritten(a, text=f"[{'9' * 4000}]"), "4,000 digits"),
    "NaN": (lambda a: rewritten(a, with_epoch(accuracy=BAD)), "finite numbers, got NaN"),
    "infinity": (lambda a: rewritten(a, with_epoch(loss=-1e999)), "finite numbers"),
    "not ours": (lambda a: rewritten(a, text='{"runs": []}'), "one of DigitLab's"),
    "another version": (
        lambda a: rewritten(a, lambda d: d.update(version=2)),
        "version 1, got '2'",
    ),
    "no runs": (lambda a: rewritten(a, lambda d: d.update(runs=[])), "1 to 200 runs"),
    "too many runs": (lambda a: rewritten(a, many), "1 to 200 runs"),
    "one id twice": (lambda a: rewritten(a, twice), "two runs of one id"),
    "a path as id": (lambda a: rewritten(a, with_run(id="../../etc")), "id must be a run's id"),
    "a number as id": (lambda a: rewritten(a, with_run(id=7)), "id must be a run's id"),
    "a strange field": (lambda a: rewritten(a, with_run(owner="me")), "the fields must be"),
    "a live run": (lambda a: rewritten(a, with_run(status="running")), "status must be one of"),
    "a link as preset": (
        lambda a: rewritten(a, with_run(preset="[x](http://x)")),
        "preset must be",
    ),
    "a long name": (lambda a: rewritten(a, with_run(name="x" * 61)), "at most 60 characters"),
    "half a character as error": (
        lambda a: rewritten(a, with_run(error="a\ud800b")),
        "error must be made of whole characters",
    ),
    "a zero in an error": (lambda a: rewritten(a, with_run(error="a\0b")), "whole characters"),
    "a list as note": (lambda a: rewritten(a, with_run(note=[])), "note must be text"),
    "a run of tomorrow": (
        lambda a: rewritten(a, with_run(ended_at="2199-01-01T00:00:00+00:00")),
        "between 2000 and today",
    ),
    "no date": (lambda a: rewritten(a, with_run(created_at=5)), "must be a date"),
    "an orphan": (lambda a: rewritten(a, with_run(parent_epoch=1)), "parent_id and parent_epoch"),
    "a path as dataset": (
        lambda a: rewritten(a, with_config(dataset="/etc/passwd")),
        "a name, not a path",
    ),
    "the folder above": (lambda a: rewritten(a, with_config(dataset="..")), "a name, not a path"),
    "two billion epochs": (
        lambda a: rewritten(a, with_config(epochs=2_000_000_000)),
        r"epochs must be in \[1, 500\], got 2000000000",
    ),
    "a huge network": (
        lambda a: rewritten(a, with_config(dense_layers=[{"units": 4096}] * 5)),
        "too large to train",
    ),
    "an unknown hyperparameter": (
        lambda a: rewritten(a, with_config(evil=1)),
        "unknown field 'evil'",
    ),
    "an accuracy of 150 %": (
        lambda a: rewritten(a, with_epoch(accuracy=1.5)),
        r"run 1: epoch 2: accuracy must be in \[0, 1\], got 1.5",
    ),
    "an epoch left out": (lambda a: rewritten(a, with_epoch(epoch=3)), "numbered 1, 2, 3"),
    "more epochs than planned": (
        lambda a: rewritten(a, with_config(epochs=1)),
        "epochs must be at most 1, got 2",
    ),
    "a test outside its interval": (
        lambda a: rewritten(a, lambda d: d["runs"][0]["test"].update(accuracy_low=0.999)),
        "must lie in its interval",
    ),
    "a file of its own": (
        lambda a: rewritten(a, **{"run.sh": b"rm"}),
        "files must not hold 'run.sh'",
    ),
    "a stopped run without state": (
        lambda a: rewritten(
            a,
            lambda d: (d["runs"][0].update(status="stopped"), d["runs"][0]["files"].pop(STATE)),
            without=[STATE],
        ),
        "to be resumed from",
    ),
    "a state of another network": (lambda a: rewritten(a, state=state(OTHER)), "shapes of its"),
    "a state of another epoch": (
        lambda a: rewritten(a, state=state(epoch=7)),
        "epoch must be 2, got '7'",
    ),
    "a state that is no number": (
        lambda a: rewritten(a, state=state(weights=WEIGHTS)),
        "finite numbers",
    ),
    "a state of another optimiser": (
        lambda a: rewritten(a, state=state(optimizer=[np.zeros(3)])),
        "its optimiser must be adam",
    ),
    "a state that remembers a method": (
        lambda a: rewritten(a, state=state(callbacks=STRAY)),
        "none of ours",
    ),
    "a state that says a lot": (lambda a: rewritten(a, state=state(callbacks=LONG)), "of words"),
    "a state of objects": (pickled, "is refused"),
    "a state of 40 GB": (array_bomb, "not as long as it says"),
    "a state that is no zip": (lambda a: rewritten(a, state=b"state"), "no zip file"),
    "a snapshot of 150 MB": (nested_bomb, "at most 2 MB"),
    "a snapshot of other digits": (
        lambda a: rewritten(a, look=snapshot(probabilities=np.ones((20, 9)))),
        "must be \\(n, 10\\)",
    ),
    "a snapshot of no probabilities": (
        lambda a: rewritten(a, look=snapshot(probabilities=np.full((20, 10), 7.0))),
        r"in \[0, 1\]",
    ),
    "a model of nothing": (lambda a: rewritten(a, tflite=b"tflite"), "model.tflite of .* refused"),
    "a model of half": (lambda a: rewritten(a, tflite=TFLITE[:200_000]), "refused|crash"),
    "a model too large": (
        lambda a: rewritten(a, tflite=bytes(9_000_000)),
        f"at most {largest_model_bytes(CONFIG) / 1e6:.1f} MB",
    ),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_sentence_and_changes_nothing(archive, here, name):
    make, sentence = HOSTILE[name]
    content = make(archive)
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(InputError, match=f"nothing was imported: .*({sentence})") as refused:
        unpack(here, io.BytesIO(content))
    seconds, memory = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)
    assert here.runs() == []
    assert not (here.home / "runs").exists()
    assert seconds < MOST_SECONDS
    assert memory < MOST_MEMORY_BYTES


def test_a_file_that_is_too_large_is_not_even_looked_at(here, archive):
    with pytest.raises(InputError, match="at most 100 MB"):
        unpack(here, io.BytesIO(archive + bytes(LARGEST_BYTES)))


def test_a_file_with_a_few_bytes_changed_is_refused_or_harmless(archive, here, monkeypatch):
    """Whatever is hit, nothing but an InputError comes out, and no half of a run stays."""
    # Trying a model out takes half a second.
    monkeypatch.setattr("digitlab.archive.packing.check_models", lambda models: None)
    chance = random.Random(7)
    places = [chance.randrange(len(archive)) for _ in range(30)]
    directory = range(directory_of(archive), len(archive))
    for place in [*places, *chance.choices(directory, k=60)]:
        content = bytearray(archive)
        content[place] = chance.randrange(256)
        try:
            unpack(here, io.BytesIO(content))
        except InputError:
            assert here.runs() == []
        else:
            here.delete_runs([run.id for run in here.runs()])


def test_a_model_that_crashes_the_runtime_takes_nothing_along(here, archive, monkeypatch):
    monkeypatch.setattr("digitlab.archive.models.sys.executable", "/bin/false")
    with pytest.raises(InputError, match="makes the LiteRT runtime crash"):
        unpack(here, io.BytesIO(archive))


def test_what_fails_while_it_is_written_leaves_nothing(here, archive, monkeypatch):
    def full_disk(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("digitlab.store.files.write_synced", full_disk)
    with pytest.raises(InputError, match="No space left"):
        unpack(here, io.BytesIO(archive))
    assert here.runs() == []
    assert not list((here.home / "runs").glob("*"))
