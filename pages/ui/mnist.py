"""The lines that say MNIST or Fashion-MNIST is missing, and get it."""

from collections.abc import Callable

import streamlit as st

from digitlab.sources.downloads import Download
from digitlab.sources.fashion import fashion_download, find_fashion_mnist, start_fashion_download
from digitlab.sources.mnist import find_mnist, mnist_download, start_mnist_download
from pages.ui.frame import guard


def offer_mnist() -> None:
    """Shows nothing where MNIST is at hand; otherwise one line with a button, then the progress.

    The download runs in a process of its own: no page waits for it.
    """
    if find_mnist() is None:
        _offer(
            "MNIST",
            mnist_download,
            start_mnist_download,
            "MNIST is not on this computer yet. Meanwhile everything works on the 1,797 digits "
            "that come with scikit-learn.",
            "70,000 digits, 11 MB, fetched once and checked by Keras",
        )


def offer_fashion_mnist() -> None:
    """The same for Fashion-MNIST."""
    if find_fashion_mnist() is None:
        _offer(
            "Fashion-MNIST",
            fashion_download,
            start_fashion_download,
            "Or clothes instead of digits:",
            "70,000 pictures of ten kinds of clothes, 31 MB, fetched once by Keras",
        )


def _offer(
    title: str,
    latest: Callable[[], Download | None],
    start: Callable[[], Download],
    words: str,
    help: str,
) -> None:
    """The line with the button; the progress; or what failed."""
    key, download = title.lower().replace("-", "_"), latest()

    def begin() -> None:
        start()

    if download is not None and not download.done:
        _follow(title, download)
    elif download is not None and download.error:
        st.error(download.error, icon=":material/error:")
        st.button("Try again", key=f"{key}_again", on_click=begin)
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(words, width="content")
            st.button(
                f"Download {title}",
                key=f"{key}_download",
                on_click=begin,
                icon=":material/download:",
                help=help,
            )


@st.fragment(run_every=0.5)
@guard()
def _follow(title: str, download: Download) -> None:
    if download.done:
        st.rerun()
    st.progress(download.fraction, f"Downloading {title} · {100 * download.fraction:.0f} %")
