"""The network before it exists: its layers, their shapes, their share of the parameters."""

import pandas as pd
import streamlit as st

from digitlab.network import Plan

WIDEST_WORDS = 20
"""Characters that fit beside the other columns where the form takes half of 1,280 pixels."""

PLAIN_WORDS = {
    "Rescaling": "scales the pixels",
    "ColumnNormalization": "scales each column",
    "Conv2D": "looks for patterns",
    "BatchNormalization": "re-centres",
    "MaxPooling2D": "the strongest of 2×2",
    "AveragePooling2D": "the average of 2×2",
    "Dropout": "silences some",
    "Flatten": "lays pixels in a row",
    "Dense": "weighs everything",
}


def show_plan(network: Plan) -> None:
    """The table of layers and the totals."""
    parameters, work = st.columns(2)
    parameters.metric("Parameters", f"{network.parameters:,}", help="Numbers to be learnt.")
    work.metric(
        "Multiply-adds per digit",
        f"{network.multiply_adds / 1e6:.1f} M",
        help="The arithmetic of reading one digit; training takes about three times as much.",
    )
    fixed = network.parameters - network.trainable_parameters
    if fixed:
        st.caption(f"{fixed:,} of the parameters are not trained: running means and variances.")
    st.dataframe(
        pd.DataFrame(
            {
                "layer": [layer.name for layer in network.layers],
                "output": ["×".join(map(str, layer.output_shape)) for layer in network.layers],
                "parameters": [layer.parameters for layer in network.layers],
                "what it does": [PLAIN_WORDS[layer.kind] for layer in network.layers],
            }
        ),
        hide_index=True,
        height="content",
        column_config={
            "layer": st.column_config.Column(width=106),
            "output": st.column_config.Column(width=75),
            "parameters": st.column_config.ProgressColumn(
                format="localized", min_value=0, max_value=network.parameters, width=104
            ),
        },
    )
