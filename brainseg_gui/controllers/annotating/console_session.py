"""What the Python console of the window works with: everything read is a copy, everything written can be undone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brainseg_gui.annotation.slab import area_of
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Affine, Voxel
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Session

_BY = "console"


class ConsoleSession:
    """The open case and its masks, for the console.

    Arrays are (I, J, K) and run right, anterior, superior; voxels are counted from 0.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __repr__(self) -> str:
        case = self._session.case
        if case is None:
            return "no case is open"
        shape = "×".join(map(str, case.grid.shape))
        names = ", ".join(modality.value for modality in case.volumes)
        return f"{case.case_id}: {shape} voxels, {names}; layers: {', '.join(self.layers) or 'none'}"

    # reading

    @property
    def case_id(self) -> str:
        """Name of the open case."""
        return self._case.case_id

    @property
    def affine(self) -> Affine:
        """Voxel to mm, RAS, (4, 4)."""
        return self._case.grid.affine.copy()

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the masks."""
        return tuple(layer.name for layer in self._session.layers)

    def volume(self, name: str) -> NDArray[np.floating]:
        """Intensities of a modality: ``t1``, ``t1ce``, ``t2`` or ``flair``."""
        volumes = self._case.volumes
        known = {modality.value: modality for modality in volumes}
        if name.lower() not in known:
            raise BrainsegError(f"the case has no {name}", f"It has {', '.join(known)}")
        return np.array(volumes[Modality(name.lower())].intensities())

    def mask(self, name: str = "") -> NDArray[np.uint8]:
        """Labels of a layer; of the one that is worked on by default."""
        return self._session.annotating.at_rest(self._layer(name).labels).values.copy(order="K")

    @property
    def crosshair(self) -> Voxel:
        """The voxel that the views go through; set it to go there."""
        return self._session.viewing.crosshair

    @crosshair.setter
    def crosshair(self, voxel_ijk: Voxel) -> None:
        i, j, k = (int(n) for n in voxel_ijk)
        if not all(0 <= n < size for n, size in zip((i, j, k), self._case.grid.shape, strict=True)):
            raise BrainsegError(f"{(i, j, k)} is outside the case", f"It has {self._case.grid.shape} voxels")
        self._session.viewing.crosshair = (i, j, k)

    # writing

    def add_layer(self, values: ArrayLike, name: str = _BY) -> None:
        """Add a mask as a layer; its numbers mean what those of the case's masks mean."""
        labels = LabelMap(self._checked(values), self._case.grid, self._session.scheme)
        layer = Layer(name, LayerRole.PREDICTION, labels, _BY, style=OverlayStyle.OUTLINE)
        self._session.add_layer(layer)

    def edit(self, values: ArrayLike, name: str = _BY) -> int:
        """Make the annotation what an array says, as one edit that is undone and journalled; how many voxels changed.

        Locks and paint rules hold, as for every tool.
        """
        annotating = self._session.annotating
        if annotating.annotation is None or not annotating.editable:
            reason = annotating.why_not or "no annotation is being edited"
            raise BrainsegError(reason.rstrip("."), "Start one with Annotate (Ctrl+E)")
        wanted, before = self._checked(values), annotating.annotation.settled.copy()
        area = area_of(wanted != before)
        if area is None or annotating.edit(area.copies(wanted, paint_over=True), name, _BY) is None:
            return 0
        return int(np.count_nonzero(annotating.annotation.settled != before))

    def undo(self) -> None:
        """Take the last edit of the annotation back."""
        self._session.annotating.undo()

    def redo(self) -> None:
        """Do it again."""
        self._session.annotating.redo()

    # checks

    @property
    def _case(self) -> Case:
        case = self._session.case
        if case is None or self._session.previewing:
            raise BrainsegError("no case is open", "Open a case first")
        return case

    def _layer(self, name: str) -> Layer:
        layer = self._session.worked_on if not name else next((x for x in self._session.layers if x.name == name), None)
        if layer is None:
            raise BrainsegError(f"there is no layer {name}".rstrip(), f"There are {', '.join(self.layers) or 'none'}")
        return layer

    def _checked(self, values: ArrayLike) -> NDArray[np.uint8]:
        given = np.asarray(values)
        if given.shape != self._case.grid.shape:
            raise BrainsegError(f"the array is {given.shape}", f"A mask of this case is {self._case.grid.shape}")
        if given.dtype.kind not in "uib" or (given.size and not (given.min() >= 0 and given.max() <= 255)):
            raise BrainsegError("labels are whole numbers from 0 to 255", "Round them, and use astype(np.uint8)")
        return np.asfortranarray(given, dtype=np.uint8)
