"""A run's claim on an output folder: as long as it stands, its workers may write there, and runs like it beside it.

Two clients with the same model and settings share the work; one with others is refused while the first is alive. A
worker looks for the claim before it gives a result its name: what a cancelled run still has at work writes nothing.
No clock is asked: a claim of this computer is stale when its process is gone, one of another computer never.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from brainseg_gui.errors import SaveError
from brainseg_gui.execution.manifest import FOLDER
from brainseg_gui.storage.folder import open_folder
from brainseg_gui.storage.lock_file import (
    Holder,
    create,
    in_the_making,
    new_holder,
    read_holder,
    release,
    remove_stale_lock,
)
from brainseg_gui.storage.reading import is_derived_file

_PREFIX, _ENDING = "run-", ".lock"


class ClaimedError(SaveError):
    """Another run writes there."""


@contextlib.contextmanager
def claimed(folder: Path, key: str) -> Iterator[Path]:
    """Hold a claim on a manifest's folder; yields its file.

    Parameters
    ----------
    folder
        Exists.
    key
        Of the model and all settings of the run.

    Raises
    ------
    ClaimedError
        If a run with another key writes there.
    SaveError
        If the claim cannot be written.
    """
    holder = new_holder()
    claim = folder / f"{_PREFIX}{key[:16]}-{holder.token}{_ENDING}"
    try:
        create(claim, holder)
    except OSError as error:
        raise SaveError(f"it cannot be written ({error.strerror})", "Choose another folder", folder) from error
    try:
        for other in sorted(folder.glob(f"{_PREFIX}*{_ENDING}")):
            if other != claim:
                _yield_to(other, key)
        yield claim
    finally:
        release(claim, holder)


@contextlib.contextmanager
def claimed_manifest(results: Path, key: str) -> Iterator[Path]:
    """As `claimed`, for the manifest in a folder of results; its folder is made, and removed again if it stays empty.

    Raises
    ------
    SaveError
        As `claimed`; or if the folder cannot be made, or is a link.
    """
    folder = results / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        with open_folder(folder, results):  # no link leads elsewhere
            pass
    except OSError as error:
        raise SaveError(f"it cannot be made ({error.strerror or error})", "Choose another folder", folder) from error
    try:
        with claimed(folder, key) as claim:
            yield claim
    finally:
        with contextlib.suppress(OSError):  # something was done
            folder.rmdir()


def stands(claim: Path) -> bool:
    """Whether the run that made a claim goes on."""
    return is_derived_file(claim)


def _yield_to(other: Path, key: str) -> None:
    """Refuse to work beside a run of another kind; what dead ones left is removed."""
    found = read_holder(other)
    if found is None and not in_the_making(other):
        return
    if found is not None and not found.alive:
        remove_stale_lock(other, found)
    elif not other.name.startswith(f"{_PREFIX}{key[:16]}-"):
        raise ClaimedError(
            f"a run with another model or other settings writes here ({_told(found)})",
            "Wait for its end, or choose another folder; if it is gone for certain, remove the file",
            other,
        )


def _told(holder: Holder | None) -> str:
    return f"process {holder.pid} on {holder.host}" if holder is not None else "it begins just now"
