"""The mask of one visit as it lies on another: a proposal to start from, on that visit's own grid."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import numpy as np

from brainseg_gui.errors import CaseError, SaveError, printable
from brainseg_gui.followup.aligning.placements import best_modality
from brainseg_gui.followup.masks import read_masks
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.visits import Visit
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING
from brainseg_gui.imaging.formats.reading import read_header
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.preparation.resampling import labels_on
from brainseg_gui.progress import Progress, scaled


def carried(labels: LabelMap, own_to_first: Affine, target: Grid, target_to_first: Affine) -> LabelMap:
    """A mask at the voxels of another visit; those of a visit that lies on it already are the same, bit for bit.

    Parameters
    ----------
    own_to_first, target_to_first
        4×4: world (RAS, mm) of the mask's visit, and of the other one, to that of the first.
    """
    placed = Grid(labels.grid.shape, np.linalg.inv(target_to_first) @ own_to_first @ labels.grid.affine)
    values = labels.values if placed.same_as(target) else labels_on(labels.values, placed, target)
    return LabelMap(values, target, labels.scheme)


def carried_to(
    visits: Sequence[Visit], masks: Mapping[int, Path], start: int, target: Grid, way: Affine
) -> Generator[Progress, None, LabelMap]:
    """Read the mask of one visit, and lay it on the voxels of another one.

    Parameters
    ----------
    masks
        Index of a visit -> its mask; all of them tell together how they are numbered.
    start
        Index of the visit whose mask it is.
    way
        4×4: its world (RAS, mm) to that of the grid.

    Raises
    ------
    CaseError
        If it has no mask.
    ImageError
        If a mask cannot be read.
    """
    if start not in masks:
        raise CaseError("it has no mask", "Segment it first", visits[start].source.folder)
    read = yield from scaled(read_masks(visits, masks, None), 0.0, 0.9)
    yield Progress("carrying over", 0.9, printable(visits[start].name))
    return carried(read[start].labels, way, target, np.eye(4))


def carry_over(
    record: FollowUp, visits: Sequence[Visit], name: str, scheme: LabelScheme | None, folder: Path
) -> Generator[Progress, None, list[Path]]:
    """Write the mask of one visit as it lies on all others into a folder.

    Parameters
    ----------
    record
        The visits as they were measured and registered; one that could not be registered gets no mask.
    name
        Name of the visit whose mask it is.
    scheme
        What its numbers mean; None to let the mask tell.

    Raises
    ------
    CaseError
        If no such visit has a mask.
    SaveError
        If one cannot be written, or is there already.
    """
    named = {visit.name: (index, visit.mask) for index, visit in enumerate(record.visits) if visit.mask is not None}
    if name not in named:
        raise CaseError(f"no visit with a mask is named {printable(name)}", f"Choose one of {', '.join(named)}")
    start = named[name][0]
    paths = dict(named.values())  # all of them: how they are numbered is told by all together, as for measuring
    read = yield from scaled(read_masks(visits, paths, scheme), 0.0, 0.2)
    registered = any(visit.to_first is not None for visit in record.visits)
    lost = {index for index, visit in enumerate(record.visits) if registered and visit.to_first is None}
    others = [index for index in range(len(visits)) if index not in lost | {start}] if start not in lost else []
    written = []
    for number, index in enumerate(others):
        yield Progress("carrying over", 0.2 + 0.8 * number / len(others), printable(visits[index].name))
        move = _place(record.visits[start]), _place(record.visits[index])
        written.append(_written(read[start].labels, move, visits[index], name, folder))
    return written


def _place(visit: VisitMeasures) -> Affine:
    return visit.to_first if visit.to_first is not None else np.eye(4)


def _written(labels: LabelMap, move: tuple[Affine, Affine], visit: Visit, name: str, folder: Path) -> Path:
    header = read_header(visit.source.modalities[best_modality(visit)])
    path = folder / f"{visit.source.case_id}_from_{name}{MASK_ENDING}".replace("/", "_")
    _make(folder)
    proposal = carried(labels, move[0], header.stored_grid.grid, move[1])
    write_labels(path, proposal, header, overwrite=False, chosen=False)
    return path


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(f"the folder cannot be made ({error.strerror})", "Choose another one", folder) from error
