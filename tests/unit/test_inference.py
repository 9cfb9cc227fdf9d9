"""LiteRT answers as Keras does, from raw pixels, with every layer to be seen."""

import threading

import numpy as np
import pytest

from digitlab.config import ConvBlock, DenseLayer, TrainingConfig
from digitlab.errors import InputError
from digitlab.inference import BATCH, Recogniser
from digitlab.recognisers import MODELS

keras = pytest.importorskip("keras")
from digitlab.architectures import build, optimizer  # noqa: E402
from digitlab.export import keras_bytes, litert_bytes  # noqa: E402

DIGITS = np.random.default_rng(1).integers(0, 256, (BATCH + 3, 28, 28)).astype(np.uint8)
DIGITS[0] = 0


def small(**fields):
    return TrainingConfig(
        conv_blocks=(
            ConvBlock(4, activation="gelu", batch_normalization=True, dropout=0.2),
            ConvBlock(4, activation="leaky_relu", padding="same", pooling="average"),
        ),
        dense_layers=(DenseLayer(8, dropout=0.5),),
        **fields,
    )


@pytest.mark.parametrize("normalization", ["divide", "columns", "standardize"])
def test_litert_and_keras_agree_from_raw_pixels_on(normalization):
    keras.utils.set_random_seed(1)
    model = build(small(normalization=normalization))
    recogniser = Recogniser(litert_bytes(model))
    expected = model.predict(DIGITS[..., None].astype(np.float32), verbose=0)
    found = recogniser.probabilities(DIGITS)
    assert found.dtype == np.float32
    assert np.allclose(found, expected, atol=1e-5)
    assert np.isfinite(found).all()


def test_the_model_normalises_as_keras_s_own_normalize_does():
    model = build(TrainingConfig(normalization="columns", conv_blocks=()))
    seen = Recogniser(litert_bytes(model)).activations(DIGITS[1])["normalization"]
    expected = keras.utils.normalize(DIGITS[1:2].astype(np.float64), axis=1)[0]
    assert np.allclose(seen[..., 0], expected, atol=1e-5)


def test_every_layer_can_be_seen_in_order():
    recogniser = Recogniser(litert_bytes(build(small())))
    seen = recogniser.activations(DIGITS[1])
    assert list(seen) == list(recogniser.layer_names)
    assert recogniser.layer_names[0] == "normalization"
    assert recogniser.layer_names[-1] == "probabilities"
    assert seen["conv_1"].shape == (26, 26, 4)
    assert np.array_equal(seen["probabilities"], recogniser.probabilities(DIGITS[1:2])[0])


def test_one_layer_of_many_digits_is_what_each_alone_shows():
    recogniser = Recogniser(litert_bytes(build(small())))
    assert recogniser.hidden_layer == "dense_1"
    for layer in ("conv_1", recogniser.hidden_layer):
        found = recogniser.activations_of(layer, DIGITS)
        alone = [recogniser.activations(digit)[layer] for digit in DIGITS]
        assert np.allclose(found, alone, atol=1e-5)
        assert recogniser.activations_of(layer, DIGITS[:0]).shape == (0, *found.shape[1:])


def test_a_layer_that_is_none_is_refused():
    recogniser = Recogniser((MODELS / "pretrained.tflite").read_bytes())
    with pytest.raises(InputError, match="layer must be one of normalization, conv_1"):
        recogniser.activations_of("conv_99", DIGITS)


def test_no_digits_give_no_answers():
    recogniser = Recogniser((MODELS / "pretrained.tflite").read_bytes())
    assert recogniser.probabilities(DIGITS[:0]).shape == (0, 10)


def test_threads_may_share_a_recogniser():
    recogniser = Recogniser((MODELS / "pretrained.tflite").read_bytes())
    expected = recogniser.probabilities(DIGITS)
    answers = []

    def read():
        answers.append(recogniser.probabilities(DIGITS))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert all(np.array_equal(answer, expected) for answer in answers)


@pytest.mark.parametrize("content", [b"", b"no model", b"TFL3" * 100])
def test_bytes_that_are_no_model_are_refused(content):
    with pytest.raises(InputError, match="no LiteRT model"):
        Recogniser(content)


def test_a_saved_model_loads_with_plain_keras_and_carries_no_training_state(tmp_path):
    model = build(small(normalization="columns"))
    path = tmp_path / "model.keras"
    path.write_bytes(keras_bytes(model))
    loaded = keras.models.load_model(path)
    assert getattr(loaded, "optimizer", None) is None
    tensor = DIGITS[..., None].astype(np.float32)
    assert np.allclose(loaded.predict(tensor, verbose=0), model.predict(tensor, verbose=0))


@pytest.mark.parametrize("name", ["adam", "nadam", "rmsprop", "sgd"])
def test_every_optimizer_is_made_at_its_learning_rate(name):
    made = optimizer(TrainingConfig(optimizer=name, learning_rate=0.02))
    assert made.__class__.__name__.lower() == name
    assert float(made.learning_rate) == pytest.approx(0.02)
