"""Files for results that a command line names: they take the place of older results, never of images."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from brainseg_gui.errors import SaveError
from brainseg_gui.plain_files import open_file

STANDARD_OUTPUT = Path("-")
_LOOKED_AT_BYTES = 4096


def check_results(files: Iterable[Path | None]) -> None:
    """Refuse before any work names under which a table, a page or a PDF would destroy something else.

    Parameters
    ----------
    files
        As they were given; None for what was not asked for.

    Raises
    ------
    SaveError
        If one is an image, or a file of another kind than results, or two results would go into one file.
    """
    from brainseg_gui.imaging.formats.known_formats import is_image

    named = [path for path in files if path is not None and path != STANDARD_OUTPUT]
    for path in named:
        if is_image(path):
            raise SaveError("it has the name of an image, which a result must not replace", "Choose another name", path)
        if _holds_other_things(path):
            raise SaveError("there is a file of another kind, which would be lost", "Choose another name", path)
    places = Counter(path.absolute() for path in named)
    if twice := next((path for path in named if places[path.absolute()] > 1), None):
        raise SaveError("two results would go into it", "Give each a name of its own", twice)


def refuse_standard_output(option: str, file: Path | None) -> None:
    """Refuse ``-`` for a result that goes into files only: it would become a file of that name.

    Raises
    ------
    SaveError
        If it is given.
    """
    if file == STANDARD_OUTPUT:
        raise SaveError(f"{option} - would write a file named “-”", "Give the name of a file")


def _holds_other_things(path: Path) -> bool:
    """Whether there is a file that is neither text nor PDF, such as a DICOM image or a network's weights."""
    with contextlib.suppress(OSError), open_file(path) as stream:
        start = stream.read(_LOOKED_AT_BYTES)
        return b"\0" in start and not start.startswith(b"%PDF")
    return False
