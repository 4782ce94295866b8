"""What each operation proposes: arrays in, a proposal and its name out; runs in a thread."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass

import numpy as np

from brainseg_gui.annotation.effect import Effect, effect_of
from brainseg_gui.annotation.rules import PaintRules
from brainseg_gui.annotation.slab import Area, LabelChange, Mask, Values
from brainseg_gui.annotation.tools.algebra import Operation, combined, merged, relabelled, swapped
from brainseg_gui.annotation.tools.fill import holes
from brainseg_gui.annotation.tools.interpolate import interpolated
from brainseg_gui.annotation.tools.islands import ALL_LABELS, but_the_largest, island_at, smaller_than, voxels_in
from brainseg_gui.annotation.tools.morphology import growth, shrinkage, smoothed
from brainseg_gui.annotation.tools.seeds import BACKGROUND_SEED, SeedSettings, box_of_seeds, grow
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labels import LabelMap, Region
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import Progress
from brainseg_gui.state.annotating.operating import Operating, OperationKind


@dataclass(frozen=True, eq=False)
class Request:
    """Everything that an operation depends on, at rest.

    Parameters
    ----------
    kind, settings
        The operation, and a copy of its settings.
    labels
        The annotation; its voxels stay as they are.
    rules
        Active label, what may be painted over, locks.
    other
        What booleans combine with: the label map and the region of it, or None.
    seeds
        A copy of the scribbles, or None.
    volumes
        Images on the annotation's grid.
    """

    kind: OperationKind
    settings: Operating
    labels: LabelMap
    rules: PaintRules
    other: tuple[LabelMap, Region] | None = None
    seeds: Values | None = None
    volumes: Mapping[Modality, Volume] | None = None

    @property
    def values(self) -> Values:
        """The annotation's voxels, (I, J, K)."""
        return self.labels.values

    @property
    def grid(self) -> Grid:
        """Their grid."""
        return self.labels.grid

    @property
    def label(self) -> int:
        """The label that is worked on, or `ALL_LABELS`."""
        return ALL_LABELS if self.settings.all_labels else self.rules.active


@dataclass(frozen=True, eq=False)
class OperationResult:
    """What an operation comes to.

    Parameters
    ----------
    title
        Name of the edit.
    effect
        What would change; None for nothing.
    forbidden
        Whether there was something to change, but the rules permit none of it.
    """

    title: str
    effect: Effect | None
    forbidden: bool = False


def work_of(request: Request) -> Generator[Progress, None, OperationResult]:
    """Carry an operation out on paper."""
    yield Progress("working", 0.0)
    if request.kind is OperationKind.SEEDS:
        change = yield from _grown(request)
    else:
        change = _MAKERS[request.kind](request)
    effect = effect_of(change, request.values, request.rules)
    return OperationResult(title_of(request), effect, change is not None and effect is None)


# what is proposed


def _removed(area: Area | None) -> LabelChange | None:
    return area.becomes(0, paint_over=False) if area is not None else None


def _small(request: Request) -> LabelChange | None:
    settings = request.settings
    least = settings.smallest_voxels if settings.in_voxels else voxels_in(settings.smallest_ml, request.grid)
    return _removed(smaller_than(request.values, request.label, least))


def _island(request: Request) -> LabelChange | None:
    return _removed(island_at(request.values, request.settings.place, any_label=request.settings.all_labels))


def _smoothed(request: Request) -> LabelChange | None:
    label = None if request.settings.all_labels else request.rules.active
    return smoothed(request.values, label, request.settings.radius_mm, request.grid.spacing_mm)


def _grown_by(request: Request) -> LabelChange | None:
    area = growth(request.values, request.label, request.settings.distance_mm, request.grid.spacing_mm)
    return area.becomes(request.rules.active) if area is not None else None


def _shrunk(request: Request) -> LabelChange | None:
    return _removed(shrinkage(request.values, request.label, request.settings.distance_mm, request.grid.spacing_mm))


def _filled(request: Request) -> LabelChange | None:
    plane = None if request.settings.in_3d else request.settings.plane
    area = holes(request.values, request.label, plane)
    return area.becomes(request.rules.active) if area is not None else None


def _interpolated(request: Request) -> LabelChange | None:
    area = interpolated(request.values, request.rules.active, request.settings.plane.axis, request.grid)
    return area.becomes(request.rules.active) if area is not None else None


def _combined(operation: Operation) -> Callable[[Request], LabelChange | None]:
    return lambda request: combined(request.values, request.rules.active, _other_mask(request), operation)


def _other_mask(request: Request) -> Mask:
    if request.other is None:
        raise BrainsegError("there is no such layer any more", "Choose a layer to combine with")
    labels, region = request.other
    return labels.mask(region)


def _merged(request: Request) -> LabelChange | None:
    others = request.labels.present() if request.settings.all_labels else (request.settings.other,)
    return merged(request.values, [label for label in others if label], request.rules.active)


_MAKERS: Mapping[OperationKind, Callable[[Request], LabelChange | None]] = {
    OperationKind.KEEP_LARGEST: lambda r: _removed(but_the_largest(r.values, r.label)),
    OperationKind.REMOVE_SMALL: _small,
    OperationKind.REMOVE_ISLAND: _island,
    OperationKind.SMOOTH: _smoothed,
    OperationKind.GROW: _grown_by,
    OperationKind.SHRINK: _shrunk,
    OperationKind.FILL_HOLES: _filled,
    OperationKind.INTERPOLATE: _interpolated,
    OperationKind.UNION: _combined(Operation.UNION),
    OperationKind.INTERSECT: _combined(Operation.INTERSECTION),
    OperationKind.SUBTRACT: _combined(Operation.DIFFERENCE),
    OperationKind.RELABEL: lambda r: relabelled(r.values, r.rules.active, r.settings.other),
    OperationKind.SWAP: lambda r: swapped(r.values, r.rules.active, r.settings.other),
    OperationKind.MERGE: _merged,
}


def _grown(request: Request) -> Generator[Progress, None, LabelChange | None]:
    """Scribbles, grown in the box around them on all modalities."""
    seeds = request.seeds
    kinds = set(np.unique(seeds).tolist()) - {0} if seeds is not None else set()
    if seeds is None or not kinds - {BACKGROUND_SEED}:
        raise BrainsegError(
            "there are no seeds to grow from", "Set some with the Seeds tool: left in the tumour, right around it"
        )
    if BACKGROUND_SEED not in kinds:
        raise BrainsegError(
            "seeds of the background are missing", "Set some around the tumour with the right mouse button"
        )
    slab = box_of_seeds(seeds, request.grid.spacing_mm)
    if slab is None or not request.volumes:
        raise BrainsegError("there is no image to grow on", "Open a case with images")
    settings = SeedSettings(likeness=request.settings.likeness, edges=request.settings.edges)
    grown = yield from grow(request.volumes, seeds, slab, settings)
    return grown.change(request.values)


# what it is called


def title_of(request: Request) -> str:
    """Name of the edit, such as “Grow ET by 2 mm”."""
    settings, scheme = request.settings, request.labels.scheme
    active, other = scheme.name_of(request.rules.active), scheme.name_of(settings.other)
    whole = "all labels" if settings.all_labels else active
    least = f"{settings.smallest_voxels} voxels" if settings.in_voxels else f"{settings.smallest_ml:g} ml"
    where = "3-D" if settings.in_3d else settings.plane.title.lower()
    part = f"{settings.part} of {settings.layer or 'the annotation'}"
    return {
        OperationKind.KEEP_LARGEST: f"Keep the largest {'island' if settings.all_labels else active}",
        OperationKind.REMOVE_SMALL: f"Remove {whole} below {least}",
        OperationKind.REMOVE_ISLAND: "Remove island",
        OperationKind.SMOOTH: f"Smooth {whole}, {settings.radius_mm:g} mm",
        OperationKind.GROW: f"Grow {whole} by {settings.distance_mm:g} mm",
        OperationKind.SHRINK: f"Shrink {whole} by {settings.distance_mm:g} mm",
        OperationKind.FILL_HOLES: f"Fill holes of {whole}, {where}",
        OperationKind.INTERPOLATE: f"Interpolate {active}, {settings.plane.title.lower()}",
        OperationKind.UNION: f"{active} and {part}",
        OperationKind.INTERSECT: f"{active} within {part}",
        OperationKind.SUBTRACT: f"{active} without {part}",
        OperationKind.RELABEL: f"{active} to {other}" if settings.other else f"Clear {active}",
        OperationKind.SWAP: f"Swap {active} and {other}",
        OperationKind.MERGE: f"Merge {'all labels' if settings.all_labels else other} into {active}",
        OperationKind.SEEDS: "Grow from seeds",
    }[request.kind]
