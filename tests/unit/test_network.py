"""The plan of a network agrees with what Keras builds."""

import pytest

from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.errors import InputError
from digitlab.network import check_cost, plan
from digitlab.presets import PRESETS

PUBLISHED = {
    "ndlovu": 220_234,
    "tutorialspoint": 225_034,
    "kazmi": 225_418,
    "tuxacademy": 93_322,
    "tuxacademy-augmented": 93_322,
    "ndlovu-mlp": 784 * 128 + 128 + 128 * 10 + 10,
}


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_is_planned_as_keras_builds_it(key):
    keras_model = pytest.importorskip("digitlab.architectures").build(PRESETS[key].config)
    planned = plan(PRESETS[key].config)
    assert planned.parameters == keras_model.count_params()
    trainable = sum(weight.shape.num_elements() for weight in keras_model.trainable_weights)
    assert planned.trainable_parameters == trainable
    built = {layer.name: tuple(layer.output.shape[1:]) for layer in keras_model.layers[1:]}
    assert {layer.name: layer.output_shape for layer in planned.layers} == built


@pytest.mark.parametrize(("key", "parameters"), PUBLISHED.items())
def test_a_tutorial_has_the_parameters_it_states(key, parameters):
    assert plan(PRESETS[key].config).parameters == parameters


def test_kazmi_has_192_parameters_that_are_not_trained():
    planned = plan(PRESETS["kazmi"].config)
    assert planned.parameters - planned.trainable_parameters == 192


def test_soorya_shrinks_the_picture_to_one_pixel():
    sides = [
        layer.output_shape[0]
        for layer in plan(PRESETS["soorya"].config).layers
        if layer.kind in ("Conv2D", "MaxPooling2D")
    ]
    assert sides == [26, 13, 11, 5, 3, 1]


def test_multiply_adds_are_counted_by_hand():
    config = TrainingConfig(conv_blocks=(ConvBlock(2, 3, pooling="none"),), dense_layers=())
    assert plan(config).multiply_adds == 26 * 26 * 9 * 2 + 26 * 26 * 2 * 10


def test_no_blocks_make_a_multilayer_perceptron():
    kinds = {layer.kind for layer in plan(TrainingConfig(conv_blocks=())).layers}
    assert "Conv2D" not in kinds


def test_a_picture_too_small_for_the_next_block_is_named():
    blocks = (ConvBlock(4),) * 4
    with pytest.raises(InputError, match=r"conv_blocks\[4\].*at most 1.*got 3"):
        plan(TrainingConfig(conv_blocks=blocks, dense_layers=(DenseLayer(8),)))
    with pytest.raises(InputError, match="pooling must be none"):
        plan(TrainingConfig(conv_blocks=(ConvBlock(4, padding="same"),) * 6))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dense_layers": (DenseLayer(4096),) * 5, "conv_blocks": ()}, "20,000,000 parameters"),
        (
            {"conv_blocks": (ConvBlock(512, padding="same", pooling="none"),) * 2},
            "500,000 activations per digit",
        ),
        ({"batch_size": 4096, "conv_blocks": (ConvBlock(64),)}, "activations per batch"),
        (
            {"conv_blocks": (ConvBlock(128, kernel_size=11, padding="same", pooling="none"),) * 2},
            "3 seconds per step",
        ),
    ],
)
def test_a_network_that_would_not_fit_or_not_stop_is_refused(fields, words):
    base = TrainingConfig(dense_layers=())
    with pytest.raises(InputError, match=words):
        check_cost(base.replace(**fields))


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_may_be_trained(key):
    check_cost(PRESETS[key].config)
