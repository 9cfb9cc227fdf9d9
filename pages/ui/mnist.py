"""The line that says MNIST is missing, and gets it."""

import streamlit as st

from digitlab.mnist import find_mnist, mnist_download, start_mnist_download
from pages.ui.frame import guard


def offer_mnist() -> None:
    """Shows nothing where MNIST is at hand; otherwise one line with a button, then the progress.

    The download runs in a process of its own: no page waits for it.
    """
    download = mnist_download()
    if find_mnist():
        return
    if download is not None and not download.done:
        _follow()
    elif download is not None and download.error:
        st.error(download.error, icon=":material/error:")
        st.button("Try again", key="mnist_again", on_click=_start)
    else:
        _offer()


def _offer() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            "MNIST is not on this computer yet. Meanwhile everything works on the 1,797 digits "
            "that come with scikit-learn.",
            width="content",
        )
        st.button(
            "Download MNIST",
            key="mnist_download",
            on_click=_start,
            icon=":material/download:",
            help="70,000 digits, 11 MB, fetched once and checked by Keras",
        )


def _start() -> None:
    start_mnist_download()


@st.fragment(run_every=0.5)
@guard()
def _follow() -> None:
    download = mnist_download()
    if download is None or download.done:
        st.rerun()
    st.progress(download.fraction, f"Downloading MNIST · {100 * download.fraction:.0f} %")
