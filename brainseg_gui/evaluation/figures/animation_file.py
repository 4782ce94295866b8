"""Pictures of one size to an animated GIF, APNG, WebP or MP4."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import SaveError
from brainseg_gui.evaluation.figures.tile import FILL_OPACITY
from brainseg_gui.imaging.colours import rgb
from brainseg_gui.storage.chosen_file import write_file, write_made

if TYPE_CHECKING:
    from PIL.Image import Image

Pictures = Sequence[NDArray[np.uint8]]

SUFFIXES = (".gif", ".png", ".apng", ".webp", ".mp4")
_GREYS = 96  # of the 256 colours of a GIF


def check_animation_file(path: Path) -> str:
    """The ending of an animation's file, in lower case.

    Raises
    ------
    SaveError
        If animations are not written so, or what writes them is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SaveError(
            "animations are written as GIF, APNG, WebP or MP4",
            "Give the file a name that ends in .gif, .apng, .webp or .mp4",
            path,
        )
    if suffix == ".mp4" and shutil.which("ffmpeg") is None:
        raise SaveError(
            "MP4 is written by the program ffmpeg, which is not installed",
            "Install it, or give the file a name that ends in .gif, .apng or .webp",
            path,
        )
    return suffix


def save_animation(pictures: Pictures, path: Path, frames_per_second: float, colours: Sequence[str] = ()) -> None:
    """Write pictures, (rows, columns, 3) each, as an animation that repeats.

    Parameters
    ----------
    colours
        ``#rrggbb`` of what lies over the grey pictures: a GIF has 256 colours, and shades of these are among them.

    Raises
    ------
    SaveError
        As `check_animation_file`, and if the file cannot be written.
    """
    suffix = check_animation_file(path)
    if suffix == ".mp4":
        write_file(path, lambda temporary: _write_mp4(pictures, temporary, frames_per_second))
        return
    from PIL import Image

    options: dict[str, Any] = {"save_all": True, "loop": 0, "duration": round(1000 / frames_per_second)}
    if suffix == ".gif":
        images = _in_common_colours(pictures, colours)
        options |= {"format": "GIF", "optimize": False, "disposal": 1}
    else:
        images = [Image.fromarray(picture) for picture in pictures]
        options |= {"format": "WEBP", "lossless": True, "method": 2} if suffix == ".webp" else {"format": "PNG"}
    write_made(path, lambda stream: images[0].save(stream, append_images=images[1:], **options))


def _in_common_colours(pictures: Pictures, colours: Sequence[str]) -> list[Image]:
    """The pictures in 256 colours that all of them share, so that nothing flickers; black and white stay so."""
    from PIL import Image
    from scipy.spatial import KDTree

    palette = _palette(colours)
    # the nearest of them for every colour, in steps of 4 of 255
    steps = np.linspace(0, 255, 64)
    every = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)  # (64, 64, 64, 3)
    nearest = np.asarray(KDTree(palette).query(every)[1], dtype=np.uint8)
    images = []
    for picture in pictures:
        step = picture >> 2
        image = Image.fromarray(nearest[step[..., 0], step[..., 1], step[..., 2]])
        image.putpalette(palette.ravel().tolist())
        images.append(image)
    return images


def _palette(colours: Sequence[str]) -> NDArray[np.uint8]:
    """Greys, the colours as they are, and the colours as fills over shades of grey, (n, 3), n at most 256."""
    greys = np.linspace(0, 255, _GREYS)[:, None].repeat(3, axis=1)
    pure = np.array([rgb(colour) for colour in colours]).reshape(-1, 3)
    shades = (256 - _GREYS - len(pure)) // max(len(pure), 1)
    under = np.linspace(0, 255, shades)[:, None] * (1 - FILL_OPACITY)
    filled = [under + FILL_OPACITY * colour for colour in pure]
    return np.concatenate([greys, pure, *filled]).round().astype(np.uint8)


def _write_mp4(pictures: Pictures, path: Path, frames_per_second: float) -> None:
    rows, columns = pictures[0].shape[:2]
    command = [
        *("ffmpeg", "-y", "-loglevel", "error"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{columns}x{rows}", "-r", f"{frames_per_second:g}", "-i", "-"),
        # players want an even number of rows and columns, and colours in this form
        *("-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white", "-pix_fmt", "yuv420p"),
        *("-movflags", "+faststart", "-f", "mp4", str(path)),
    ]
    done = subprocess.run(
        command, input=b"".join(picture.tobytes() for picture in pictures), capture_output=True, check=False
    )
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise SaveError(f"ffmpeg did not write it ({reason[-1] if reason else done.returncode})", "Choose GIF", path)
