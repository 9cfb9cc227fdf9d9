"""Who is visiting, as far as it matters: whose uploads are shown, and who may name server files."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from digitlab.datasets import NAMED
from digitlab.errors import InputError
from digitlab.lessons import lesson_of
from digitlab.sources.uploads import AT_HOME, is_mine, is_upload

VISITOR = "visitor"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
THIS_COMPUTER = (None, "::ffff:127.0.0.1")
"""What Streamlit says of a browser on this computer; the second where it listens on `::`, as it
does unless told otherwise, and the browser goes to 127.0.0.1."""
FORWARDING = ("forwarded", "x-forwarded", "x-real-ip", "via")


def visitor() -> str:
    """`AT_HOME` for who sits at the server's own computer, else a token of this session.

    Streamlit sets no cookies, and a token in the address would be shared with it. So uploads
    outlive the session only where nobody else can come along. A sitting on Draw has the token given
    back after a reload, by the browser's tab: see `draw.sitting`.
    """
    if _is_at_home():
        return AT_HOME
    return st.session_state.setdefault(VISITOR, secrets.token_hex(16))


def _is_at_home() -> bool:
    """Whether the browser runs on this computer: its own address and the page's are loopback's.

    A proxy on this computer also has that address, but the browser's `Origin` passes through it,
    and most leave a header of theirs. Who forges all that sees the uploads made here at home and
    those of no other visitor.
    """
    headers = st.context.headers
    forwarded = any(name.lower().startswith(FORWARDING) for name in headers)
    origin = urlsplit(headers.get("Origin") or "").hostname
    return st.context.ip_address in THIS_COMPUTER and origin in LOOPBACK and not forwarded


def known_as(name: str) -> str:
    """The name of a dataset; of a file of the server only the last part of its path, for a visitor
    from elsewhere."""
    is_file = name not in NAMED and not is_upload(name)
    return Path(name).name if is_file and visitor() != AT_HOME else name


def check_access(name: str) -> None:
    """Raises InputError for a dataset that this visitor may not see: another's, or a server's file.

    A path can come from a run of the command line, or from a config that a stranger wrote.
    """
    if lesson := lesson_of(name):
        for part in lesson:
            check_access(part)
    elif is_upload(name):
        if not is_mine(name, visitor()):
            raise InputError(
                "this dataset is not here: somebody else brought it, or it was removed"
            )
    elif name not in NAMED and visitor() != AT_HOME:
        raise InputError(
            "a dataset that is a file of the server is read only at the server's own computer"
        )
