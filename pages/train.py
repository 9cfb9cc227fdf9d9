import streamlit as st

from digitlab.jobs import get_jobs
from digitlab.network import plan
from pages.ui.forms import pick_preset, show_changes, training_form
from pages.ui.frame import guard, page
from pages.ui.layers import show_plan
from pages.ui.live import active_run, ended_run, show_live, show_queue, show_result
from pages.ui.mnist import offer_mnist

with page("Train", "Choose a network, press Start, watch it learn."):
    offer_mnist()
    run = active_run()
    if run is not None:
        show_live(run)
        show_queue(run)
    elif ended := ended_run():
        show_result(ended)

    left, right = st.columns(2, gap="large")
    with left:
        preset = pick_preset()
        st.caption(f"**{preset.title}.** {preset.summary} *{preset.source}*")
        if preset.author.note:
            st.caption(preset.author.note)
        with guard():
            config = training_form()
            show_changes(config, preset)
            with right:
                network = plan(config)
                show_plan(network)
            if st.button(
                "Start training" if run is None else "Queue this training",
                type="primary",
                icon=":material/play_arrow:",
                key="train_start",
            ):
                get_jobs().submit(config, preset.key)
                st.session_state["train_ended"] = None
                st.rerun()
