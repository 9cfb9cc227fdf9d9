"""A config is checked, and survives JSON."""

import dataclasses

import pytest

from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.domains import declared
from digitlab.errors import InputError
from digitlab.presets import PRESETS, author_in_words, author_of, find_preset, is_unchanged


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_survives_json(key):
    config = PRESETS[key].config
    assert TrainingConfig.from_json(config.to_json()) == config


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainingConfig().epochs = 3


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"epochs": 0}, "epochs must be in [1, 500], got 0"),
        ({"epochs": 1.5}, "epochs must be a whole number, got 1.5"),
        ({"epochs": True}, "epochs must be a whole number, got True"),
        ({"epochs": float("inf")}, "epochs must be a whole number, got inf"),
        ({"batch_size": None}, "batch_size must be a whole number, got None"),
        ({"learning_rate": 2}, "learning_rate must be in [1e-06, 1], got 2"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number in [1e-06, 1], got nan"),
        ({"learning_rate": "fast"}, "learning_rate must be a number in [1e-06, 1], got 'fast'"),
        ({"dataset": ""}, "dataset must be a name, got ''"),
        ({"split": "half"}, "split must be one of official, random, got 'half'"),
        ({"split": ["x"]}, "split must be one of official, random, got ['x']"),
        ({"conv_blocks": 3}, "conv_blocks must be a list, got 3"),
        (
            {"conv_blocks": [{"dropout": 1.5}]},
            "conv_blocks[1]: dropout must be in [0, 1), got 1.5",
        ),
        ({"dense_layers": [{}] * 6}, "dense_layers must have at most 5 entries, got 6"),
        (
            {"dense_layers": [{"width": 3}]},
            "dense_layers[1]: unknown field 'width'; the fields are units, dropout",
        ),
    ],
)
def test_a_wrong_field_is_named_with_its_bound_and_value(fields, sentence):
    with pytest.raises(InputError) as caught:
        TrainingConfig(**fields)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("text", ["", "[1]", "3", '{"epochs": 0}', '{"no_such": 1}', "null"])
def test_json_that_is_no_config_is_refused(text):
    with pytest.raises(InputError):
        TrainingConfig.from_json(text)


def test_the_test_set_chooses_nothing():
    with pytest.raises(InputError, match="test set chooses nothing"):
        TrainingConfig(validation="test", early_stopping_patience=2)


@pytest.mark.parametrize("cls", [TrainingConfig, ConvBlock, DenseLayer])
def test_every_field_is_declared_with_help(cls):
    assert all(parameter.help for parameter in declared(cls))


@pytest.mark.parametrize("parameter", declared(TrainingConfig), ids=lambda p: p.name)
def test_every_default_is_in_its_own_domain(parameter):
    assert parameter.domain.check(parameter.name, parameter.default) == parameter.default


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("epochs", "7", 7),
        ("learning_rate", "1e-3", 0.001),
        ("training_size", "all", None),
        ("early_stopping_patience", "off", None),
        ("conv_blocks", '[{"filters": 8}]', (ConvBlock(8),)),
        ("split", "random", "random"),
    ],
)
def test_text_becomes_a_value(name, text, value):
    domain = next(p.domain for p in declared(TrainingConfig) if p.name == name)
    assert domain.parse(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"), [("epochs", "many"), ("rotation", "x"), ("conv_blocks", "[")]
)
def test_text_that_spells_no_value_is_refused(name, text):
    domain = next(p.domain for p in declared(TrainingConfig) if p.name == name)
    with pytest.raises(InputError, match=name):
        domain.parse(name, text)


def test_an_unknown_preset_names_those_that_exist():
    with pytest.raises(InputError, match="first-steps.*'nonsense'"):
        find_preset("nonsense")


def test_a_run_is_held_against_the_author_only_on_the_presets_own_dataset():
    preset = PRESETS["tutorialspoint"]
    assert author_of(preset.config, preset.key) is preset.author
    assert author_of(preset.config.replace(epochs=1), preset.key) is preset.author
    assert author_of(preset.config.replace(dataset="digits"), preset.key) is None
    assert author_of(preset.config, None) is None
    assert author_in_words(preset.config.replace(dataset="digits"), preset.key) == ""


def test_figures_beside_a_changed_run_are_said_to_be_the_unchanged_presets():
    preset = PRESETS["ndlovu"]
    changed = preset.config.replace(seed=7)
    assert is_unchanged(preset.config, preset.key)
    assert not is_unchanged(changed, preset.key)
    assert author_in_words(preset.config, preset.key) == (
        f"Dotted: the author's figures. {preset.author.note}"
    )
    assert author_in_words(changed, preset.key).startswith(
        "Dotted: the author's figures, for the unchanged preset."
    )
