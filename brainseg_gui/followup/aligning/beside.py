"""Another visit of the patient, voxel by voxel where the open one is: side by side, blinked, or as a change."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import printable
from brainseg_gui.followup.aligning.carrying import carried
from brainseg_gui.followup.aligning.shading_between import ShadingBetween, shading_between
from brainseg_gui.followup.visits import Visit
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.colours import AGREEMENT_COLOURS, rgb
from brainseg_gui.imaging.grid import Affine, Array, Grid
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.imaging.window import Window, auto_window
from brainseg_gui.imaging.window import carried as carried_window
from brainseg_gui.progress import Progress, scaled

_SAME = 128  # the level of no change
_UNSEEN = 0.08  # of the window: less is noise
_EVERY, _ENOUGH = 2, 500  # voxels along each axis, of which one is looked at; and how many tell anything


@dataclass(frozen=True, eq=False)
class BesideVisit:
    """A visit on the grid of the open one.

    Parameters
    ----------
    index, name
        Which visit.
    volumes
        Its images.
    windows
        The automatic window of the open visit's image, and the one that shows the same tissue alike in its own: their
        scanners' units differ, and what shines in one of them pulls the automatic window.
    labels
        Its mask, if it has one.
    shadings
        How it is shaded otherwise than the open visit, where that is known.
    """

    index: int
    name: str
    volumes: Mapping[Modality, Volume]
    windows: Mapping[Modality, tuple[Window, Window]]
    labels: LabelMap | None = None
    shadings: Mapping[Modality, ShadingBetween] = field(default_factory=dict)

    def window_of(self, modality: Modality, shown: Window) -> Window:
        """The window that shows its image as `shown` shows that of the open visit."""
        pair = self.windows.get(modality)
        return carried_window(shown, *pair) if pair is not None else auto_window(self.volumes[modality])


def visit_beside(visit: Visit, index: int, way: Affine, case: Case) -> Generator[Progress, None, BesideVisit]:
    """Read a visit and lay it on the grid of the open one.

    Parameters
    ----------
    index
        Of the visit, in the time line.
    way
        4×4: its world (RAS, mm) to that of the open visit.
    case
        The open visit.

    Raises
    ------
    BrainsegError
        If it cannot be read.
    """
    other = yield from scaled(read_case(visit.source), 0.0, 0.5)
    grid = Grid(other.grid.shape, way @ other.grid.affine)
    labels = carried(other.reference, way, case.grid, np.eye(4)) if other.reference is not None else None
    tumours = [found.values for found in (case.reference, labels) if found is not None]
    volumes, windows, shadings = {}, {}, {}
    for number, (modality, volume) in enumerate(other.volumes.items()):
        yield Progress(
            "laying the visits on each other", 0.5 + 0.5 * number / len(other.volumes), printable(visit.name)
        )
        placed = Volume(volume.stored, grid, volume.slope, volume.intercept, volume.path)
        volumes[modality] = placed if grid.same_as(case.grid) else placed.on_grid(case.grid)
        if modality in case.volumes:
            pair = case.volumes[modality], volumes[modality]
            shading = shading_between(*pair, tumours)
            windows[modality] = matched_windows(*pair, tumours, shading)
            if shading is not None:
                shadings[modality] = shading
    return BesideVisit(index, visit.name, volumes, windows, labels, shadings)


def matched_windows(
    now: Volume, before: Volume, tumours: Sequence[Array], shading: ShadingBetween | None = None
) -> tuple[Window, Window]:
    """The automatic window of an image, and the one that shows what lasts of the brain as bright in another one.

    Parameters
    ----------
    now, before
        On one grid. The middle half of what both show, without tumours, is laid on each other; where it has no spread,
        the automatic windows are.
    tumours
        Label maps on that grid.
    shading
        How the other image is shaded otherwise: what is compared is shaded alike.
    """
    shown = auto_window(now)
    every = (slice(None, None, _EVERY),) * 3
    ours, theirs = now.stored[every], before.stored[every]
    if shading is not None:
        gain = shading.gain([np.arange(0, n, _EVERY) for n in shading.shape])
        theirs = np.where(theirs == before.background, theirs, (theirs - before.background) * gain + before.background)
    lasting = (ours != now.background) & (theirs != before.background)
    for tumour in tumours:
        lasting &= tumour[every] == 0
    if np.count_nonzero(lasting) < _ENOUGH:
        return shown, auto_window(before)
    (low, middle, high), (its_low, its_middle, its_high) = (
        [volume.scaled(float(end)) for end in np.percentile(part[lasting].astype(np.float32), (25, 50, 75))]
        for volume, part in ((now, ours), (before, theirs))
    )
    ratio = (its_high - its_low) / (high - low) if high != low else 0.0
    if ratio <= 0:
        return shown, auto_window(before)
    return shown, Window(its_middle + ratio * (shown.level - middle), ratio * shown.width)


def change_levels(now: tuple[Array, Volume, Window], before: tuple[Array, Volume, Window]) -> NDArray[np.uint8]:
    """How a slice changed, as levels for `change_table`: brighter above the middle, darker below; 0 where neither is.

    Parameters
    ----------
    now, before
        Stored values of the slice, the volume that they come from, and the window that shows it: both are compared as
        they look, in shares of their windows.
    """
    change = _share(*now) - _share(*before)
    levels = np.rint(_SAME + np.clip(change, -1.0, 1.0) * 127.0).astype(np.uint8)
    return np.where(np.abs(change) < _UNSEEN, np.uint8(0), np.maximum(levels, 1))


def _share(stored: Array, volume: Volume, window: Window) -> NDArray[np.float32]:
    values = stored.astype(np.float32) * np.float32(volume.slope) + np.float32(volume.intercept - window.low)
    return np.asarray(np.clip(values / np.float32(max(window.width, 1e-6)), 0.0, 1.0), dtype=np.float32)


@lru_cache(maxsize=1)
def change_table() -> NDArray[np.uint8]:
    """Colours of changes, (256, 4) RGBA: orange where it is brighter, blue where darker, the more the stronger."""
    brighter, darker = (rgb(AGREEMENT_COLOURS[n]) for n in (1, 2))
    table = np.zeros((256, 4), dtype=np.uint8)
    levels = np.arange(1, 256)
    strength = np.clip(np.abs(levels - _SAME) / 80.0, 0.0, 1.0)
    table[1:, :3] = np.where((levels > _SAME)[:, None], brighter, darker)
    table[1:, 3] = np.rint(60 + 170 * strength)
    table.flags.writeable = False
    return table
