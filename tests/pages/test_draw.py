"""Draw, with a canvas that was drawn on beforehand."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw

from digitlab import pictures
from digitlab.config import TrainingConfig
from digitlab.jobs import get_jobs
from digitlab.preprocessing import ROAD
from digitlab.recognisers import litert_model
from digitlab.records import Status, TestResult
from digitlab.segmentation import FoundDigit
from pages.ui.draw.numbers import number_in_words
from pages.ui.draw.sent import DESK, LONGEST_HISTORY, NUMBER, remembered

SIDE = 280
CANVAS = "draw_canvas_0"

EMPTY = "Draw a digit"
SEVEN = [(80, 70), (200, 70), (130, 220)]
ONE = [(140, 50), (140, 230)]
STAGE = re.compile(r"([^<>]+)(?:</s> \(left out\))?</div><b>([^<]+)</b>")
TITLES = ["As it came", *(title for title, _ in ROAD.values()), "Divided by 255"]
STEPS = "draw_steps_6"


def drawing(*strokes, width=SIDE):
    """What the canvas sends: Fabric's objects, and the picture as a data URL."""
    image = Image.new("RGBA", (width, SIDE), "black")
    for stroke in strokes:
        ImageDraw.Draw(image).line(stroke, fill="white", width=20, joint="curve")
    paths = [path(stroke) for stroke in strokes]
    return {"drawing": {"raw": {"objects": paths}, "data": url(image)}}


def path(stroke):
    """A stroke as Fabric.js writes it; its place is the middle of its box."""
    left, top = ((min(values) + max(values)) / 2 for values in zip(*stroke, strict=True))
    commands = [["ML"[number > 0], *point] for number, point in enumerate(stroke)]
    return {"type": "Path", "path": commands, "left": left, "top": top, "strokeWidth": 20}


def placed(stroke, scale, dx=0, dy=0):
    """A stroke shrunk and moved."""
    return [(x * scale + dx, y * scale + dy) for x, y in stroke]


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


def road(app):
    """The road as HTML."""
    return next(html.proto.body for html in app.get("html") if "listitem" in html.proto.body)


def stages(app):
    """The pictures of the road: each one's title and what is written under it."""
    return STAGE.findall(road(app))


def under_the_stages(app):
    return [words for _, words in stages(app)]


def test_every_stage_of_the_road_is_shown_with_what_it_would_be_read_as(drawn):
    app = drawn(SEVEN)
    assert app.pills(key=STEPS).options == TITLES[1:]
    assert app.pills(key=STEPS).value == TITLES[1:]
    assert [title for title, _ in stages(app)] == TITLES
    assert under_the_stages(app)[-1] == under_the_stages(app)[-2]
    assert under_the_stages(app)[-1].startswith("7 · ")


def test_the_pictures_of_the_road_are_not_described_twice(drawn):
    descriptions = re.findall(r'<img [^>]*alt="([^"]*)"', road(drawn(SEVEN)))
    assert descriptions == [""] * len(TITLES)


def leave_out(app, *steps):
    pills = app.pills(key=STEPS)
    pills.set_value([step for step in pills.value if step not in steps]).run()


def test_a_step_left_out_changes_what_is_read_below_and_not_the_answer_above(drawn):
    app = drawn(placed(SEVEN, 0.3))
    before = under_the_stages(app)
    leave_out(app, "Cropped to the ink", "Fitted into 20×20", "Centred by its mass")
    assert says(app).startswith("I read a 7")
    assert under_the_stages(app)[-1] != before[-1]
    said = next(m.value for m in app.markdown if m.value.startswith("With every step"))
    assert "Without “Cropped to the ink”, “Fitted into 20×20”, “Centred by its mass”" in said
    assert "<s>Cropped to the ink</s> (left out)" in road(app)
    assert road(app).count("(left out)") == 3


def test_numbers_not_divided_are_read_differently(drawn):
    app = drawn(SEVEN)
    leave_out(app, "Divided by 255")
    assert not app.error
    assert says(app).startswith("I read a 7")
    assert any("Without “Divided by 255”" in m.value for m in app.markdown)


def test_clear_starts_over_with_a_fresh_canvas_and_undo_brings_back_what_it_held(drawn):
    app = drawn(SEVEN)
    app.button(key="draw_delete").click().run()
    assert says(app) == EMPTY
    assert app.session_state["draw_given"]["objects"] == []
    assert app.button(key="draw_delete").disabled
    app.button(key="draw_undo").click().run()
    assert says(app).startswith("I read a 7")
    app.button(key="draw_undo").click().run()
    assert says(app) == EMPTY
    assert app.button(key="draw_undo").disabled


def test_undo_takes_the_last_stroke_back(drawn):
    app = drawn(ONE)
    app.session_state[CANVAS] = drawing(ONE, [(40, 40), (240, 40)])
    app.run()
    app.button(key="draw_undo").click().run()
    assert says(app).startswith("I read a 1")
    assert len(app.session_state["draw_given"]["objects"]) == 1


def test_undo_takes_back_the_stroke_that_comes_with_the_click(drawn):
    app = drawn(ONE)
    app.session_state[CANVAS] = drawing(ONE, [(40, 40), (240, 40)])
    app.button(key="draw_undo").click().run()
    assert says(app).startswith("I read a 1")


def test_the_drawing_survives_a_visit_to_another_page(drawn):
    app = drawn(SEVEN)
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/draw.py").run()
    assert says(app).startswith("I read a 7")
    assert app.session_state["draw_given"] == app.session_state["draw_history_desk"][-1].strokes


def handed_down(app):
    """What the script beside the canvas is told."""
    shown = [element.proto for element in app.get("bidi_component")]
    return json.loads(next(c.json for c in shown if c.component_name == "digitlab_draw_memory"))


def test_the_tab_is_asked_for_its_drawing_until_something_is_drawn_and_told_of_every_stroke(visit):
    app = visit("draw")
    assert handed_down(app)["asks"]
    for count, strokes in enumerate(([ONE], [ONE, SEVEN]), 1):
        app.session_state[CANVAS] = drawing(*strokes)
        told = handed_down(app.run())
        assert (told["asks"], told["count"]) == (False, count)
        assert told["last"] == drawing(*strokes)["drawing"]
    told = handed_down(app.button(key="draw_delete").click().run())
    assert (told["asks"], told["count"], told["last"]["raw"]["objects"]) == (False, 3, [])


def test_what_the_tab_kept_is_checked_like_what_a_canvas_sends():
    kept = drawing(SEVEN)["drawing"]
    assert [drawn.picture for drawn in remembered([kept, kept], DESK)] == [kept["data"]] * 2
    assert len(remembered([kept] * 1000, DESK)) == LONGEST_HISTORY
    for forged in (None, "x", [None], [kept, {}], [kept | {"data": None}], [kept | {"raw": "x"}]):
        assert remembered(forged, DESK) == []
    wide = kept | {"data": "x" * 800_000}
    assert remembered([wide], DESK) == []
    assert len(remembered([wide], NUMBER)) == 1


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


def second_network():
    """A run of which the shipped recogniser's model is said to be the outcome."""
    store = get_jobs().store
    run_id = store.create_run(TrainingConfig(dataset="digits"), None, owner="elsewhere 1 1.0")
    store.start_run(run_id)
    store.set_test(run_id, TestResult(0.97, 0.95, 0.98, 0.1, 360))
    store.add_artefact(run_id, "model.tflite", litert_model(store, "pretrained"))
    store.end_run(run_id, Status.FINISHED)
    return run_id


def test_another_run_can_be_chosen_by_the_address(visit):
    run_id = second_network()
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
    app.segmented_control(key="draw_source").set_value("Upload").run()
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
    assert len(app.session_state["draw_history_desk"]) == 1
    app.button(key="draw_delete").click().run()
    assert not app.error
    assert says(app) == EMPTY


def test_who_has_written_too_much_of_a_number_may_write_less(visit):
    app = visit("draw", draw_mode="A number")
    app.session_state[CANVAS] = {
        "drawing": {"raw": {"objects": [path(ONE)]}, "data": "x" * 1_400_000}
    }
    assert [error.value for error in app.run().error] == [
        "The drawing is too large to be kept: clear it and write less."
    ]


def test_a_second_click_on_undo_does_nothing(drawn):
    app = drawn(SEVEN)
    app.session_state["draw_history_desk"] = []  # as the first click leaves it
    app.session_state["draw_mount"] = 1
    app.button(key="draw_undo").click().run()
    assert not app.error
    assert not app.exception
    assert says(app) == EMPTY


DOT = [(140, 140), (140, 140.04)]
TANGLE = [(40, 60), (240, 200), (60, 220), (220, 50), (140, 250), (130, 30), (40, 150), (250, 120)]


@pytest.mark.parametrize("strokes", [[DOT], [TANGLE]], ids=["dot", "tangle"])
def test_what_is_no_digit_is_said_to_be_none(drawn, strokes):
    app = drawn(*strokes)
    assert not app.error
    assert says(app) == "Not a digit, I think"


def test_a_canvas_full_of_ink_has_nothing_to_read(visit):
    app = visit("draw")
    full = url(Image.new("RGB", (SIDE, SIDE), "white"))
    app.session_state[CANVAS] = {"drawing": {"raw": {"objects": [path(ONE)]}, "data": full}}
    app.run()
    assert "nothing to read" in app.error[0].value
    assert says(app) == EMPTY


def tab(app, name):
    """Opens a tab under the answer."""
    app.session_state["draw_view"] = name
    return app.run()


def test_a_replay_tells_what_was_believed_with_less_ink(drawn):
    app = tab(drawn(ONE, [(60, 50), (140, 50)]), "Replay")
    assert says(app).startswith("I read a 7")
    moment = app.slider(key="draw_moment")
    assert moment.value == 100
    moment.set_value(50).run()
    assert not app.error
    assert any(m.value.startswith("**I read a 1") for m in app.markdown)
    assert says(app).startswith("I read a 7")


def test_forged_strokes_get_a_sentence_where_they_would_be_replayed(drawn):
    app = drawn(SEVEN)
    sent = drawing(SEVEN, SEVEN)
    sent["drawing"]["raw"]["objects"][0]["path"] = "M 0 0"
    app.session_state[CANVAS] = {
        "drawing": sent["drawing"] | {"data": drawing(ONE)["drawing"]["data"]}
    }
    app.run()
    assert not app.error
    app = tab(app, "Replay")
    assert [error.value for error in app.error] == [
        "The drawing's strokes cannot be read: clear it and draw again."
    ]
    assert says(app).startswith("I read a 1")


def test_with_one_network_there_is_none_to_compare_and_the_way_to_train(drawn):
    app = tab(drawn(SEVEN), "Compare networks")
    assert app.info[0].value == "There is only one network yet."


def test_two_networks_read_one_drawing_side_by_side(drawn):
    run_id = second_network()
    app = tab(drawn(SEVEN), "Compare networks")
    assert app.selectbox(key="draw_second").value == run_id
    answers = [m.value for m in app.markdown if "I read a 7" in m.value]
    assert [answer.split(":")[0] for answer in answers] == ["**pretrained**", f"**{run_id}**"]


@pytest.fixture
def numbered(visit):
    """Draw with strokes on the wide paper for a number."""

    def draw(*strokes):
        app = visit("draw", draw_mode="A number")
        app.session_state[CANVAS] = drawing(*strokes, width=2 * SIDE)
        return app.run()

    return draw


def test_a_drawn_number_is_read_digit_by_digit(numbered):
    app = numbered(placed(SEVEN, 0.8, 0, 30), placed(ONE, 0.8, 300, 30))
    assert says(app) == "I read 71"
    assert any(caption.value.startswith("Each digit: over 99 % sure.") for caption in app.caption)


def turn_to(app, mode):
    return app.segmented_control(key="draw_mode").set_value(mode).run()


def test_a_number_is_not_written_on_the_paper_of_a_digit(drawn):
    app = turn_to(drawn(ONE), "A number")
    assert says(app) == "Draw a number"
    assert handed_down(app)["asks"], "the tab may have kept a number"
    assert not app.error


def test_each_paper_keeps_its_drawing_while_another_is_on_the_screen(drawn):
    app = turn_to(drawn(ONE), "A number")
    app.session_state[f"draw_canvas_{app.session_state['draw_mount']}"] = drawing(
        placed(SEVEN, 0.8, 0, 30), placed(ONE, 0.8, 300, 30), width=2 * SIDE
    )
    assert says(app.run()) == "I read 71"
    app = turn_to(app, "One digit")
    assert says(app).startswith("I read a 1")
    assert len(app.session_state["draw_given"]["objects"]) == 1
    app.button(key="draw_delete").click().run()
    assert says(app) == EMPTY
    app = turn_to(app, "A number")
    assert says(app) == "I read 71"
    assert len(app.session_state["draw_given"]["objects"]) == 2


def number(*probabilities):
    return [
        FoundDigit(0, 0, 9, 9, np.zeros((28, 28), np.uint8), np.array(row)) for row in probabilities
    ]


SURE = [0.95, 0.05, *[0.0] * 8]
LESS_SURE = [0.1, 0.9, *[0.0] * 8]
UNREADABLE = [0.1] * 10


@pytest.mark.parametrize(
    ("digits", "text", "more"),
    [
        ([UNREADABLE] * 2, "I read ??", "? is no digit, I think."),
        ([UNREADABLE], "I read ?", "? is no digit, I think."),
        ([UNREADABLE, SURE], "I read ?0", "The only digit is a 0 · 95 %. ? is no digit, I think."),
        ([SURE], "I read 0", "The only digit is a 0 · 95 %."),
        (
            [UNREADABLE, SURE, LESS_SURE],
            "I read ?01",
            "Least sure: digit 3 of 3, a 1 · 90 %. ? is no digit, I think.",
        ),
    ],
)
def test_no_digit_is_named_where_none_was_read(digits, text, more):
    assert number_in_words(number(*digits)) == (text, more)


def test_a_number_not_drawn_yet_says_what_to_do(visit):
    app = visit("draw", draw_mode="A number")
    assert says(app) == "Draw a number"
    assert not app.error


def test_a_digit_on_the_paper_may_grow_into_a_number(numbered):
    app = numbered(ONE)
    assert says(app) == "I read 1"
    assert app.caption[-1].value.endswith("Write the next digit beside it, or clear the paper.")
    app.button(key="draw_delete").click().run()
    assert says(app) == "Draw a number"
    assert app.caption[-1].value.startswith("Digits side by side")


def test_too_many_pieces_get_a_sentence(visit):
    dots = [[(10 + 12 * i, 100), (10 + 12 * i, 100)] for i in range(22)]
    image = Image.new("RGBA", (2 * SIDE, SIDE), "black")
    for (x, y), _ in dots:
        ImageDraw.Draw(image).rectangle((x, y, x + 5, y + 5), fill="white")
    app = visit("draw", draw_mode="A number")
    app.session_state[CANVAS] = {
        "drawing": {"raw": {"objects": [path(dot) for dot in dots]}, "data": url(image)}
    }
    app.run()
    assert [error.value for error in app.error] == [
        "A number may have at most 20 digits, got 22 pieces of ink."
    ]


def test_a_camera_s_picture_in_uneven_light_is_read(visit):
    paper = Image.new("L", (480, 360), 235)
    ImageDraw.Draw(paper).line([(150, 60), (300, 60), (200, 300)], fill=60, width=26)
    shadow = Image.linear_gradient("L").rotate(90).resize(paper.size).point(lambda v: 90 + v * 0.6)
    app = uploaded(visit, "photo.png", png(ImageChops.multiply(paper, shadow)))
    assert not app.error
    assert says(app).startswith("I read a 7")
    assert [tab.label for tab in app.tabs] == ["How it got there", "Compare networks"]
