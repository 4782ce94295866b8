"""Files that are whole or not there: written beside their place, flushed, and only then given their name."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from brainseg_gui.links import behind_links
from brainseg_gui.storage.folder import Folder, flush, open_folder
from brainseg_gui.storage.leftovers import new_name, sweep_now_and_then

_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES, errno.EINVAL}
_NAMING_S, _LOOK_AGAIN_S = 2.0, 0.02


@contextlib.contextmanager
def replacing(
    path: Path,
    *,
    chosen: bool,
    root: Path | None = None,
    private: bool = False,
    only_new: bool = False,
    suffix: str = "",
) -> Iterator[Path]:
    """A file to write, beside `path`, that takes its place at the end; what was there stays on any failure.

    Parameters
    ----------
    chosen
        Whether a person chose the name: it is followed then where it is a link, which stays. A name that the program
        derived is refused if it is one.
    root
        For derived names: a folder above that a person chose; no link is followed below it.
    private
        Readable for this user only; else as the file that is replaced, or as the user's new files are.
    only_new
        Take no place that is taken, not even one that was taken meanwhile: `FileExistsError`.
    suffix
        How the name of the file to write has to end; by default as that of `path`.

    Raises
    ------
    OSError
        If it could not be written.
    """
    target = behind_links(path) if chosen else path
    with open_folder(target.parent, root) as folder:
        folder.refuse_link(target.name)
        sweep_now_and_then(folder)
        name = new_name(suffix or target.suffix)
        mode = _mode_of(folder, target.name, private=private)
        try:
            folder.open(name, "xb", 0o666 if mode is None else mode | 0o600).close()
            yield target.parent / name
            with folder.open(name, "r+b") as stream:
                flush(stream.fileno())
                _set_mode(stream.fileno(), mode)
            _publish(folder, name, target.name) if only_new else folder.rename(name, target.name)
            folder.flush()
        finally:
            with contextlib.suppress(OSError):
                folder.remove(name)


def write_bytes(
    path: Path, raw: bytes, *, chosen: bool, root: Path | None = None, private: bool = False, only_new: bool = False
) -> None:
    """Write a small file; see `replacing`.

    Raises
    ------
    OSError
        If it could not be written; what was there is untouched.
    """
    with (
        replacing(path, chosen=chosen, root=root, private=private, only_new=only_new) as temporary,
        temporary.open("r+b") as stream,
    ):
        stream.write(raw)


def write_text(path: Path, text: str, *, chosen: bool, root: Path | None = None, private: bool = False) -> None:
    """Write text as UTF-8; names of files that are no text are written with escapes. See `write_bytes`."""
    write_bytes(path, text.encode(errors="backslashreplace"), chosen=chosen, root=root, private=private)


def open_derived(path: Path, mode: str, *, root: Path | None = None) -> IO[bytes]:
    """A regular file whose name the program derived: no link is followed, no pipe waited for. See `Folder.open`.

    Raises
    ------
    OSError
        If it cannot be opened, or is no file of its own; `strerror` says so in words.
    """
    with open_folder(path.parent, root) as folder:
        return folder.open(path.name, mode)


def remove_derived(path: Path, *, root: Path | None = None) -> None:
    """Remove a file whose name the program derived, or a link of that name, and harmless where there is none."""
    with contextlib.suppress(FileNotFoundError), open_folder(path.parent, root) as folder:
        folder.remove(path.name)


def make_private_folder(folder: Path) -> None:
    """Make a folder that only this user can look into, or make an existing one so where the drive knows modes."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        os.chmod(folder, 0o700)


def await_content(path: Path) -> None:
    """Wait a moment where a name is reserved: on drives without hard links it stands for an empty file until its own
    comes. A file that stays empty, as of a writer that died, is not waited for longer.
    """
    end = time.monotonic() + _NAMING_S
    with contextlib.suppress(OSError):
        while _is_empty(path.lstat()) and time.monotonic() < end:
            time.sleep(_LOOK_AGAIN_S)


def _is_empty(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_size == 0


def _mode_of(folder: Folder, name: str, *, private: bool) -> int | None:
    """The mode that a file is to have; None for that of new files."""
    if private:
        return 0o600
    found = folder.status(name)
    return stat.S_IMODE(found.st_mode) & 0o777 if found is not None else None


def _set_mode(handle: int, mode: int | None) -> None:
    if mode is not None and hasattr(os, "fchmod"):
        with contextlib.suppress(OSError):  # many a network drive knows no modes: no reason to give up a file
            os.fchmod(handle, mode)


def _publish(folder: Folder, name: str, new: str) -> None:
    """Give a file its name if nobody has it: by a hard link, or where drives have none by reserving the name."""
    try:
        folder.link(name, new)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        try:
            folder.open(new, "xb").close()
        except FileExistsError:
            await_content(folder.path / new)
            raise
        folder.rename(name, new)
