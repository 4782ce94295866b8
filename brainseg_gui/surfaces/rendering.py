"""A picture of surfaces: solid ones, glass over them, a slice amid them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.colours import rgb
from brainseg_gui.progress import Progress, run_to_end
from brainseg_gui.surfaces.camera import Camera, Point, Size
from brainseg_gui.surfaces.cut import Cut, Pixels
from brainseg_gui.surfaces.mesh import Mesh
from brainseg_gui.surfaces.splats import Dots, dots_of, nearest
from brainseg_gui.surfaces.surface import Surface

_LIGHT = np.array([-0.35, -0.45, 0.82], np.float32)  # over the viewer's left shoulder
_SHADE = 0.25  # how bright what no light falls on is
_RIM, _FALL = 0.75, 2.5  # by how much more opaque glass is at its rim than in its middle, and how suddenly
_COARSE = 2  # pixels of glass: it is smooth, and a quarter of the dots will do
_NOWHERE = np.float32(-np.inf)
_DRAWING = Progress("drawing", 0.5)


@dataclass(frozen=True, eq=False)
class Rendering:
    """A picture and what is where in it.

    Parameters
    ----------
    pixels
        RGB, (height, width, 3).
    towards_mm
        How far towards the viewer what is seen lies, minus infinity where nothing is, (height, width).
    camera
        Where it was seen from.
    of_slice
        Whether the slice amid the surfaces is seen there, (height, width).
    """

    pixels: Pixels
    towards_mm: NDArray[np.float32]
    camera: Camera
    of_slice: NDArray[np.bool_]

    @property
    def size(self) -> Size:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def point_at(self, x: float, y: float) -> Point | None:
        """World position of what is seen at a place, from 0 to 1 to the right and down; None where nothing is."""
        row, column = self._pixel_at(x, y)
        towards = float(self.towards_mm[row, column])
        return self.camera.point_at(column + 0.5, row + 0.5, towards, self.size) if np.isfinite(towards) else None

    def shows_slice_at(self, x: float, y: float) -> bool:
        """Whether the slice amid the surfaces is seen there."""
        return bool(self.of_slice[self._pixel_at(x, y)])

    def _pixel_at(self, x: float, y: float) -> tuple[int, int]:
        width, height = self.size
        return min(int(y * height), height - 1), min(int(x * width), width - 1)


def render(
    surfaces: Sequence[Surface], camera: Camera, size: Size, cut: Cut | None = None, *, fine: bool = False
) -> Rendering:
    """Draw surfaces on black.

    Parameters
    ----------
    size
        Width and height of the picture.
    fine
        Draw it twice as large first, for smooth edges: four times the work.
    """
    return run_to_end(drawn(surfaces, camera, size, cut, fine=fine))


def drawn(
    surfaces: Sequence[Surface],
    camera: Camera,
    size: Size,
    cut: Cut | None = None,
    *,
    fine: bool = False,
    before: SeenBefore | None = None,
) -> Generator[Progress, None, Rendering]:
    """As `render`, surface by surface: closing the generator gives up the rest of a picture that nobody wants.

    Parameters
    ----------
    before
        What the last picture was made of: surfaces that are still there are not drawn again from the same place.
    """
    width, height = size
    if fine:
        large = yield from _drawn(surfaces, camera, (2 * width, 2 * height), cut, SeenBefore(), smooth=True)
        mean = large.pixels.reshape(height, 2, width, 2, 3).mean(axis=(1, 3), dtype=np.float32)
        return Rendering(mean.astype(np.uint8), large.towards_mm[::2, ::2], camera, large.of_slice[::2, ::2])
    return (yield from _drawn(surfaces, camera, size, cut, before or SeenBefore(), smooth=False))


def _drawn(
    surfaces: Sequence[Surface], camera: Camera, size: Size, cut: Cut | None, before: SeenBefore, *, smooth: bool
) -> Generator[Progress, None, Rendering]:
    """The picture, dot by dot; `smooth` takes the steps out of the edges of glass."""
    width, height = size
    picture = np.zeros((3, width * height), np.float32)  # colour by colour: what is of glass is mixed in quicker
    towards, of_slice = np.full(width * height, _NOWHERE), np.zeros(width * height, bool)
    each = yield from before.seen(surfaces, camera, size, cut)
    for seen, surface in each:
        if not surface.glass:
            _draw_solid(picture, towards, seen, surface)
    behind_glass = towards.copy()
    glass = [(seen, surface) for seen, surface in each if surface.glass and len(seen.pixel)]
    for seen, surface in sorted(glass, key=lambda pair: float(pair[0].towards.max())):
        yield _DRAWING
        _draw_glass(picture, towards, behind_glass, seen, surface, size, smooth=smooth)
    if cut is not None:
        pixel, colours, depth = cut.seen(camera, size)
        picture[:, pixel], towards[pixel], of_slice[pixel] = colours.T, depth, True
    pixels = np.ascontiguousarray(picture.clip(0, 255).astype(np.uint8).T).reshape(height, width, 3)
    return Rendering(pixels, towards.reshape(height, width), camera, of_slice.reshape(height, width))


@dataclass(frozen=True, eq=False)
class _SurfaceFront:
    """What is seen of one surface where no other hides it.

    Parameters
    ----------
    pixel
        Where (row × width + column, of a smaller picture if it is of glass), (pixels,).
    look
        How bright it is there, or how opaque if it is of glass, (pixels,).
    towards
        How far towards the viewer it lies, in mm, (pixels,).
    """

    pixel: NDArray[np.intp]
    look: NDArray[np.float32]
    towards: NDArray[np.float32]


class SeenBefore:
    """What was seen of each surface of a picture: after a stroke most of them are where they were."""

    def __init__(self) -> None:
        self._from: tuple[object, ...] = ()
        self._known: dict[tuple[Mesh, float], _SurfaceFront] = {}
        self.reused = 0
        """How many surfaces of the last picture were not drawn again."""

    def seen(
        self, surfaces: Sequence[Surface], camera: Camera, size: Size, cut: Cut | None
    ) -> Generator[Progress, None, list[tuple[_SurfaceFront, Surface]]]:
        """Each surface with what is seen of it; only those of this picture are kept."""
        place = (camera, size, cut and (cut.plane, cut.slice_index, cut.grid))
        known = self._known if place == self._from else {}
        each, reused = [], 0
        for surface in surfaces:
            found = known.get((surface.mesh, surface.opacity))
            if found is None:
                yield _DRAWING
                found = _seen(surface, camera, _reduced(size) if surface.glass else size, cut)
            else:
                reused += 1
            each.append((found, surface))
        self._from, self.reused = place, reused
        self._known = {(surface.mesh, surface.opacity): found for found, surface in each}
        return each


def _draw_solid(
    picture: NDArray[np.float32], towards: NDArray[np.float32], seen: _SurfaceFront, surface: Surface
) -> None:
    """Where nothing that is drawn already lies in front of it."""
    front = seen.towards > towards[seen.pixel]
    pixel = seen.pixel[front]
    picture[:, pixel] = np.array(rgb(surface.colour), np.float32)[:, None] * seen.look[front]
    towards[pixel] = seen.towards[front]


def _draw_glass(
    picture: NDArray[np.float32],
    towards: NDArray[np.float32],
    behind: NDArray[np.float32],
    seen: _SurfaceFront,
    surface: Surface,
    size: Size,
    *,
    smooth: bool,
) -> None:
    """Over what lies behind it; it may be clicked where nothing solid is seen through it."""
    width, height = _reduced(size)
    coarse, far = np.zeros((height, width), np.float32), np.full((height, width), _NOWHERE)
    coarse.ravel()[seen.pixel], far.ravel()[seen.pixel] = seen.look, seen.towards
    opacity = _cropped(_between(coarse) if smooth else _repeated(coarse), size)
    depth = _cropped(_repeated(_spread(far) if smooth else far), size)
    opacity *= depth > behind
    picture += (np.array(rgb(surface.colour), np.float32)[:, None] - picture) * opacity
    np.maximum(towards, depth, out=towards, where=(opacity > 0) & ~np.isfinite(behind))


def _seen(surface: Surface, camera: Camera, size: Size, cut: Cut | None) -> _SurfaceFront:
    dots = _dots(surface, camera, size, cut)
    pixel, front = nearest(dots, size)
    return _SurfaceFront(pixel, dots[front, 3], dots[front, 2])


def _dots(surface: Surface, camera: Camera, size: Size, cut: Cut | None) -> Dots:
    """Its dots: pixel, depth, and how bright it is, or how opaque if it is of glass."""
    mesh = surface.mesh
    facing = mesh.normals @ camera.axes.T.astype(np.float32)
    if surface.glass:
        look = surface.opacity + _RIM * (1 - facing[:, 2].clip(0, 1)) ** _FALL
    else:
        look = _SHADE + (1 - _SHADE) * (facing @ _LIGHT).clip(0, 1)
    channels: list[Dots] = [camera.project(mesh.points_mm, size), np.asarray(look[:, None], np.float32)]
    if cut is None:
        return dots_of(np.concatenate(channels, axis=1), mesh.quads, size)
    ahead = cut.ahead_mm(mesh.points_mm, camera)
    kept = (ahead[mesh.quads] <= 0).any(axis=1)
    dots = dots_of(np.concatenate([*channels, ahead[:, None]], axis=1), mesh.quads[kept], size)
    return dots[dots[:, 4] <= 0, :4]


def _reduced(size: Size) -> Size:
    return -(-size[0] // _COARSE), -(-size[1] // _COARSE)


def _repeated(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return picture.repeat(_COARSE, axis=0).repeat(_COARSE, axis=1)


def _between(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Twice as large, each dot of what lies around it."""
    for _ in range(2):
        padded = np.concatenate([picture[:1], picture, picture[-1:]])
        pairs = [0.75 * picture + 0.25 * padded[:-2], 0.75 * picture + 0.25 * padded[2:]]
        picture = np.asarray(np.stack(pairs, axis=1).reshape(2 * len(picture), -1).T, np.float32)
    return picture


def _spread(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Depths, and beside their edge those of it: what is mixed into the dots there lies somewhere, too."""
    wide = depth
    for axis in (0, 1):
        wide = np.maximum.reduce([wide, *(_shifted(wide, step, axis) for step in (-1, 1))])
    return np.where(np.isfinite(depth), depth, wide)


def _shifted(picture: NDArray[np.float32], step: int, axis: int) -> NDArray[np.float32]:
    moved = np.roll(picture, step, axis)
    edge = [slice(None), slice(None)]
    edge[axis] = slice(0, 1) if step > 0 else slice(-1, None)
    moved[tuple(edge)] = _NOWHERE
    return moved


def _cropped(picture: NDArray[np.float32], size: Size) -> NDArray[np.float32]:
    width, height = size
    return picture[:height, :width].ravel()
