"""Learning curves → plain words: what they mean, and what to try next.

`curves` is what can be asked of the curves, `rules` what they show, `remedies` what to change,
`hints` the words.
"""

from digitlab.advice.curves import Curves
from digitlab.advice.hints import Hint, hints

__all__ = ["Curves", "Hint", "hints"]
