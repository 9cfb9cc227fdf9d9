"""Studies in a real worker process: done once, kept, cancelled, failed, killed."""

import os
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from digitlab.config import TrainingConfig
from digitlab.errors import InputError
from digitlab.records import Status
from digitlab.studies import KINDS, Shelf, Study, StudyProgress
from digitlab.worker import FINISHING_SECONDS, PROCESS_DIED, is_nearly_done
from tests.unit.conftest import PATIENCE, kill_worker, wait_until

MODULE = '''
"""Kinds of studies that only the tests know."""
import time
from pathlib import Path

from digitlab.errors import InputError
from digitlab.records import Status


def answer(progress, folder, words):
    note(folder, words)
    return words.encode()


def wait(progress, folder, words):
    note(folder, words)
    while not Path(folder, "go").exists():
        progress(0.5, "half-way")
        time.sleep(0.02)
    return words.encode()


def crawl(progress, folder, words):
    note(folder, words)
    while not Path(folder, "go").exists():
        progress(0.001, "has hardly begun")
        time.sleep(0.02)
    return words.encode()


def train(run, store, worker):
    """In place of a training."""
    while not Path(store.home, "trained").exists():
        time.sleep(0.02)
    return Status.FINISHED


def refuse(progress, sentence):
    raise InputError(sentence)


def stumble(progress):
    return {}["nothing"]


def note(folder, words):
    with Path(folder, "begun").open("a") as file:
        file.write(words + "\\n")
'''


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """A folder with the module of the tests' own kinds."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "kinds_of_tests.py").write_text(MODULE)
    return str(folder)


def teach(jobs, code):
    """Makes the worker know the kinds, which live in a module of their own."""

    def learn(code):
        import sys
        from importlib import import_module

        from digitlab import worker
        from digitlab.studies import KINDS

        sys.path.insert(0, code)
        worker._train = import_module("kinds_of_tests").train
        names = ("answer", "wait", "crawl", "refuse", "stumble")
        KINDS.update({name: f"kinds_of_tests:{name}" for name in names})

    client = jobs._tasks.connect()
    client.wait_for_workers(1, PATIENCE)
    client.run(learn, code)


@pytest.fixture
def studies(jobs, code):
    """Jobs whose worker knows the kinds, with nothing left behind by another test."""
    teach(jobs, code)
    yield jobs
    wait_until(lambda: not jobs._tasks._futures)


def do(jobs, study):
    """Asks for a study, and waits for its end."""
    jobs.study(study)
    assert jobs.wait(study.key, PATIENCE)


def begun(folder):
    """What has begun in a folder, in order."""
    path = Path(folder, "begun")
    return path.read_text().split() if path.exists() else []


def study_in(folder, kind="answer", words="found"):
    return Study.of(kind, folder=str(folder), words=words)


def test_a_study_is_named_by_its_content_alone():
    study = Study.of("answer", words="x", folder="y")
    assert study == Study.of("answer", folder="y", words="x")
    assert study.key == Study.of("answer", folder="y", words="x").key
    others = [
        Study.of("answer", folder="y", words="z"),
        Study.of("wait", folder="y", words="x"),
    ]
    assert study.key not in [other.key for other in others]


def test_a_study_is_done_once_and_its_result_kept(studies, tmp_path):
    study = study_in(tmp_path)
    assert studies.shelf.result(study) is None
    do(studies, study)
    assert studies.shelf.result(study) == b"found"
    assert (studies.study_progress(study), studies.study_error(study)) == (None, None)
    do(studies, study)
    assert begun(tmp_path) == ["found"]
    assert Shelf(studies.store.home).result(study) == b"found"


def test_whoever_asks_while_it_is_done_waits_for_the_same(studies, tmp_path):
    study = study_in(tmp_path, "wait")
    studies.study(study)
    wait_until(lambda: begun(tmp_path))
    studies.study(study)
    (tmp_path / "go").touch()
    assert studies.wait(study.key, PATIENCE)
    assert studies.shelf.result(study) == b"found"
    assert begun(tmp_path) == ["found"]


def test_a_study_tells_how_far_it_is(studies, tmp_path):
    study = study_in(tmp_path, "wait")
    assert studies.study_progress(study) is None
    studies.study(study)
    assert studies.study_progress(study) is not None
    wait_until(lambda: studies.study_progress(study) == StudyProgress(0.5, "half-way"))
    (tmp_path / "go").touch()
    assert studies.wait(study.key, PATIENCE)
    assert studies.study_progress(study) is None


@pytest.mark.parametrize(
    ("study", "sentence"),
    [
        (Study.of("refuse", sentence="there are no digits"), "there are no digits"),
        (Study.of("stumble"), "KeyError: 'nothing'"),
        (Study.of("no such kind"), "KeyError: 'no such kind'"),
        (Study.of("stumble", more=1), "TypeError: stumble() got an unexpected keyword"),
    ],
    ids=["its own sentence", "a fault", "no such kind", "other arguments"],
)
def test_what_fails_says_why_in_one_sentence_and_keeps_nothing(studies, study, sentence):
    do(studies, study)
    assert studies.study_error(study).startswith(sentence)
    assert "\n" not in studies.study_error(study)
    assert studies.shelf.result(study) is None
    assert studies.study_progress(study) is None


def test_what_failed_can_be_tried_again(studies, tmp_path):
    study = study_in(tmp_path / "missing")
    do(studies, study)
    assert "FileNotFoundError" in studies.study_error(study)
    (tmp_path / "missing").mkdir()
    do(studies, study)
    assert studies.study_error(study) is None
    assert studies.shelf.result(study) == b"found"


def test_a_cancelled_study_ends_without_result_or_error_and_can_be_asked_for_again(
    studies, tmp_path
):
    study, other = study_in(tmp_path, "wait"), study_in(tmp_path, words="other")
    studies.study(study)
    wait_until(lambda: begun(tmp_path))
    studies.cancel_study(study)
    assert studies.study_progress(study) is None
    do(studies, other)  # the worker is free again
    assert (studies.shelf.result(study), studies.study_error(study)) == (None, None)
    (tmp_path / "go").touch()
    do(studies, study)
    assert studies.shelf.result(study) == b"found"
    assert begun(tmp_path) == ["found", "other", "found"]


def test_a_study_taken_back_while_it_waits_gives_up_its_place_and_never_begins(
    studies, tmp_path, monkeypatch
):
    first, second, third = (study_in(tmp_path, "wait", words) for words in ("1", "2", "3"))
    monkeypatch.setattr("digitlab.errands.LONGEST_ERRAND_QUEUE", 2)
    studies.study(first)
    wait_until(lambda: begun(tmp_path))
    studies.study(second)
    with pytest.raises(InputError, match="at most 2 measurements and studies can wait"):
        studies.study(third)
    studies.cancel_study(second)
    assert studies.study_progress(second) is None
    studies.study(third)
    (tmp_path / "go").touch()
    assert studies.wait(third.key, PATIENCE)
    assert begun(tmp_path) == ["1", "3"]
    assert studies.shelf.result(second) is None


def test_a_study_cancelled_and_asked_for_at_once_is_not_lost(studies, tmp_path):
    study = study_in(tmp_path, "wait")
    studies.study(study)
    wait_until(lambda: begun(tmp_path))
    studies.cancel_study(study)
    studies.study(study)
    (tmp_path / "go").touch()
    assert studies.wait(study.key, PATIENCE)
    assert studies.shelf.result(study) == b"found"
    assert studies.study_error(study) is None


def test_a_killed_worker_does_not_repeat_the_study_it_died_of(studies, code, tmp_path):
    doomed = study_in(tmp_path, "wait")
    studies.study(doomed)
    wait_until(lambda: begun(tmp_path))
    kill_worker(studies)
    assert studies.wait(doomed.key, PATIENCE)
    assert studies.study_error(doomed) == PROCESS_DIED
    assert begun(tmp_path) == ["found"]
    teach(studies, code)
    (tmp_path / "go").touch()
    do(studies, doomed)
    assert studies.shelf.result(doomed) == b"found"
    assert not [path.name for path in studies.store.home.glob(".*-*")], "marks are left behind"


def test_a_study_lets_a_training_go_first_and_begins_anew_after_it(studies, tmp_path):
    study = study_in(tmp_path, "crawl")
    studies.study(study)
    wait_until(lambda: studies.study_progress(study).words == "has hardly begun")
    run_id = studies.submit(TrainingConfig(dataset="digits"))
    wait_until(lambda: studies.store.run(run_id).status is Status.RUNNING)
    told = StudyProgress(0.0, "lets a training go first")
    wait_until(lambda: studies.study_progress(study) == told)
    assert begun(tmp_path) == ["found"]
    (tmp_path / "go").touch()
    (studies.store.home / "trained").touch()
    assert studies.wait(study.key, PATIENCE)
    assert studies.store.run(run_id).status is Status.FINISHED
    assert studies.shelf.result(study) == b"found"
    assert studies.study_error(study) is None
    assert begun(tmp_path) == ["found", "found"]


@pytest.mark.parametrize(
    ("fraction", "seconds", "done"),
    [
        (0.0, 0.0, False),
        (0.0, 1000.0, False),
        (0.5, FINISHING_SECONDS - 1, True),
        (0.5, FINISHING_SECONDS + 1, False),
        (0.99, 60 * FINISHING_SECONDS, True),
        (1.0, 1e6, True),
    ],
)
def test_a_study_that_ends_in_a_few_seconds_is_let_end(fraction, seconds, done):
    assert is_nearly_done(fraction, seconds) is done


def test_the_shelf_keeps_the_results_that_were_used_last(tmp_path, monkeypatch):
    monkeypatch.setattr("digitlab.studies.KEPT_RESULTS", 2)
    shelf = Shelf(tmp_path)
    old, read, new = (Study.of("answer", words=words) for words in ("old", "read", "new"))
    for age, study in ((300, read), (200, old)):
        shelf.keep(study, study.kind.encode())
        os.utime(tmp_path / "studies" / study.key, (time.time() - age,) * 2)
    assert shelf.result(read)
    shelf.keep(new, b"")
    assert [shelf.result(study) for study in (old, read, new)] == [None, b"answer", b""]


def test_a_result_that_is_let_go_while_it_is_read_stays_away(tmp_path, monkeypatch):
    shelf, study = Shelf(tmp_path), Study.of("similarity", dataset="digits")
    shelf.keep(study, b"found")
    read = Path.read_bytes

    def read_and_lose(path):
        content = read(path)
        path.unlink()
        return content

    monkeypatch.setattr(Path, "read_bytes", read_and_lose)
    assert shelf.result(study) is None
    assert not list((tmp_path / "studies").iterdir())


def test_marks_of_cancelled_studies_are_no_results(tmp_path, monkeypatch):
    monkeypatch.setattr("digitlab.studies.KEPT_RESULTS", 1)
    shelf = Shelf(tmp_path)
    cancelled, kept = Study.of("wait"), Study.of("answer")
    shelf.cancel(cancelled)
    shelf.keep(kept, b"found")
    assert shelf.is_cancelled(cancelled)
    assert shelf.result(kept) == b"found"
    shelf.welcome(cancelled)
    assert not shelf.is_cancelled(cancelled)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_names_a_function_that_is_told_whom_to_tell(kind):
    module, _, function = KINDS[kind].partition(":")
    source = Path(find_spec(module).origin).read_text()
    assert f"def {function}(" in source
    assert source.partition(f"def {function}(")[2].lstrip().startswith("progress: Progress")
