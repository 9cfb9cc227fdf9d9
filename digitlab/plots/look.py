"""The look of every figure, set once: colours, template, titles.

Backgrounds are transparent and no text has a colour of its own, so that Streamlit's theme suits
figures to light and dark.
"""

import plotly.graph_objects as go

CLASS_COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
"""Ten colours that colour-blind eyes tell apart (Petroff, 2021, arXiv:2107.02270)."""

TRAINING = "#3f90da"
VALIDATION = "#e76300"
TEST = "#717581"
LOSS = "#d1432f"
ACCURACY = "#3f90da"
RATE = "#832db6"
MARK = "#8a8f98"

FADED = 0.35
"""The opacity of what is not chosen."""

CONFIG = {"displayModeBar": False}
"""For `st.plotly_chart(..., config=CONFIG)`: no toolbar."""

TEMPLATE = go.layout.Template(
    layout=go.Layout(
        colorway=CLASS_COLOURS,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 10, "r": 10, "t": 50, "b": 10},
        title={"font": {"size": 15}, "x": 0, "xanchor": "left"},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        xaxis={"automargin": True, "zeroline": False},
        yaxis={"automargin": True, "zeroline": False},
    )
)

DIGITS = tuple("0123456789")
CLEAR = "rgba(0,0,0,0)"

FRAME = "#e76300"
"""Round what is looked at."""


def finish(
    figure: go.Figure, title: str, x_title: str | None, y_title: str | None, height: int
) -> None:
    """Gives a figure the template, its title, its height in pixels and the titles of its axes."""
    figure.update_layout(template=TEMPLATE, title_text=title, height=height)
    if x_title:
        figure.update_xaxes(title_text=x_title)
    if y_title:
        figure.update_yaxes(title_text=y_title)
