"""A surface with its name and looks, and what surfaces are made of."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import box_around
from brainseg_gui.imaging.grid import Affine, Voxel
from brainseg_gui.progress import Progress
from brainseg_gui.surfaces.mesh import Mesh
from brainseg_gui.surfaces.net_update import updated
from brainseg_gui.surfaces.nets import SmoothNet, mesh_of, smooth_net


@dataclass(frozen=True, eq=False)
class Surface:
    """A surface as it is drawn and exported.

    Parameters
    ----------
    name
        For people, unique among those beside it.
    colour
        ``#rrggbb``.
    mesh
        Where it is.
    opacity
        1 for a solid one; below, it is of glass: how much of what lies behind it the middle of it hides.
    """

    name: str
    colour: str
    mesh: Mesh
    opacity: float = 1.0

    @property
    def glass(self) -> bool:
        """Whether what lies behind it is seen through it."""
        return self.opacity < 1


@dataclass(frozen=True)
class SurfacePart:
    """What a surface will be made of.

    Parameters
    ----------
    name, colour, opacity
        Of its `Surface`.
    mask
        Its voxels, worked out when the surface is made, (I, J, K).
    start
        Voxel of the grid that the first voxel of the mask is.
    """

    name: str
    colour: str
    mask: Callable[[], NDArray[np.bool_]]
    opacity: float = 1.0
    start: Voxel = (0, 0, 0)


@dataclass(frozen=True, eq=False)
class _Made:
    mask: NDArray[np.bool_]
    corner: Voxel
    net: SmoothNet
    mesh: Mesh


class SurfaceBuilder:
    """Makes surfaces, and keeps those of masks that did not change since: a stroke costs what is around it.

    Parameters
    ----------
    affine
        From voxels to mm.
    """

    def __init__(self, affine: Affine) -> None:
        self._affine = affine
        self._made: dict[str, _Made] = {}

    def build(self, parts: Sequence[SurfacePart]) -> Generator[Progress, None, tuple[Surface, ...]]:
        """Make the surfaces; parts without a voxel have none."""
        surfaces = []
        for number, part in enumerate(parts):
            yield Progress("making surfaces", number / len(parts), part.name)
            mesh = self._mesh_of(part)
            if mesh is not None:
                surfaces.append(Surface(part.name, part.colour, mesh, part.opacity))
        self._made = {part.name: self._made[part.name] for part in parts if part.name in self._made}
        return tuple(surfaces)

    def _mesh_of(self, part: SurfacePart) -> Mesh | None:
        mask = part.mask()
        box = box_around(mask)
        if box is None:
            return None
        i, j, k = (first + side.start for first, side in zip(part.start, box, strict=True))
        before, mask = self._made.get(part.name), mask[box]
        if before is None or before.corner != (i, j, k) or not np.array_equal(before.mask, mask):
            mended = updated(before.net, before.mask, before.corner, mask, (i, j, k)) if before is not None else None
            net = mended if mended is not None else smooth_net(mask, (i, j, k))
            before = self._made[part.name] = _Made(mask.copy(), (i, j, k), net, mesh_of(net, self._affine))
        return before.mesh
