"""DigitLab's core: handwritten digits explored, learnt, judged and read.

Nothing in this package imports Streamlit, and only the modules that run in the
training process (`architectures`, `augmentation`, `training`, `export`) import TensorFlow.
"""

__version__ = "0.1.0"
