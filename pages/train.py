import streamlit as st

from digitlab.network import plan
from pages.ui.cache import store
from pages.ui.frame import guard, page
from pages.ui.mnist import offer_mnist
from pages.ui.train.augmented import show_augmented
from pages.ui.train.code import show_code
from pages.ui.train.cost import show_cost
from pages.ui.train.forms import pick_preset, show_changes, training_form
from pages.ui.train.going_on import show_fork, show_start
from pages.ui.train.layers import show_plan
from pages.ui.train.lineage import show_lineage
from pages.ui.train.live import show_live
from pages.ui.train.result import is_saving, show_ended
from pages.ui.train.shown import pick_run, show_other_training, show_queue

with page("Train", "Choose a network, press Start, watch it learn."):
    with st.container():  # however much is in it, the form stays where it is, its open tab too
        offer_mnist()
        runs = store().runs()
        run = pick_run(runs)
        show_other_training(run)
        if run is not None:
            with guard():
                if run.status.is_active or is_saving(run):
                    show_live(run)
                else:
                    show_ended(run)
            show_queue(run)
            show_lineage(run, runs)
            st.divider()

    left, right = st.columns(2, gap="large")
    with left:
        with st.container():
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
