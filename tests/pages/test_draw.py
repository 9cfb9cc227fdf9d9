"""Draw, with a canvas that was drawn on beforehand."""

import base64
import io

import pytest
from PIL import Image, ImageDraw

from digitlab import pictures
from digitlab.config import TrainingConfig
from digitlab.jobs import get_jobs
from digitlab.recognisers import litert_model
from digitlab.records import Status, TestResult

SIDE = 280
CANVAS = "draw_canvas_0"

EMPTY = "Draw a digit"
SEVEN = [(80, 70), (200, 70), (130, 220)]
ONE = [(140, 50), (140, 230)]


def drawing(*strokes):
    """What the canvas sends: Fabric's objects, and the picture as a data URL."""
    image = Image.new("RGBA", (SIDE, SIDE), "black")
    for stroke in strokes:
        ImageDraw.Draw(image).line(stroke, fill="white", width=20, joint="curve")
    return {"drawing": {"raw": {"objects": [{"type": "Path"}] * len(strokes)}, "data": url(image)}}


def url(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def says(app):
    return app.header[0].value


@pytest.fixture
def drawn(visit):
    """Draw with strokes on the canvas."""

    def draw(*strokes, **query):
        app = visit("draw", **query)
        app.session_state[CANVAS] = drawing(*strokes)
        return app.run()

    return draw


def test_an_empty_canvas_says_what_to_do(visit):
    app = visit("draw")
    assert says(app) == EMPTY
    assert not app.error
    assert app.button(key="draw_delete").disabled


@pytest.mark.parametrize(("strokes", "answer"), [([SEVEN], "I read a 7"), ([ONE], "I read a 1")])
def test_a_drawn_digit_is_read(drawn, strokes, answer):
    assert says(drawn(*strokes)).startswith(answer)


def test_every_stage_of_the_road_is_shown(drawn):
    captions = [picture.captions[0] for picture in drawn(SEVEN).image]
    assert captions[:2] == ["What the network sees: 28×28 pixels", "1. As it came"]
    assert captions[-1] == "6. Centred by its mass"


def test_clear_starts_over_with_a_fresh_canvas(drawn):
    app = drawn(SEVEN)
    app.button(key="draw_delete").click().run()
    assert says(app) == EMPTY
    assert app.session_state["draw_given"] is None


def test_undo_takes_the_last_stroke_back(drawn):
    app = drawn(ONE)
    app.session_state[CANVAS] = drawing(ONE, [(40, 40), (240, 40)])
    app.run()
    app.button(key="draw_undo").click().run()
    assert says(app).startswith("I read a 1")
    assert len(app.session_state["draw_given"]["objects"]) == 1


def test_the_drawing_survives_a_visit_to_another_page(drawn):
    app = drawn(SEVEN)
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/draw.py").run()
    assert says(app).startswith("I read a 7")
    assert app.session_state["draw_given"] == app.session_state["draw_history"][-1].strokes


def test_a_run_that_does_not_exist_is_said_so_in_one_sentence(visit):
    app = visit("draw", draw_run="no-such-run")
    assert [warning.value for warning in app.warning] == [
        "There is no run 'no-such-run' with a finished model; the pretrained recogniser answers "
        "instead."
    ]
    assert not app.error


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        ("data:image/png;base64,AAAA", "The drawing is"),
        (url(Image.new("L", (600, 600))), "280×280"),
        ("https://example.org/seven.png", "PNG data URL"),
    ],
)
def test_a_forged_drawing_gets_a_sentence_and_no_answer(visit, picture, sentence):
    app = visit("draw")
    app.session_state[CANVAS] = {
        "drawing": {"raw": {"objects": [{"type": "Path"}]}, "data": picture}
    }
    app.run()
    assert sentence in app.error[0].value
    assert says(app) == EMPTY


def test_another_run_can_be_chosen_by_the_address(visit):
    store = get_jobs().store
    run_id = store.create_run(TrainingConfig(dataset="digits"), None, owner="elsewhere 1 1.0")
    store.start_run(run_id)
    store.set_test(run_id, TestResult(0.97, 0.95, 0.98, 0.1, 360))
    store.add_artefact(run_id, "model.tflite", litert_model(store, "pretrained"))
    store.end_run(run_id, Status.FINISHED)
    app = visit("draw", draw_run=run_id)
    assert app.selectbox(key="draw_run").value == run_id
    captions = [caption.value for caption in app.caption]
    assert "97.00 % (95.0–98.0) on the test digits of digits" in captions


@pytest.mark.parametrize("link", ["[a](https://b.example)", "![a](//b.example)", "www.b.example"])
def test_an_address_cannot_put_links_on_the_page(visit, link):
    said = visit("draw", draw_run=link).warning[0].value
    assert "](" not in said
    assert "://" not in said
    assert "www." not in said


def png(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def uploaded(visit, name, content):
    app = visit("draw")
    app.segmented_control(key="draw_source").set_value("Upload a picture").run()
    app.file_uploader(key="draw_upload").upload(name, content, "image/png").run()
    return app


def test_a_picture_of_dark_ink_on_light_paper_is_read(visit):
    paper = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(paper).line([(150, 60), (250, 60), (190, 240)], fill="navy", width=22)
    assert says(uploaded(visit, "seven.png", png(paper))).startswith("I read a 7")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.png", b"a text file named .png", "notes.png is not a"),
        ("broken.png", png(Image.new("L", (50, 50)))[:40], "broken.png is"),
        ("huge.png", png(Image.new("1", (10_000, 10_000))), "megapixels"),
        ("blank.png", png(Image.new("L", (50, 50), 255)), "There is nothing to read"),
    ],
)
def test_a_bad_picture_gets_one_clear_sentence(visit, name, content, sentence):
    app = uploaded(visit, name, content)
    assert len(app.error) == 1
    assert sentence in app.error[0].value
    assert says(app) == "Choose a picture of one digit"


@pytest.fixture
def decoded(monkeypatch):
    """The names of the uploads that were decoded since."""
    names = []

    def decode(image, name):
        names.append(name)
        return _decode(image, name)

    _decode = pictures._decode
    monkeypatch.setattr(pictures, "_decode", decode)
    return names


def test_an_upload_is_decoded_once_however_often_the_page_runs(visit, decoded):
    paper = Image.new("L", (300, 300), "white")
    ImageDraw.Draw(paper).line(ONE, fill="black", width=20)
    app = uploaded(visit, "one.png", png(paper))
    app.run()
    assert says(app).startswith("I read a 1")
    assert decoded == ["one.png"]


@pytest.mark.parametrize(
    ("raw", "picture"),
    [
        ({"objects": [{"type": "Path"}]}, "data:image/png;base64," + "A" * 800_000),
        ({"objects": [{"type": "Path", "path": "M" * 200_000}]}, "data:image/png;base64,AAAA"),
    ],
    ids=["picture", "strokes"],
)
def test_a_drawing_too_large_is_not_kept_and_can_be_cleared(drawn, raw, picture):
    app = drawn(SEVEN)
    app.session_state[CANVAS] = {"drawing": {"raw": raw, "data": picture}}
    app.run()
    assert [error.value for error in app.error] == [
        "The drawing is too large to be kept: clear it and draw one digit."
    ]
    assert len(app.session_state["draw_history"]) == 1
    app.button(key="draw_delete").click().run()
    assert not app.error
    assert says(app) == EMPTY


def test_a_second_click_on_undo_does_nothing(drawn):
    app = drawn(SEVEN)
    app.session_state["draw_history"] = []  # as the first click leaves it
    app.session_state["draw_mount"] = 1
    app.button(key="draw_undo").click().run()
    assert not app.error
    assert not app.exception
    assert says(app) == EMPTY
