"""Start it with `streamlit run app.py`: one frame, and the page inside it."""

import streamlit as st

from pages.ui.frame import navigation

current = navigation()
st.set_page_config(page_title=f"{current.title} · DigitLab")
current.run()
