import streamlit as st

from digitlab.network import plan
from pages.ui.augmented import show_augmented
from pages.ui.cache import store
from pages.ui.code import show_code
from pages.ui.cost import show_cost
from pages.ui.forms import pick_preset, show_changes, training_form
from pages.ui.frame import guard, page
from pages.ui.going_on import show_fork, show_start
from pages.ui.layers import show_plan
from pages.ui.lineage import show_lineage
from pages.ui.live import show_live
from pages.ui.mnist import offer_mnist
from pages.ui.result import show_ended
from pages.ui.shown import pick_run, show_other_training, show_queue

with page("Train", "Choose a network, press Start, watch it learn."):
    offer_mnist()
    runs = store().runs()
    run = pick_run(runs)
    if run is not None:
        show_other_training(run)
        with guard():
            if run.status.is_active:
                show_live(run)
            else:
                show_ended(run)
        show_queue(run)
        show_lineage(run, runs)
        st.divider()

    left, right = st.columns(2, gap="large")
    with left:
        fork = show_fork()
        preset = pick_preset()
        st.caption(f"**{preset.title}.** {preset.summary} *{preset.source}*")
        if preset.author.note:
            st.caption(preset.author.note)
        with guard():
            config = training_form()
            show_changes(config, preset)
            with right:
                show_plan(plan(config))
                show_code(config)
                show_augmented(config)
            may_start = show_cost(config, fork[1] if fork else 0)
            show_start(config, preset, fork, may_start)
