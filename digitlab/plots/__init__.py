"""Records → figures, most of them Plotly's. `*_info` computes plain data; the rest only draws."""

from digitlab.plots.answers import confusion_info, confusion_matrix
from digitlab.plots.bars import probability_bars
from digitlab.plots.comparison import (
    overlaid_curves,
    overlay_info,
    probability_pairs,
    recall_deltas,
    recall_deltas_info,
)
from digitlab.plots.curves import (
    curves_info,
    learning_curve,
    learning_rate_curve,
    learning_rate_info,
    two_axis_curves,
)
from digitlab.plots.digits import (
    class_counts,
    histogram_info,
    pixel_histogram,
    range_bars,
    ranges_info,
)
from digitlab.plots.filters import filter_picture
from digitlab.plots.hands import hand_chart, hand_info
from digitlab.plots.heatmaps import (
    class_difference,
    class_difference_info,
    digit_heatmap,
    framed,
    framed_pixel,
    mean_digits,
    mean_digits_info,
    spread_digits,
    used_pixels,
)
from digitlab.plots.look import CLASS_COLOURS, CONFIG, TRAINING, VALIDATION
from digitlab.plots.reliability import (
    AS_IT_IS,
    reliability_diagram,
    reliability_info,
    selective_curve,
    selective_info,
)
from digitlab.plots.replay import belief_curves, belief_info
from digitlab.plots.robustness import severity_curve, severity_info

__all__ = [
    "AS_IT_IS",
    "CLASS_COLOURS",
    "CONFIG",
    "TRAINING",
    "VALIDATION",
    "belief_curves",
    "belief_info",
    "class_counts",
    "class_difference",
    "class_difference_info",
    "confusion_info",
    "confusion_matrix",
    "curves_info",
    "digit_heatmap",
    "filter_picture",
    "framed",
    "framed_pixel",
    "hand_chart",
    "hand_info",
    "histogram_info",
    "learning_curve",
    "learning_rate_curve",
    "learning_rate_info",
    "mean_digits",
    "mean_digits_info",
    "overlaid_curves",
    "overlay_info",
    "pixel_histogram",
    "probability_bars",
    "probability_pairs",
    "range_bars",
    "ranges_info",
    "recall_deltas",
    "recall_deltas_info",
    "reliability_diagram",
    "reliability_info",
    "selective_curve",
    "selective_info",
    "severity_curve",
    "severity_info",
    "spread_digits",
    "two_axis_curves",
    "used_pixels",
]
