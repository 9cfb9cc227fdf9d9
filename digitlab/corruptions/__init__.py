"""Ways to spoil a digit: `registry` names them and their levels, `maps` does it."""

from digitlab.corruptions.registry import CORRUPTIONS, EVERYDAY, MNIST_C, Corruption

__all__ = ["CORRUPTIONS", "EVERYDAY", "MNIST_C", "Corruption"]
