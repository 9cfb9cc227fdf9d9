"""Zip files from strangers: nothing is unpacked before the whole directory was found harmless."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from io import SEEK_END
from typing import BinaryIO, TypeVar

from digitlab.errors import InputError

_END = struct.Struct("<4s4H2LH")
"""The record that ends a zip: signature, disks, members (twice), directory's size, its place, and
the length of a comment."""

_LARGE_LOCATOR_BYTES = 20
_DIRECTORY_ENTRY_BYTES = 200
"""A member takes about so much of the directory: 46 bytes and its name."""

_ENCRYPTED = 0x1

_FAULTS = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)

T = TypeVar("T")


def open_plain_zip(file: BinaryIO, most_members: int, most_bytes: int) -> zipfile.ZipFile:
    """Opens a zip of plain files.

    Args:
        most_bytes: what all members together may unpack to, as they declare it; `read_member`
            reads no more than that.

    Raises:
        InputError: if it is no zip, too large, or holds anything but plain files, each once.
    """
    _check_end(file, most_members)
    archive = _sound(lambda: zipfile.ZipFile(file))
    members = archive.infolist()
    seen: set[str] = set()
    for member in members:
        name = shortened(member.filename)
        if member.filename in seen:
            raise InputError(f"the zip file holds {name} twice")
        seen.add(member.filename)
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG) or member.is_dir():
            raise InputError(f"the zip file must hold plain files only, {name} is none")
        if member.flag_bits & _ENCRYPTED:
            raise InputError(f"the zip file must not be encrypted, {name} is")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(f"the zip file must be stored or deflated, {name} is neither")
    if sum(member.file_size for member in members) > most_bytes:
        raise InputError(f"the zip file must unpack to at most {most_bytes / 1e6:.0f} MB")
    return archive


def read_member(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes:
    """Reads a member, which must be as long as it declares.

    Raises:
        InputError: if it is not there, too large, or damaged.
    """
    if name not in archive.NameToInfo:
        raise InputError(f"the zip file must hold {shortened(name)}")
    size = archive.getinfo(name).file_size
    if size > most_bytes:
        raise InputError(
            f"{shortened(name)} must have at most {most_bytes / 1e6:.1f} MB, got {size / 1e6:.1f}"
        )
    with _sound(lambda: archive.open(name)) as stream:
        # Of a size: without one, all that was deflated is unpacked before it is cut.
        content: bytes = _sound(lambda: stream.read(size + 1))
    if len(content) != size:
        raise InputError(f"the zip file is damaged: {shortened(name)} is cut short")
    return content


def shortened(text: str, longest: int = 80) -> str:
    """A stranger's text, for a sentence: quoted, and no longer than that."""
    return repr(text if len(text) <= longest else f"{text[:longest]}…")


def _check_end(file: BinaryIO, most_members: int) -> None:
    """Looks at the last record before `zipfile` reads a directory of any size into memory."""
    size = file.seek(0, SEEK_END)
    file.seek(max(0, size - _END.size - _LARGE_LOCATOR_BYTES))
    tail = file.read()
    end = tail[-_END.size :]
    if len(end) < _END.size or not end.startswith(b"PK\5\6"):
        raise InputError("this is no zip file, or it was cut short")
    _, _, _, _, members, directory_bytes, _, comment_bytes = _END.unpack(end)
    if comment_bytes or tail.startswith(b"PK\6\7"):
        raise InputError("this is no plain zip file: it has a comment, or the format for 4 GB")
    if members > most_members or directory_bytes > most_members * _DIRECTORY_ENTRY_BYTES:
        raise InputError(f"the zip file must hold at most {most_members:,} files")


def _sound(read: Callable[[], T]) -> T:
    try:
        return read()
    except _FAULTS as error:
        raise InputError(f"the zip file is damaged: {shortened(str(error))}") from None
