"""config → input pipeline. Runs in the training process: it imports TensorFlow.

Every random choice is a function of (seed, epoch, batch) alone, so that a training can be
repeated, and taken up again at any epoch.
"""

import numpy as np
import tensorflow as tf

from digitlab.config import TrainingConfig
from digitlab.network import SIDE


def training_pipeline(
    images: np.ndarray, labels: np.ndarray, config: TrainingConfig, epoch: tf.Variable
) -> tf.data.Dataset:
    """The batches of one epoch, every digit once, in an order of that epoch's own.

    Args:
        images: uint8 (n, 28, 28), 0–255.
        labels: uint8 (n,).
        epoch: int64, from 0; read each time the dataset is iterated afresh.

    Returns:
        Dataset of (float32 (b, 28, 28, 1) in 0–255, int32 (b,)).
    """
    pixels, targets = tf.constant(images), tf.constant(labels.astype(np.int32))

    def batches(_: tf.Tensor) -> tf.data.Dataset:
        seed = tf.stack([tf.cast(config.seed, tf.int64), epoch])
        order = tf.random.experimental.stateless_shuffle(tf.range(len(images)), seed)
        return tf.data.Dataset.from_tensor_slices(order).batch(config.batch_size).enumerate()

    def load(batch: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        digits = tf.cast(tf.gather(pixels, rows), tf.float32)[..., None]
        seed = tf.stack([tf.cast(config.seed, tf.int64), epoch * 1_000_003 + batch])
        return augment(digits, config, seed), tf.gather(targets, rows)

    one_epoch = tf.data.Dataset.range(1).flat_map(batches)
    loaded = one_epoch.map(load, num_parallel_calls=tf.data.AUTOTUNE)
    count = tf.data.experimental.assert_cardinality(-(-len(images) // config.batch_size))
    return loaded.apply(count).prefetch(tf.data.AUTOTUNE)


def plain_pipeline(
    images: np.ndarray, labels: np.ndarray, batch_size: int = 500
) -> tf.data.Dataset:
    """Batches in order, unchanged; shapes and types as in `training_pipeline`."""
    dataset = tf.data.Dataset.from_tensor_slices((images, labels.astype(np.int32)))
    return dataset.batch(batch_size).map(
        lambda digits, targets: (tf.cast(digits, tf.float32)[..., None], targets)
    )


def augment(digits: tf.Tensor, config: TrainingConfig, seed: tf.Tensor) -> tf.Tensor:
    """Changes each digit at random as `config` allows.

    Args:
        digits: float32 (b, 28, 28, 1), 0–255, ink bright.
        seed: int64 (2,).
    """
    if config.rotation or config.zoom or config.shift or config.shear:
        digits = _transform(digits, config, seed)
    if config.stroke_thickness:
        digits = _change_thickness(digits, config.stroke_thickness, seed + 1)
    return digits


def _transform(digits: tf.Tensor, config: TrainingConfig, seed: tf.Tensor) -> tf.Tensor:
    """Rotation, shear, zoom and shift as one affine map, one resampling."""
    size = tf.shape(digits)[0]
    draws = tf.random.stateless_uniform((6, size), seed, -1.0, 1.0)
    radians = np.pi / 180
    angle, slant = draws[0] * config.rotation * radians, tf.tan(draws[1] * config.shear * radians)
    across, down = 1 / (1 + draws[2] * config.zoom), 1 / (1 + draws[3] * config.zoom)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    # The op maps output pixels to input pixels: rotation · shear · scale about the centre.
    a, b = cosine * across, (cosine * slant - sine) * down
    c, d = sine * across, (sine * slant + cosine) * down
    centre = (SIDE - 1) / 2
    right = centre - (a + b) * centre + draws[4] * config.shift * SIDE
    below = centre - (c + d) * centre + draws[5] * config.shift * SIDE
    zero = tf.zeros_like(a)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=digits,
        transforms=tf.stack([a, b, right, c, d, below, zero, zero], axis=1),
        output_shape=tf.constant([SIDE, SIDE]),
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )


def _change_thickness(digits: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
    """Blends a share of the digits with their dilation or erosion (3×3), half of them each.

    The ink stays as bright as it was: a thin stroke is thin, not faint.
    """
    size = tf.shape(digits)[0]
    draws = tf.random.stateless_uniform((2, size, 1, 1, 1), seed)
    thicker = tf.nn.max_pool2d(digits, 3, 1, "SAME")
    thinner = -tf.nn.max_pool2d(-digits, 3, 1, "SAME")
    chosen, strength = draws[0], draws[1] * 0.8
    changed = tf.where(chosen < share / 2, thicker, thinner)
    blended = digits + (changed - digits) * strength
    brightness = tf.reduce_max(digits, axis=(1, 2, 3), keepdims=True)
    blended *= brightness / tf.maximum(tf.reduce_max(blended, axis=(1, 2, 3), keepdims=True), 1.0)
    return tf.where(chosen < share, blended, digits)
