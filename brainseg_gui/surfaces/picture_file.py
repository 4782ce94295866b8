"""A picture of surfaces as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from brainseg_gui.storage.chosen_file import write_made
from brainseg_gui.surfaces.camera import Camera, Size
from brainseg_gui.surfaces.cut import Cut
from brainseg_gui.surfaces.rendering import render
from brainseg_gui.surfaces.surface import Surface

PICTURE_ENDING = ".png"


def write_picture(
    path: Path, surfaces: Sequence[Surface], camera: Camera, size: Size, cut: Cut | None = None
) -> tuple[Path, ...]:
    """Draw surfaces with smooth edges, as PNG; returns the file.

    Raises
    ------
    SaveError
        If it could not be written.
    """
    from PIL import Image

    picture = Image.fromarray(render(surfaces, camera, size, cut, fine=True).pixels)
    write_made(path, lambda stream: picture.save(stream, "PNG"))
    return (path,)
