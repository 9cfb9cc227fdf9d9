"""The command line: one sentence and exit 2 for bad input, one JSON document for --json."""

import json
import re
import socket
import sys
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitlab.__main__ import main
from digitlab.archive import pack, unpack
from digitlab.config import TrainingConfig
from digitlab.costs import Speed, speed_key
from digitlab.domains import declared
from digitlab.jobs import get_jobs
from digitlab.presets import PRESETS
from digitlab.records import Status
from digitlab.store import Store


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLAB_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("digitlab.jobs._jobs", None)
    return tmp_path


def run(*arguments):
    """The exit status of a command, however it ends."""
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as ended:
        return ended.code


@pytest.fixture
def seven(home):
    """A seven, drawn dark on light."""
    pixels = np.full((280, 280), 255, np.uint8)
    pixels[50:70, 80:200] = 0
    for row in range(50, 230):
        column = 200 - (row - 50) // 2
        pixels[row, column - 20 : column] = 0
    path = home / "seven.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--preset", "nonsense"], "preset must be one of"),
        (["train", "--epochs", "0"], "epochs must be in [1, 500], got 0"),
        (["train", "--epochs", "many"], "epochs must be a whole number, got 'many'"),
        (["train", "--rotation", "nan"], "rotation must be a number in [0, 180], got nan"),
        (
            ["train", "--conv_blocks", '[{"dropout": 1.5}]'],
            "conv_blocks[1]: dropout must be in [0, 1), got 1.5",
        ),
        (["train", "--conv_blocks", "[{]"], "conv_blocks must be a JSON list"),
        (["train", "--dataset", "no-such.npz"], "no-such.npz"),
        (["evaluate", "nobody"], "there is no run 'nobody'"),
        (["evaluate", "pretrained", "--data", "no-such.csv"], "no-such.csv"),
        (["predict", "pretrained", "no-such.png"], "no-such.png cannot be read"),
        (["export", "nobody", "--format", "keras", "-o", "x"], "there is no run 'nobody'"),
        (["export", "pretrained", "--format", "word", "-o", "x"], "invalid choice: 'word'"),
        (["train", "--no_such", "1"], "unrecognized arguments"),
        ([], "required"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_sentence_and_exit_2(arguments, words, capsys):
    assert run(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("kind", ["text", "blank", "huge", "truncated"])
def test_a_bad_picture_is_named(kind, home, seven, capsys):
    path = home / f"{kind}.png"
    if kind == "text":
        path.write_text("I am no picture")
    elif kind == "blank":
        Image.new("L", (280, 280), 255).save(path)
    elif kind == "huge":
        Image.new("1", (10_000, 10_000)).save(path)
    else:
        path.write_bytes(seven.read_bytes()[:200])
    assert run("predict", "pretrained", path) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{kind}.png" in err
    assert err.count("\n") == 1


def test_a_picture_is_read(seven, capsys):
    assert run("predict", "pretrained", seven, seven, "--json") == 0
    answers = json.loads(capsys.readouterr().out)
    assert [answer["image"] for answer in answers] == [str(seven)] * 2
    for answer in answers:
        assert answer["label"] == 7
        assert answer["is_digit"]
        assert answer["confidence"] == max(answer["probabilities"])
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)


def test_what_is_no_digit_is_said_to_be_none(home, seven, capsys):
    dot = home / "dot.png"
    picture = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(picture).ellipse((130, 130, 150, 150), fill=0)
    picture.save(dot)
    assert run("predict", "pretrained", seven, dot) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r".*seven\.png: 7 \([\d.]+%\)", lines[0])
    assert re.fullmatch(r".*dot\.png: no digit; nearest \d \([\d.]+%\)", lines[1])
    assert run("predict", "pretrained", dot, "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["is_digit"] is False


def test_evaluation_holds_what_the_contract_says(capsys):
    assert run("evaluate", "pretrained", "--data", "digits", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert {"accuracy", "loss", "n", "per_class", "confusion"} <= document.keys()
    assert sum(map(sum, document["confusion"])) == document["n"] == 360
    right = sum(document["confusion"][i][i] for i in range(10))
    assert document["accuracy"] == pytest.approx(right / 360)


def test_a_folder_of_pictures_is_evaluated_whole(home, seven, capsys):
    for label in (7, 1):
        (home / "mine" / str(label)).mkdir(parents=True)
    for i in range(3):
        (home / "mine" / "7" / f"{i}.png").write_bytes(seven.read_bytes())
    (home / "mine" / "1" / "wrong.png").write_bytes(seven.read_bytes())
    assert run("evaluate", "pretrained", "--data", home / "mine", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["n"], document["accuracy"]) == (4, 0.75)


def test_every_hyperparameter_is_an_option(capsys):
    assert run("train", "--help") == 0
    text = capsys.readouterr().out
    assert all(f"--{parameter.name} " in text for parameter in declared(TrainingConfig))


def test_presets_are_listed_with_their_parameters(capsys):
    assert run("presets", "--json") == 0
    listed = {d["preset"]: d["parameters"] for d in json.loads(capsys.readouterr().out)}
    assert listed.keys() == PRESETS.keys()
    assert listed["tutorialspoint"] == 225_034


def test_no_runs_yet_says_what_to_do(capsys):
    assert run("runs") == 0
    assert "no runs yet" in capsys.readouterr().out
    assert run("runs", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.fixture
def jobs(home, monkeypatch):
    """Jobs of a machine with little memory, or with a network known to be slow; none begins."""
    jobs = get_jobs()
    monkeypatch.setattr(jobs, "free_memory", lambda: 8_000_000_000)
    jobs.submitted = []
    monkeypatch.setattr(jobs, "submit", lambda config, preset: jobs.submitted.append(config))
    monkeypatch.setattr("digitlab.progress.follow", lambda jobs, run_id: sys.exit(0))
    return jobs


def takes(jobs, hours):
    """As if `first-steps` had been measured."""
    config = PRESETS["first-steps"].config
    step = hours * 3600 / config.epochs / 41
    jobs.store.keep_speed(
        Speed(speed_key(config, 41), step, 0.0, 0.0, 0.0, 1.0), socket.gethostname()
    )


TRAIN = ("train", "--preset", "first-steps")


def test_what_a_training_costs_is_said_before_it_starts(jobs, capsys):
    takes(jobs, 0.5)
    assert run(*TRAIN) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("About 2 min an epoch, 30 min in all · ")
    assert err.endswith("(measured on this machine for this very configuration)\n")
    assert jobs.submitted == [PRESETS["first-steps"].config]


def test_hours_are_to_be_agreed_to(jobs, capsys):
    takes(jobs, 3)
    assert run(*TRAIN) == 2
    assert capsys.readouterr() == (
        "",
        "digitlab: this training takes about 3 h: add --yes to start it\n",
    )
    assert not jobs.submitted
    assert run(*TRAIN, "--yes") == 0
    assert jobs.submitted


def test_what_would_not_end_or_not_fit_is_refused_agreed_or_not(jobs, monkeypatch, capsys):
    takes(jobs, 29)
    assert run(*TRAIN, "--yes") == 2
    assert "set epochs to 12 at most" in capsys.readouterr().err
    takes(jobs, 0.1)
    monkeypatch.setattr(jobs, "free_memory", lambda: 200_000_000)
    assert run(*TRAIN, "--yes") == 2
    assert "200 MB are free" in capsys.readouterr().err
    assert not jobs.submitted


def test_a_run_is_trained_listed_evaluated_and_exported(home, capsys):
    blocks, dense = '[{"filters": 4}]', '[{"units": 8}]'
    status = run(
        "train", "--preset", "first-steps", "--epochs", 2, "--conv_blocks", blocks,
        "--dense_layers", dense, "--json",
    )  # fmt: skip
    assert status == 0
    document = json.loads(capsys.readouterr().out)
    assert [epoch["epoch"] for epoch in document["epochs"]] == [1, 2]
    assert document["test"]["n"] == 360
    run_id = document["run"]

    assert run("runs", "--json") == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["run"], listed["status"]) == (run_id, "finished")

    assert run("evaluate", run_id, "--json") == 0
    evaluated = json.loads(capsys.readouterr().out)
    assert evaluated["accuracy"] == pytest.approx(document["test"]["accuracy"])

    for format in ("keras", "litert", "python"):
        path = home / f"out.{format}"
        assert run("export", run_id, "--format", format, "-o", path) == 0
        assert path.stat().st_size > 0
    compile((home / "out.python").read_text(), "out.python", "exec")


def test_the_model_of_an_imported_run_is_never_opened(home, capsys):
    there = Store(home / "there")
    run_id = there.create_run(TrainingConfig(), None, "me")
    there.end_run(run_id, Status.FINISHED)
    there.add_artefact(run_id, "model.keras", b"a stranger's")
    unpack(Store(), BytesIO(pack(there, there.runs())))
    path = home / "model"
    assert run("export", run_id, "--format", "onnx", "-o", path) == 2
    assert f"run {run_id} was imported" in capsys.readouterr().err
    assert run("export", run_id, "--format", "keras", "-o", path) == 0
    assert path.read_bytes() == b"a stranger's"
