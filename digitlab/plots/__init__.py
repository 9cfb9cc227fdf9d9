"""Records → plotly figures. `*_info` computes plain data; the rest only draws."""

from digitlab.plots.answers import confusion_info, confusion_matrix, probability_bars
from digitlab.plots.curves import (
    curves_info,
    learning_curve,
    learning_rate_curve,
    learning_rate_info,
    two_axis_curves,
)
from digitlab.plots.digits import (
    class_counts,
    digit_heatmap,
    histogram_info,
    mean_digits,
    mean_digits_info,
    pixel_histogram,
)
from digitlab.plots.filters import filter_picture
from digitlab.plots.look import CLASS_COLOURS, CONFIG, TRAINING, VALIDATION

__all__ = [
    "CLASS_COLOURS",
    "CONFIG",
    "TRAINING",
    "VALIDATION",
    "class_counts",
    "confusion_info",
    "confusion_matrix",
    "curves_info",
    "digit_heatmap",
    "filter_picture",
    "histogram_info",
    "learning_curve",
    "learning_rate_curve",
    "learning_rate_info",
    "mean_digits",
    "mean_digits_info",
    "pixel_histogram",
    "probability_bars",
    "two_axis_curves",
]
