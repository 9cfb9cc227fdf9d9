"""Probabilities → what is said about one picture: which digit, how sure, and whether it is one."""

from dataclasses import dataclass

import numpy as np

LEAST_CONFIDENCE = 0.7
"""Below it, the answer is 'not a digit, I think'.

Chosen on training digits that `pretrained` did not learn from: it refuses 0.5 % of MNIST's there,
and 98 % of scribbles.
"""


@dataclass(frozen=True)
class Reading:
    """What a network says about one picture.

    `label`: the likeliest digit. `confidence`: its probability, in [0, 1]. `is_digit`: False where
    no digit is likely enough. A blank picture never gets here: `preprocess` refuses it.
    """

    label: int
    confidence: float
    is_digit: bool


def reading(probabilities: np.ndarray) -> Reading:
    """The reading of one picture from its probabilities, float (10,)."""
    label = int(probabilities.argmax())
    confidence = float(probabilities[label])
    return Reading(label, confidence, confidence >= LEAST_CONFIDENCE)
