"""The code of a training, as the Train page shows it."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import pages.ui.train.code
from digitlab.config import TrainingConfig
from digitlab.script import keras_script


def page(values):
    from digitlab.config import TrainingConfig
    from pages.ui.train.code import show_code

    show_code(TrainingConfig(**values))


def shown(opened=True, **values):
    """A page that shows nothing but the code of a config."""
    app = AppTest.from_function(page, kwargs={"values": values}, default_timeout=20)
    app.session_state[pages.ui.train.code.OPEN] = opened
    app.run()
    assert not app.exception
    return app


def buttons(app):
    return {button.label: button.proto for button in app.get("download_button")}


def words(app):
    return " ".join(text.value for text in (*app.markdown, *app.caption))


def test_the_script_of_the_config_is_shown_with_its_lines_numbered():
    (code,) = shown(epochs=3).code
    assert code.value == keras_script(TrainingConfig(epochs=3)).strip()
    assert code.language == "python"
    assert code.proto.show_line_numbers


def test_nothing_is_written_before_the_code_is_opened(monkeypatch):
    written = []
    monkeypatch.setattr(pages.ui.train.code, "keras_script", lambda c: written.append(c) or "")
    app = shown(opened=False)
    assert not written
    assert [expander.label for expander in app.expander] == ["Show the code"]
    assert not app.code
    assert not buttons(app)


def test_it_says_what_the_script_needs():
    assert "`pip install tensorflow`," in words(shown())
    assert "`pip install tensorflow scikit-learn`," in words(shown(split="random"))
    assert "digits.npz" not in words(shown())


def test_for_another_dataset_than_mnist_the_digits_can_be_downloaded_too():
    app = shown(dataset="digits")
    assert "It reads the digits from `digits.npz`" in words(app)
    assert list(buttons(app)) == ["Download the script", "Download its 1,797 digits"]
    assert list(buttons(shown())) == ["Download the script"]


@pytest.mark.parametrize(
    ("at_home", "sentence"),
    [(True, "unknown dataset '/no/such/file.npz'"), (False, "only at the server's own computer")],
)
def test_a_dataset_that_is_not_there_is_one_sentence_and_the_script_stays(
    monkeypatch, at_home, sentence
):
    monkeypatch.setattr("pages.ui.visitor._is_at_home", lambda: at_home)
    app = shown(dataset="/no/such/file.npz")
    (error,) = app.error
    assert sentence in error.value
    assert list(buttons(app)) == ["Download the script"]
    assert len(app.code) == 1


def test_more_digits_than_a_download_should_hold_are_not_offered(monkeypatch):
    monkeypatch.setattr(pages.ui.train.code, "LARGEST_DOWNLOAD", 1_000)
    assert list(buttons(shown(dataset="digits"))) == ["Download the script"]


def test_each_config_has_a_file_name_of_its_own_and_keeps_it():
    name = pages.ui.train.code._file_name
    config = TrainingConfig(dataset="/home/me/my digits.npz")
    assert name(config).startswith("digitlab_my-digits_")
    assert name(config) == name(config.replace())
    assert name(config) != name(config.replace(epochs=9))
    assert Path(name(config)).suffix == ".py"
