"""Small files from elsewhere, read without believing them: of a bounded size, and no pipe or device that never ends."""

from __future__ import annotations

import errno
import json
import os
import stat
import tomllib
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

from brainseg_gui.errors import printable

MEBIBYTE = 2**20


def open_file(path: Path) -> BufferedReader:
    """A regular file, open for reading; a pipe is not waited for.

    Raises
    ------
    OSError
        If it cannot be read, or is no regular file; `strerror` says so in words.
    """
    # without O_NONBLOCK, opening a pipe waits for whoever writes into it
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is no regular file", str(path))


def read_bytes(path: Path, most_bytes: int = MEBIBYTE) -> bytes:
    """The content of a regular file.

    Raises
    ------
    OSError
        As `open_file`, and if it is larger than `most_bytes`.
    """
    with open_file(path) as stream:
        return read_stream(stream, path, most_bytes)


def read_stream(stream: IO[bytes], path: Path, most_bytes: int = MEBIBYTE) -> bytes:
    """The content of an open regular file.

    Raises
    ------
    OSError
        If it is larger than `most_bytes`.
    """
    size = os.fstat(stream.fileno()).st_size
    content = stream.read(most_bytes + 1) if size <= most_bytes else None
    if content is None or len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {_size(most_bytes)}", str(path))
    return content


def read_text(path: Path, most_bytes: int = MEBIBYTE) -> str:
    """The content of a regular file in UTF-8; a byte order mark at its start does not count.

    Raises
    ------
    OSError
        As `read_bytes`.
    UnicodeDecodeError
        If it is not UTF-8.
    """
    return read_bytes(path, most_bytes).decode("utf-8-sig")


def read_json(path: Path, most_bytes: int = MEBIBYTE) -> Any:
    """The value that a JSON file holds.

    Raises
    ------
    OSError
        As `read_bytes`.
    ValueError
        If it is no JSON, or nested too deeply.
    """
    return json_of(read_text(path, most_bytes))


def json_of(text: str | bytes) -> Any:
    """The value that a text holds.

    Raises
    ------
    ValueError
        If it is no JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def toml_of(text: str) -> dict[str, Any]:
    """The table that a text holds.

    Raises
    ------
    ValueError
        If it is no TOML, or nested too deeply.
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def visible(text: str, longest: int = 80) -> str:
    """A text from elsewhere for a sentence: `printable`, and of bearable length."""
    shown = printable(text[: longest + 1])
    return f"{shown[:longest]}…" if len(shown) > longest else shown


def for_terminal(text: str) -> str:
    """A text of several lines whose letters steer no terminal, and that can be written in UTF-8."""
    return "\n".join(printable(line.rstrip("\r")) for line in text.split("\n"))


def tagless(text: str) -> str:
    """A name from elsewhere in which no program finds HTML: angle brackets become quotation marks of the same look."""
    return text.replace("<", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}").replace(
        ">", "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
    )


def _size(count: int) -> str:
    return f"{count / MEBIBYTE:g} MiB" if count >= MEBIBYTE else f"{count:,} bytes"
