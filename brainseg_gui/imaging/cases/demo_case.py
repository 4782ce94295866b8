"""The demonstration case: where it is shipped, and the copy that is worked on."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import platformdirs

from brainseg_gui.errors import BrainsegError
from brainseg_gui.storage.writing import write_bytes


def shipped_demo() -> Path:
    """Folder of the demonstration case in the installation, where nothing is to be written.

    Raises
    ------
    BrainsegError
        If the installation does not hold it.
    """
    root = Path(str(files("brainseg_gui.resources").joinpath("demo")))
    cases = sorted(path for path in root.glob("*") if path.is_dir()) if root.is_dir() else []
    if not cases:
        raise BrainsegError("this installation holds no demonstration case", "Install brainseg again")
    return cases[0]


def demo_case() -> Path:
    """Folder of the person's own copy, made where it is missing; masks saved there stay.

    Where no copy can be made it is the shipped folder: saving will say why it cannot.

    Raises
    ------
    BrainsegError
        If the installation does not hold the case.
    """
    shipped = shipped_demo()
    copy = platformdirs.user_data_path("brainseg") / "demo" / shipped.name
    try:
        copy.mkdir(parents=True, exist_ok=True)
        for file in sorted(path for path in shipped.iterdir() if path.is_file()):
            if not (copy / file.name).exists():
                write_bytes(copy / file.name, file.read_bytes(), chosen=False)
    except OSError:
        return shipped
    return copy
