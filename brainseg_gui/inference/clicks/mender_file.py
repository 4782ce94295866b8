"""The file of what mends masks, beside the network for clicks."""

from __future__ import annotations

from pathlib import Path

from brainseg_gui.inference.clicks.mender import OUTPUTS, Mender
from brainseg_gui.inference.clicks.traits import COUNT
from brainseg_gui.inference.models.dense import DenseFile

MENDER = "mender.npz"
"""Its name in the folder of the network for clicks."""

_FILE = DenseFile(
    COUNT, len(OUTPUTS), "corrects what is drawn", "Install the program again; until then the images alone mend"
)


def shipped_mender(folder: Path, sha256: str) -> Mender | None:
    """What mends masks, beside the network for clicks; None where the passport names no digest of any.

    Raises
    ------
    ModelError
        If it is missing, damaged, or not the one that the passport names.
    """
    return read_mender(folder / MENDER, sha256) if sha256 else None


def read_mender(file: Path, sha256: str = "") -> Mender:
    """Read it; nothing in it is run, and no more memory is taken than the file has.

    Parameters
    ----------
    sha256
        What its digest has to be; empty for any.

    Raises
    ------
    ModelError
        If it is missing, damaged, of other shapes, or another file.
    """
    found = _FILE.read(file, sha256)
    return Mender(found.mean, found.spread, found.layers)
