"""The map of digits: its sample, its box, t-SNE."""

import json

import numpy as np
import pytest

from digitlab.datasets import load_dataset
from digitlab.embedding import principal_components, tsne_study
from digitlab.jobs import get_jobs
from digitlab.studies import StudyProgress
from pages.ui import cache
from pages.ui.explore.dataset_views import random_rows
from pages.ui.explore.digit_map import Box, places
from tests.pages.conftest import says, well

DIGITS = load_dataset("digits")
ROWS = random_rows(DIGITS, "training", 500, 42)


pytestmark = pytest.mark.usefixtures("without_mnist")


@pytest.fixture
def open_map(visit):
    def open_page(**query):
        return well(visit("explore", explore_view="Map", explore_map_size="500", **query))

    return open_page


def map_data(app):
    """What was sent to the map."""
    components = [part.proto for part in app.get("bidi_component")]
    (found,) = [proto for proto in components if proto.component_name.endswith("map")]
    return json.loads(found.json)


def test_the_digits_lie_by_their_pixels_and_by_what_the_network_makes_of_them(open_map):
    data = map_data(open_map())
    pixels, hidden = data["maps"]
    assert pixels["title"].startswith("By their pixels (")
    assert hidden["title"].startswith("By the last hidden layer of pretrained (")
    points = principal_components(DIGITS.images[ROWS].reshape(500, -1)).points[:, :2]
    assert np.allclose(pixels["places"], places(points), atol=1e-3)
    vectors = cache.hidden("pretrained", DIGITS, ROWS)
    expected = places(principal_components(vectors).points[:, :2])
    assert np.allclose(hidden["places"], expected, atol=1e-3)
    assert data["labels"] == DIGITS.labels[ROWS].tolist()
    assert all(data["lit"])


def test_a_box_fills_the_gallery_and_show_all_opens_it(open_map):
    app = open_map()
    key = f"explore_map_{DIGITS.content_hash}_training_500_42_Principal components_pretrained"
    assert key in app.session_state
    app.session_state[f"{key}_box"] = box = Box(0, 0.0, 0.0, 0.5, 0.5)
    app.run()
    where = np.array(map_data(app)["maps"][0]["places"])
    assert f"{box.holds(where).sum()} digits in the box." in says(app)
    app.button(key="explore_unbox").click().run()
    assert "Draw a box" in says(app)


def test_labels_light_their_digits(open_map):
    app = open_map()
    app.pills(key="explore_lit").set_value(["3", "8"]).run()
    assert map_data(app)["lit"] == np.isin(DIGITS.labels[ROWS], [3, 8]).tolist()


def test_t_sne_is_computed_in_the_worker_and_kept(open_map):
    app = open_map(explore_layout="t-SNE")
    assert "Until then: principal components" in says(app)
    app.button(key="explore_tsne_start").click().run()
    spaces = DIGITS.images[ROWS].reshape(500, -1), cache.hidden("pretrained", DIGITS, ROWS)
    for vectors in spaces:
        study = tsne_study(principal_components(vectors).points)
        assert get_jobs().wait(study.key, timeout=120)
        assert get_jobs().shelf.result(study) is not None
    app.run()
    assert not app.error
    assert "how far apart groups lie says little" in says(app)
    assert [one["title"] for one in map_data(app)["maps"]] == [
        "By their pixels",
        "By the last hidden layer of pretrained",
    ]


def test_while_t_sne_is_computed_its_progress_is_shown_and_it_can_be_cancelled(
    open_map, monkeypatch
):
    jobs, cancelled = get_jobs(), []
    monkeypatch.setattr(
        jobs, "study_progress", lambda study: StudyProgress(0.4, "step 300 of at most 1,000")
    )
    monkeypatch.setattr(jobs, "cancel_study", cancelled.append)
    app = open_map(explore_layout="t-SNE")
    first, _ = app.get("progress")
    assert (first.proto.value, first.proto.text) == (40, "The worker: step 300 of at most 1,000 …")
    app.button(key="explore_tsne_cancel").click().run()
    assert [study.kind for study in cancelled] == ["embedding"] * 2
