"""config → input pipeline. Runs in the training process: it imports TensorFlow.

Every random choice is a function of (seed, epoch, batch) alone, so that a training can be
repeated, and taken up again at any epoch.
"""

import numpy as np
import tensorflow as tf

from digitlab.config import TrainingConfig
from digitlab.network import SIDE, VALIDATION_BATCH

_SMOOTHNESS = 4
"""Pixels: standard deviation of the Gaussian that smooths elastic displacements."""

_COARSE = np.arange(14) * _SMOOTHNESS - 12.5
"""Where the noise behind the displacements lies along an axis: the picture and 3 deviations round.

One deviation apart is close enough: the smoothed field has the covariance exp(-d²/4σ²) of noise in
every pixel, within a thousandth, at a tenth of the cost.
"""


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
    loaded = one_epoch.map(load, num_parallel_calls=2)
    count = tf.data.experimental.assert_cardinality(-(-len(images) // config.batch_size))
    return _untuned(loaded.apply(count).prefetch(4))


def plain_pipeline(
    images: np.ndarray, labels: np.ndarray, batch_size: int = VALIDATION_BATCH
) -> tf.data.Dataset:
    """Batches in order, unchanged; shapes and types as in `training_pipeline`."""
    dataset = tf.data.Dataset.from_tensor_slices((images, labels.astype(np.int32)))
    return _untuned(
        dataset.batch(batch_size).map(
            lambda digits, targets: (tf.cast(digits, tf.float32)[..., None], targets)
        )
    )


def _untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Without tf.data's tuner (TensorFlow 2.21): an iterator that ends may wait for its timer.

    The tuner sleeps 10 ms, then twice as long each time; now and then the end of an epoch is not
    heard, and an epoch of 11 s takes 20.5 s. AUTOTUNE as an argument is not the cause; this is.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def augment(digits: tf.Tensor, config: TrainingConfig, seed: tf.Tensor) -> tf.Tensor:
    """Changes each digit at random as `config` allows: draws at random, and applies the draws.

    Args:
        digits: float32 (b, 28, 28, 1), 0–255, ink bright.
        seed: int64 (2,).
    """
    size = tf.shape(digits)[0]
    if config.rotation or config.zoom or config.shift or config.shear or config.elastic:
        transforms = affine_transforms(
            tf.random.stateless_uniform((6, size), seed, -1.0, 1.0), config
        )
        if config.elastic:
            noise = tf.random.stateless_normal((size, 2, len(_COARSE), len(_COARSE)), seed + 2)
            digits = bend(digits, transforms, config.elastic * smooth(noise))
        else:
            digits = move(digits, transforms)
    if config.stroke_thickness:
        draws = tf.random.stateless_uniform((2, size), seed + 1)
        digits = change_thickness(digits, draws, config.stroke_thickness)
    return digits


def affine_transforms(draws: tf.Tensor, config: TrainingConfig) -> tf.Tensor:
    """Rotation, shear, zoom and shift as one affine map each, from output to input pixels.

    Args:
        draws: float32 (6, b) in [-1, 1): angle, slant, two zooms, two shifts.

    Returns:
        float32 (b, 6): a, b, c, d, e, f of (column, row) → (a·column + b·row + c,
        d·column + e·row + f).
    """
    radians = np.pi / 180
    angle, slant = draws[0] * config.rotation * radians, tf.tan(draws[1] * config.shear * radians)
    across, down = 1 / (1 + draws[2] * config.zoom), 1 / (1 + draws[3] * config.zoom)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    # rotation · shear · scale about the centre
    a, b = cosine * across, (cosine * slant - sine) * down
    d, e = sine * across, (sine * slant + cosine) * down
    centre = (SIDE - 1) / 2
    c = centre - (a + b) * centre + draws[4] * config.shift * SIDE
    f = centre - (d + e) * centre + draws[5] * config.shift * SIDE
    return tf.stack([a, b, c, d, e, f], axis=1)


def move(digits: tf.Tensor, transforms: tf.Tensor) -> tf.Tensor:
    """Resamples each digit (b, 28, 28, 1) through its affine map (b, 6)."""
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=digits,
        transforms=tf.pad(transforms, ((0, 0), (0, 2))),
        output_shape=tf.constant([SIDE, SIDE]),
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )


def smooth(noise: tf.Tensor) -> tf.Tensor:
    """White noise → smooth fields of the same variance (Simard, Steinkraus & Platt, 2003).

    Args:
        noise: float32 (b, 2, 14, 14), standard normal, one value at each crossing of `_COARSE`.

    Returns:
        float32 (b, 2, 28, 28), standard normal in every pixel.
    """
    weights = np.exp(-((np.arange(SIDE)[:, None] - _COARSE) ** 2) / (2 * _SMOOTHNESS**2))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    # Two plain products: a matrix that tf.matmul broadcasts over (b, 1, 14, 14) gives wrong values
    # or a crash, in TensorFlow 2.21 with oneDNN.
    rows = tf.constant(weights, tf.float32)
    return tf.tensordot(tf.tensordot(noise, rows, [[2], [1]]), rows, [[2], [1]])


def bend(digits: tf.Tensor, transforms: tf.Tensor, displacements: tf.Tensor) -> tf.Tensor:
    """Resamples each digit once, through its affine map and displacements of its own together.

    Args:
        digits: float32 (b, 28, 28, 1).
        transforms: float32 (b, 6), as from `affine_transforms`.
        displacements: float32 (b, 2, 28, 28), pixels; across, down.
    """
    rows, columns = np.indices((SIDE, SIDE)).astype(np.float32)
    a, b, c, d, e, f = (transforms[:, k, None, None] for k in range(6))
    x = a * columns + b * rows + c + displacements[:, 0]
    y = d * columns + e * rows + f + displacements[:, 1]
    return _sample(digits, x, y)


def _sample(digits: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Bilinear values of each digit at columns x and rows y (b, 28, 28); black outside."""
    side = SIDE + 3  # one black pixel before, two behind: so the four neighbours always exist
    flat = tf.reshape(tf.pad(digits[..., 0], ((0, 0), (1, 2), (1, 2))), [-1])
    x, y = tf.clip_by_value(x + 1, 0.0, SIDE + 1.0), tf.clip_by_value(y + 1, 0.0, SIDE + 1.0)
    left, top = tf.floor(x), tf.floor(y)
    right_share, lower_share = x - left, y - top
    first = tf.range(tf.shape(digits)[0])[:, None, None] * side**2
    corner = first + tf.cast(top, tf.int32) * side + tf.cast(left, tf.int32)
    upper, lower = (
        (1 - right_share) * tf.gather(flat, corner + below)
        + right_share * tf.gather(flat, corner + below + 1)
        for below in (0, side)
    )
    return ((1 - lower_share) * upper + lower_share * lower)[..., None]


def change_thickness(digits: tf.Tensor, draws: tf.Tensor, share: float) -> tf.Tensor:
    """Blends a share of the digits with their dilation or erosion (3×3), half of them each.

    The ink stays as bright as it was: a thin stroke is thin, not faint.

    Args:
        digits: float32 (b, 28, 28, 1).
        draws: float32 (2, b) in [0, 1): which digits, and how much.
    """
    chosen, strength = draws[0][:, None, None, None], draws[1][:, None, None, None] * 0.8
    thicker = tf.nn.max_pool2d(digits, 3, 1, "SAME")
    thinner = -tf.nn.max_pool2d(-digits, 3, 1, "SAME")
    changed = tf.where(chosen < share / 2, thicker, thinner)
    blended = digits + (changed - digits) * strength
    brightness = tf.reduce_max(digits, axis=(1, 2, 3), keepdims=True)
    blended *= brightness / tf.maximum(tf.reduce_max(blended, axis=(1, 2, 3), keepdims=True), 1.0)
    return tf.where(chosen < share, blended, digits)
