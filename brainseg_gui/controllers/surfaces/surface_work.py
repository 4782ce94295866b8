"""The work of making surfaces: what was wished for in the GUI thread is made in another."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.colours import ColourSet
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labels import LabelMap, Region
from brainseg_gui.progress import Progress
from brainseg_gui.state.following.following import Following
from brainseg_gui.state.following.shown_lines import lines_on
from brainseg_gui.state.layers.layers import OverlayStyle
from brainseg_gui.state.surfaces.seen_surfaces import SurfaceColouring
from brainseg_gui.surfaces.camera import Camera, camera_over
from brainseg_gui.surfaces.parts import Followed, brain_corners, brain_surface, error_parts, label_parts, lesion_parts
from brainseg_gui.surfaces.surface import Surface, SurfaceBuilder, SurfacePart

_STEPS = 64  # along a diameter


@dataclass(frozen=True)
class ShownMask:
    """A mask that surfaces are made of: its voxels, that nobody paints meanwhile, and its looks."""

    labels: LabelMap
    style: OverlayStyle
    name: str


@dataclass(frozen=True)
class WantedSurfaces:
    """What is to be seen of which masks; `region` is that of the errors, `followed` as `lesion_parts` has it."""

    colouring: SurfaceColouring
    masks: Sequence[ShownMask]
    region: Region
    colours: ColourSet
    hidden: frozenset[str]
    followed: Followed

    def parts(self) -> list[SurfacePart]:
        """What the surfaces are made of."""
        if self.colouring is SurfaceColouring.ERRORS:
            labels = [mask.labels for mask in self.masks]
            return [*error_parts(labels[0], labels[1], self.region)] if labels else []
        if self.colouring is SurfaceColouring.LESIONS:
            return [part for mask in self.masks for part in lesion_parts(mask.labels, self.followed)]
        return [part for mask in self.masks for part in self._label_parts(mask)]

    def _label_parts(self, mask: ShownMask) -> tuple[SurfacePart, ...]:
        """Of several masks the outlined ones are glass around the others, and all are named."""
        several = len(self.masks) > 1
        glass = several and mask.style is OverlayStyle.OUTLINE
        of = mask.name if several else ""
        return label_parts(mask.labels, self.colours, self.hidden, glass=glass, of=of)


def followed_lesions(following: Following, grid: Grid) -> Followed:
    """Voxels of the lesions of the open visit: those under their diameters."""
    if following.record is None or following.choice.visit is None:
        return {}
    found: dict[int, list[NDArray[np.intp]]] = {}
    for line in lines_on(following.record, following.choice.visit, grid):
        steps = np.linspace(*line.ends, _STEPS).round().astype(np.intp)
        found.setdefault(line.lesion, []).append(steps)
    return {number: np.concatenate(steps) for number, steps in found.items()}


def make_surfaces(
    case: Case, builder: SurfaceBuilder, wanted: WantedSurfaces, camera: Camera | None
) -> Generator[Progress, None, tuple[tuple[Surface, ...], Camera | None]]:
    """The surfaces, and where a camera sees the whole brain from; None if no camera is given."""
    yield Progress("making surfaces", 0.0)
    corners = brain_corners(case.volumes) if camera is not None else None
    surfaces = yield from builder.build(wanted.parts())
    return surfaces, camera_over(corners, camera) if corners is not None else None


def make_shell(case: Case) -> Generator[Progress, None, Surface | None]:
    """The brain."""
    yield Progress("making the brain's surface", 0.0)
    return brain_surface(case.volumes)
