"""A visitor's own datasets: added, looked at, trained on, evaluated on, removed, kept apart."""

import gc
import io
import os
import re
import weakref

import numpy as np
import pytest
from streamlit.runtime.uploaded_file_manager import UploadedFile

from digitlab.config import TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.errors import InputError
from digitlab.jobs import get_jobs
from digitlab.sources.arrays import Contents
from digitlab.sources.fashion import CLASS_NAMES
from digitlab.sources.uploads import AT_HOME, add_upload, uploads_of
from pages.ui import cache
from pages.ui import visitor as visitors
from pages.ui.answers import a
from tests.pages.conftest import says

DIGITS = load_dataset("digits")
MINE = "mine.npz"


def npz(count=300, start=0):
    stream = io.BytesIO()
    rows = slice(start, start + count)
    np.savez(stream, x=DIGITS.images[rows], y=DIGITS.labels[rows])
    return stream.getvalue()


@pytest.fixture(autouse=True)
def without_mnist(tmp_path, monkeypatch):
    monkeypatch.delenv("DIGITLAB_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr("digitlab.sources.mnist.SHARED_KERAS_HOME", tmp_path / "shared")


@pytest.fixture
def mine(at_home, home):
    """A dataset that the visitor at home has added before."""
    return add_upload({MINE: io.BytesIO(npz())}, AT_HOME)


def uploader(app, page="explore"):
    return next(u for u in app.file_uploader if u.key.startswith(f"{page}_files"))


def upload(app, name, content):
    uploader(app).upload(name, content)
    app.run()
    assert not app.exception
    return app


def test_an_upload_is_said_in_words_chosen_and_shown(visit):
    app = upload(visit("explore"), MINE, npz())
    (success,) = app.success
    assert success.value == ("mine.npz: 300 digits, 0–9, 28×28, read from the arrays x, y.")
    assert app.selectbox(key="explore_dataset").value == MINE
    assert "300 digits of yours: 240 training, 60 test." in says(app)
    assert f"**This is a {DIGITS.labels[0]}.**" in says(app)


def test_a_wrong_file_is_one_sentence_and_the_page_stays(visit):
    app = upload(visit("explore"), "mine.csv", b"1,2,3\n")
    (error,) = app.error
    assert error.value.startswith("Not added: mine.csv must have 785 columns")
    assert "1,797 digits" in says(app)
    assert not uploader(app).value, "the chooser is empty again"


def test_a_dataset_can_be_removed_and_its_memory_comes_back(visit, mine):
    app = visit("explore", explore_dataset=MINE)
    assert "300 digits of yours" in says(app)
    app.button(key=f"explore_remove_{mine.digest}").click().run()
    assert not app.exception
    assert not app.error
    assert uploads_of(AT_HOME) == ()
    assert app.selectbox(key="explore_dataset").value == "digits"
    assert "1,797 digits" in says(app)


def test_a_removed_dataset_is_no_longer_held(at_home, mine):
    held = weakref.ref(cache.dataset(mine.name).images)
    assert cache.dataset(mine.name).images is held()
    cache.forget_dataset(mine.name)
    gc.collect()
    assert held() is None


def test_a_dataset_that_was_evaluated_on_is_no_longer_held_once_it_is_removed(visit, mine):
    app = visit("evaluate", evaluate_run="pretrained", evaluate_dataset=MINE)
    held = weakref.ref(cache.dataset(mine.name).images)
    app.switch_page("pages/explore.py").run()
    app.button(key=f"explore_remove_{mine.digest}").click().run()
    assert not app.exception
    gc.unfreeze()
    gc.collect()
    assert held() is None


def test_what_came_is_not_copied_before_it_is_read(visit, monkeypatch):
    monkeypatch.setattr(UploadedFile, "__deepcopy__", lambda file, seen: 1 / 0, raising=False)
    app = visit("explore")
    upload(app, MINE, npz())
    assert "300 digits of yours" in says(app)


def test_nobody_learns_of_another_s_dataset_what_was_counted_for_its_owner(mine, monkeypatch):
    config = TrainingConfig(dataset=mine.name)
    assert cache.digits_of(config).all == 300
    monkeypatch.setattr(visitors, "visitor", lambda: "somebodyelse")
    with pytest.raises(InputError, match="somebody else brought it"):
        cache.digits_of(config)


def test_a_file_that_was_written_anew_is_read_anew(at_home, tmp_path):
    path = tmp_path / MINE
    for count in (200, 300):
        path.write_bytes(npz(count))
        os.utime(path, (count, count))
        assert len(cache.dataset(str(path))) == count


def test_runs_are_found_by_what_their_visitor_calls_the_dataset(visit, mine):
    store = get_jobs().store
    run_id = store.create_run(TrainingConfig(dataset=mine.name), None, "elsewhere 1 1.0")
    store.create_run(TrainingConfig(dataset="digits"), None, "elsewhere 1 1.0")
    app = visit("runs", runs_dataset=MINE, runs_text="mine")
    assert app.selectbox(key="runs_dataset").options == ["any dataset", "digits", MINE]
    assert list(app.dataframe[0].value["id"]) == [run_id]


def test_what_was_added_at_home_is_there_in_another_session(visit, mine):
    assert MINE in visit("explore").selectbox(key="explore_dataset").options


def test_visitors_from_elsewhere_do_not_see_each_others_datasets(visit):
    first = upload(visit("explore"), MINE, npz())
    second = visit("explore", explore_dataset=MINE)
    assert MINE in first.selectbox(key="explore_dataset").options
    assert MINE not in second.selectbox(key="explore_dataset").options
    assert "1,797 digits" in says(second)


def test_a_dataset_can_be_trained_on_and_is_called_by_its_name(visit, mine):
    app = visit("train", train_preset="first-steps")
    field = next(box for box in app.selectbox if box.label == "Dataset")
    field.select(MINE).run()
    assert not app.exception
    assert any("dataset digits → mine.npz" in caption.value for caption in app.caption)
    next(button for button in app.button if button.label == "Start training").click().run()
    (run,) = get_jobs().store.runs()
    assert run.config.dataset == mine.name


@pytest.fixture
def clothes(monkeypatch):
    """Fashion-MNIST is here, if a small one: pictures of digits, which do not matter.

    The last label is wrong, so that no network reads them all rightly.
    """
    labels = DIGITS.labels[:300].copy()
    labels[-1] = (labels[-1] + 1) % 10
    contents = Contents(DIGITS.images[:300].copy(), labels, 240)
    monkeypatch.setattr("digitlab.datasets.find_fashion_mnist", lambda: True)
    monkeypatch.setattr("digitlab.datasets.read_fashion_mnist", lambda: contents)


def test_clothes_are_called_by_their_names(visit, clothes):
    app = visit("explore", explore_dataset="fashion_mnist")
    assert not app.error
    assert "Its classes: 0 T-shirt/top · 1 Trouser" in says(app)
    assert f"**This is {a(CLASS_NAMES[DIGITS.labels[0]])}.** Training picture 0." in says(app)
    assert "300 pictures of clothes of ten kinds" in says(app)


def test_a_filter_of_clothes_names_them_and_leaves_with_them(visit, clothes):
    name = CLASS_NAMES[DIGITS.labels[0]]
    app = visit("explore", explore_dataset="fashion_mnist", explore_label=name)
    shown = (DIGITS.labels[:240] == DIGITS.labels[0]).sum()
    assert f"{shown} pictures. Pick one" in says(app)
    app.selectbox(key="explore_dataset").set_value("digits").run()
    assert not app.exception
    assert not app.error
    assert "1,437 digits. Pick one" in says(app)


@pytest.mark.parametrize(
    "view", ["Classes", "Pixel values", "Table", "Map", "Unusual", "Label detective"]
)
def test_no_view_of_clothes_speaks_of_digits(visit, clothes, view):
    app = visit("explore", explore_dataset="fashion_mnist", explore_view=view)
    assert not app.exception
    assert not app.error
    about_others = ("Look at the digits", "MNIST is", "A labelled", "- ", "Or clothes", "99.")
    told = [words for words in says(app).splitlines() if "digit" in words]
    assert not [words for words in told if not words.startswith(about_others)]


def test_what_a_network_makes_of_clothes_is_said_in_their_names(visit, clothes):
    app = visit("evaluate", evaluate_dataset="fashion_mnist")
    assert not app.error
    names = "|".join(re.escape(a(name)) for name in CLASS_NAMES)
    assert re.search(rf"sure this is ({names})\. It is ({names})\.", says(app))


def test_fashion_mnist_is_offered_where_it_is_missing(visit):
    app = visit("explore")
    assert app.button(key="fashion_mnist_download").label == "Download Fashion-MNIST"
    assert "fashion_mnist" not in app.selectbox(key="explore_dataset").options


def test_what_is_added_on_the_train_page_is_what_the_form_trains_on(visit):
    app = visit("train", train_preset="first-steps")
    uploader(app, "train").upload(MINE, npz())
    app.run()
    assert not app.exception
    assert not app.warning
    assert next(box for box in app.selectbox if box.label == "Dataset").value.startswith("upload:")
    assert any("dataset digits → mine.npz" in caption.value for caption in app.caption)


def test_a_network_can_be_evaluated_on_it(visit, mine):
    app = visit("evaluate", evaluate_dataset=MINE)
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="evaluate_dataset").value == MINE
    assert "on the 300 test digits of mine.npz" in says(app)


@pytest.mark.parametrize("name", ["/etc/passwd", "upload:" + "0" * 20, "../../etc/passwd"])
@pytest.mark.parametrize(
    ("page", "key"), [("explore", "explore_dataset"), ("evaluate", "evaluate_dataset")]
)
def test_no_address_and_no_forged_choice_reads_a_file_of_the_server(visit, page, key, name):
    app = visit(page, **{key: name})
    assert not app.error
    box = app.selectbox(key=key)
    honest = list(box.options)
    box.options.append(name)
    box.set_value(name).run()
    assert app.selectbox(key=key).value in honest
    assert not app.exception


def test_a_stranger_cannot_read_another_s_dataset_nor_a_file_by_a_run_that_names_it(visit, home):
    other = add_upload({MINE: io.BytesIO(npz())}, "other")
    np.savez(home / "secret.npz", x=DIGITS.images, y=DIGITS.labels)
    store = get_jobs().store
    for name, sentence in (
        (other.name, "somebody else brought it"),
        (str(home / "secret.npz"), "only at the server's own computer"),
    ):
        run = store.create_run(TrainingConfig(dataset=name), None, f"{os.uname().nodename} 1 1")
        with pytest.raises(Exception, match=sentence):
            cache.dataset(store.run(run).config.dataset)


@pytest.mark.parametrize(
    ("address", "headers", "expected"),
    [
        (None, {"Origin": "http://localhost:8501"}, True),
        (None, {"Origin": "http://127.0.0.1:8501"}, True),
        (None, {"Origin": "http://[::1]:8501"}, True),
        ("::ffff:127.0.0.1", {"Origin": "http://127.0.0.1:8501"}, True),
        ("::ffff:192.168.0.7", {"Origin": "http://127.0.0.1:8501"}, False),
        (None, {"Origin": "https://digits.example.org"}, False),
        (None, {"Origin": "http://localhost.example.org"}, False),
        (None, {}, False),
        (None, {"Origin": "http://localhost:8501", "X-Forwarded-For": "9.9.9.9"}, False),
        ("192.168.0.7", {"Origin": "http://localhost:8501"}, False),
    ],
)
def test_at_home_is_who_uses_this_computer_s_own_address(monkeypatch, address, headers, expected):
    class Context:
        ip_address = address

    Context.headers = headers
    monkeypatch.setattr(visitors.st, "context", Context)
    assert visitors._is_at_home() is expected
