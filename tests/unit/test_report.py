import dataclasses
import io
import zipfile
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from digitlab.config import TrainingConfig
from digitlab.datasets import load_dataset
from digitlab.evaluation import evaluate
from digitlab.recognisers import ModelCard, pretrained_card
from digitlab.records import Epoch
from digitlab.report import MOST_PICTURES, Mistake, Titles, mistakes_zip, report

DIGITS = load_dataset("digits")
TITLES = Titles("mine.csv", "digits")
WHEN = datetime(2026, 7, 8, 9, 30, tzinfo=UTC)
EPOCHS = (Epoch(1, 0.9, 0.3, 0.95, 0.2, 0.001, 3.0), Epoch(2, 0.96, 0.1, 0.97, 0.1, 0.001, 3.0))


def card(**changes):
    config = TrainingConfig(dataset=changes.pop("dataset", "digits"), learning_rate=0.0123)
    return ModelCard(**{"name": "brisk-owl-1a2b", "config": config, "preset": "first-steps",
                        "epochs": EPOCHS, "test": None} | changes)  # fmt: skip


def evaluation(wrong=1):
    labels = np.arange(20, dtype=np.uint8) % 10
    probabilities = (0.8 * np.eye(10) + 0.02)[labels]
    probabilities[4 : 4 + wrong] = np.roll(probabilities[4 : 4 + wrong], 1, axis=1)
    return evaluate(labels, probabilities)


def mistakes(count=3):
    return [
        Mistake(DIGITS.images[row], int(DIGITS.labels[row]), 9, 0.97, f"test digit {row}")
        for row in range(count)
    ]


class Page(HTMLParser):
    """What a page holds: its text, and the attributes of every element by its tag."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.texts = {}, []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.setdefault(tag, []).append(dict(attributes))

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(self.texts)


def page(found=None, **changes):
    found = mistakes() if found is None else found
    return Page(report(card(**changes), DIGITS, evaluation(), found, TITLES, WHEN))


def test_the_report_states_network_date_figures_and_configuration():
    text = page().text
    assert "brisk-owl-1a2b on digits" in text
    assert "08 July 2026, 09:30 UTC" in text
    assert evaluation().in_words in text
    assert "Learning rate 0.0123" in text
    assert "Conv block 2: filters 64" in text
    assert "digitlab" in text
    assert "numpy" in text


def test_the_report_calls_datasets_as_whoever_takes_it_does():
    text = page(dataset="/srv/secret/mine.csv").text
    assert "brisk-owl-1a2b was trained on mine.csv" in text
    assert "secret" not in text


def test_the_report_of_a_fork_names_its_origin():
    assert "It went on from epoch 3" not in page().text
    text = page(parent_id="calm-fox-2b3c", parent_epoch=3).text
    assert "It went on from epoch 3 of calm-fox-2b3c." in text


def test_the_report_needs_nothing_from_elsewhere():
    shown = page()
    addresses = [image["src"] for image in shown.elements["img"]]
    assert len(addresses) == 3
    assert all(address.startswith("data:image/png;base64,") for address in addresses)
    assert not {"script", "link", "iframe"} & shown.elements.keys()
    policy = shown.elements["meta"][1]["content"]
    assert policy.startswith("default-src 'none'")


def test_whatever_a_name_holds_stays_text():
    hostile = '</title><script>alert(1)</script>"&'
    found = [Mistake(mistakes()[0].image, 1, 2, 0.5, hostile)]
    digits = dataclasses.replace(DIGITS, class_names=(hostile,) * 10)
    named = card(name=hostile, dataset=hostile, preset=hostile, parent_id=hostile)
    html = report(named, digits, evaluation(), found, Titles(hostile, hostile), WHEN)
    assert "<script" not in html
    assert Page(html).text.count(hostile) > 30


def test_mistakes_are_shown_with_what_they_are_and_what_they_were_read_as():
    shown = page()
    label = mistakes()[0].label
    assert f"{label} → 9, 97 %" in shown.text
    assert shown.elements["img"][0]["alt"] == f"test digit 0, is {label}, read as 9"


def test_the_matrix_shows_every_count_and_shades_mistakes_only():
    html = report(card(), DIGITS, evaluation(wrong=2), [], TITLES, WHEN)
    assert html.count("<b>2</b>") == 8
    assert html.count("<b>1</b>") == 2
    assert html.count('<td style="background') == 2


def test_without_mistakes_and_epochs_the_report_says_so():
    text = page(found=[], epochs=()).text
    assert "None." in text
    assert "No epochs are recorded" in text


def test_of_very_many_mistakes_the_first_are_shown():
    shown = page(found=mistakes(1) * (MOST_PICTURES + 1))
    assert len(shown.elements["img"]) == MOST_PICTURES
    assert f"{MOST_PICTURES + 1} digits were read wrongly; these are the first" in shown.text


def test_the_shipped_recogniser_has_a_report():
    text = Page(report(pretrained_card(), DIGITS, evaluation(), [], TITLES, WHEN)).text
    assert "pretrained was trained on" in text


def test_the_zip_of_mistakes_is_a_dataset_that_is_read_back(tmp_path):
    found = mistakes(50)
    path = tmp_path / "mistakes.zip"
    path.write_bytes(mistakes_zip(found))
    read = load_dataset(str(path))
    pairs = {
        (digit.tobytes(), label) for digit, label in zip(read.images, read.labels, strict=True)
    }
    assert pairs == {(mistake.image.tobytes(), mistake.label) for mistake in found}


def test_a_mistake_is_named_by_what_it_is_and_what_it_was_read_as():
    image = mistakes(1)[0].image
    with zipfile.ZipFile(
        io.BytesIO(mistakes_zip([Mistake(image, 4, 9, 0.9, "test digit 247")]))
    ) as archive:
        assert archive.namelist() == ["4/read-as-9_test-digit-247.png"]
        picture = Image.open(io.BytesIO(archive.read("4/read-as-9_test-digit-247.png")))
    assert np.array_equal(np.asarray(picture), image)


def test_the_same_mistakes_make_the_same_zip():
    assert mistakes_zip(mistakes()) == mistakes_zip(mistakes())
