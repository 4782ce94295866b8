"""Links to files, where a file is to be replaced."""

from __future__ import annotations

import os
from pathlib import Path


def behind_links(path: Path) -> Path:
    """The file that a name leads to, be it there or not; the name itself where it is no link.

    Who renames a new file over a link would replace the link, and leave the file that others read as it was.
    """
    return Path(os.path.realpath(path)) if os.path.islink(path) else path  # of a name that is too long, too


def is_same_file(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file that is there."""
    try:
        return path.samefile(other)
    except OSError:
        return False
