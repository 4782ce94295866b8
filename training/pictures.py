"""Slices as a radiologist sees them, with outlines of regions: for contact sheets and model cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.storage.writing import replacing

Plane = npt.NDArray[np.float32]
Masks = Mapping[str, npt.NDArray[np.bool_]]

SHOWN = (Modality.FLAIR, Modality.T1CE)
COLOURS = {"WT": "#4fd14f", "TC": "#ff5050", "ET": "#ffe14d"}
HALF_MM = 92.0


@dataclass(frozen=True, eq=False)
class AxialSection:
    """One axial slice of a case, cut or padded to a square about the brain.

    Rows run from front to back, the patient's right is on the left.

    Parameters
    ----------
    case
        The case.
    k
        The slice.
    block
        Mean over so many voxels along each axis: what a coarser grid shows.
    """

    case: Case
    k: int
    block: int = 1

    def picture(self, modality: Modality) -> Plane:
        """A modality windowed to 0 to 1 (0.5th to 99.5th percentile of the brain), air 0; black if it is missing."""
        if modality not in self.case.volumes:
            return self._seen(np.zeros((*self.case.grid.shape[:2], 1), np.float32))
        volume = self.case.volumes[modality]
        inside = volume.stored != volume.background
        low, high = np.percentile(volume.stored[inside], (0.5, 99.5)) if inside.any() else (0.0, 1.0)
        slab = volume.stored[:, :, self._slab].astype(np.float32)
        return self._seen(np.clip((slab - low) / max(float(high - low), 1e-6), 0.0, 1.0) * inside[:, :, self._slab])

    def masks(self, labels: LabelMap) -> Masks:
        """WT, TC and ET of a label map on the case's grid."""
        slab = LabelMap(labels.values[:, :, self._slab], labels.grid, labels.scheme)
        return {r.key: self._seen(slab.mask(r).astype(np.float32)) >= 0.5 for r in regions() if r.key in COLOURS}

    @property
    def _slab(self) -> slice:
        first = self.k - self.k % self.block
        return slice(first, first + self.block)

    def _seen(self, slab: npt.NDArray[np.float32]) -> Plane:
        """(I, J, block) -> rows and columns of the square."""
        half = int(HALF_MM / self.case.grid.spacing_mm[0] / self.block)
        i, j = (count // self.block for count in slab.shape[:2])
        # (I, J, block) -> (i, block, j, block, block) -> (i, j)
        blocks = slab[: i * self.block, : j * self.block].reshape(i, self.block, j, self.block, -1)
        plane: Plane = np.pad(blocks.mean(axis=(1, 3, 4), dtype=np.float32), half)
        i, j = ((side.start + side.stop) // 2 // self.block for side in _brain_of(self.case).content[:2])
        return plane[i : i + 2 * half, j : j + 2 * half].T[::-1, ::-1]


def largest_section(case: Case, mask: npt.NDArray[np.bool_], block: int = 1) -> AxialSection:
    """The axial slice with most of a mask, (I, J, K), or one through the middle of the brain without any."""
    areas = mask.sum(axis=(0, 1))
    if areas.any():
        return AxialSection(case, int(areas.argmax()), block)
    brain = _brain_of(case).content[2]
    return AxialSection(case, int(brain.start + 0.55 * (brain.stop - brain.start)), block)


def _brain_of(case: Case) -> Volume:
    return next(case.volumes[modality] for modality in (*SHOWN, *Modality) if modality in case.volumes)


def draw(axes: Any, picture: Plane, masks: Masks | None = None, width: float = 0.6) -> None:
    """Draw a slice and the outlines of its regions."""
    axes.set_axis_off()
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="bilinear")
    for name, mask in (masks or {}).items():
        if mask.any():
            axes.contour(mask, levels=[0.5], colors=[COLOURS[name]], linewidths=width)


def save(figure: Any, path: Path) -> None:
    """Save a figure on black, whole or not at all.

    Raises
    ------
    SaveError
        If the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, chosen=False) as temporary:
            figure.savefig(temporary, facecolor="black", format=path.suffix.removeprefix(".") or "png")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SaveError(f"the picture cannot be written ({reason})", "Choose another file", path) from error
