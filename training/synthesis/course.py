"""A synthetic patient over several visits: a tumour that grows, shrinks, falls apart, is resected and comes back.

The brain, the foci and every noise are drawn once; a visit differs from the one before by how much of the core's field
is filled, so that a lesion keeps its place and its bumps. What was cut out is a cavity, which shrinks and never turns
into tumour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from .acquisition import scan
from .anatomy import Anatomy
from .brain import Brain
from .case import brats_affine, brats_shape, on_grid, posed
from .contrast import MODALITIES
from .fields import BoolArray, FloatArray, Range, Shape
from .growth import CoreField, core_field, fill_core, tumour_around
from .outline import draw_outline
from .paint import paint
from .presets import SynthesisPriors
from .storage import Stored, store
from .tumour import Tumour, TumourParameters, TumourPriors, draw_tumour

CourseKind = Literal["growth", "response", "resection", "spread"]
KINDS: tuple[CourseKind, ...] = ("growth", "response", "resection", "spread")
CAVITY = 4
"""Number of the resection cavity in the masks, which are numbered as BraTS since 2023: 1 NCR, 2 ED, 3 ET, 4 RC."""
_CUT = 1  # the first visit after surgery
_REMNANT = (0.08, 0.2)  # share of the core that surgery leaves
_SHRINKS = 0.85  # a cavity's volume from visit to visit
_FLUID = (0.28, 0.35, 4.0, 0.3)  # what fills a cavity, on t1, t1ce, t2 and flair; white matter is 1
_PACES: Mapping[CourseKind, tuple[Range, ...]] = MappingProxyType({
    "growth": ((1.1, 1.7),),
    "response": ((0.3, 0.7), (0.4, 0.9), (0.6, 1.1), (1.2, 1.9), (1.2, 1.9)),
    "resection": ((1.0, 1.0), (1.2, 2.0)),
    "spread": ((0.9, 1.4),),
})  # fmt: skip
"""By how much the core's volume changes from one visit to the next; the last pace goes on."""


@dataclass(frozen=True)
class CourseVisit:
    """One visit and the truth of it, axes (I, J, K) = LPS.

    Parameters
    ----------
    day
        Days since the first visit.
    mask
        uint8: 1 necrotic or non-enhancing core, 2 oedema, 3 enhancing, 4 resection cavity.
    foci
        Number, from 1, of the focus that each voxel of the core grew from, 0 outside; uint8.
    affine
        Voxel (i, j, k) to world RAS in mm, the same for all visits.
    images
        By modality; None where only masks were wanted.
    """

    day: int
    mask: npt.NDArray[np.uint8]
    foci: npt.NDArray[np.uint8]
    affine: npt.NDArray[np.float64]
    images: Mapping[str, Stored] | None = None


def course_priors(kind: CourseKind) -> TumourPriors:
    """Tumours that a course shows well: enhancing, and with foci where they fall apart or spread."""
    satellites = (0.0, 0.5, 0.5) if kind in ("response", "spread") else (0.7, 0.3)
    reach = (2.2, 3.4) if kind == "spread" else (0.9, 1.6)
    return TumourPriors(core_ml=(6.0, 25.0), oedema_ml=(8.0, 40.0), satellites=satellites, satellite_reach=reach)


def synthesise_course(anatomy: Anatomy, seed: int | Sequence[int], kind: CourseKind, visits: int = 6,
                      spacing_mm: float = 2.0, priors: SynthesisPriors | None = None,
                      shape: Shape | None = None, *, images: bool = False) -> tuple[CourseVisit, ...]:  # fmt: skip
    """The masks of one patient, and images; the same anatomy, seed, kind and grid give the same voxels.

    Parameters
    ----------
    anatomy
        The brain to start from.
    seed
        Seed of every draw.
    kind
        What becomes of the tumour.
    visits
        How many.
    spacing_mm
        Edge of a voxel.
    priors
        Ranges that the brain is placed by, those of the demonstration case when None; tumours are `course_priors`.
    shape
        Grid of the study, BraTS' when None.
    images
        Whether each visit is scanned, too: the same tissue every time, with noise and shading of its own.
    """
    priors = priors or SynthesisPriors(tumours=((1.0, course_priors(kind)),))
    shape = shape or brats_shape(spacing_mm)
    rng = np.random.default_rng(seed)
    parameters = draw_tumour(rng, priors.tumours[0][1] or course_priors(kind))
    brain, centre = posed(rng, anatomy, parameters, priors, shape, spacing_mm)
    field = core_field(rng, brain, parameters, centre)
    floor = int(priors.pose.floor_mm / spacing_mm)
    affine = brats_affine(shape, spacing_mm)
    tissue = int(rng.integers(2**63))  # the same noises for enhancement and oedema at every visit
    found = []
    for day, core, cavity in _cores(rng, brain, field, parameters, kind, visits):
        tumour = _tumour(np.random.default_rng(tissue), brain, core, cavity, parameters)
        foci = _nearest_focus(field, core)
        masks = on_grid(tumour.classes, shape, floor), on_grid(foci, shape, floor)
        scans = _scans(tissue, day, brain, tumour, priors) if images else {}
        stored = {modality: on_grid(image, shape, floor) for modality, image in scans.items()}
        found.append(CourseVisit(day, *masks, affine, stored or None))
    return tuple(found)


def _scans(tissue: int, day: int, brain: Brain, tumour: Tumour, priors: SynthesisPriors) -> dict[str, Stored]:
    """One visit's images in the brain's box."""
    same, own = np.random.default_rng(tissue), np.random.default_rng((tissue, day))
    mask = draw_outline(same, brain, priors.outline)
    painted = paint(same, brain, tumour, priors.contrast, priors.lookalikes)
    fluid = brain.blurred(tumour.classes == CAVITY, 0.5)
    bias: FloatArray = brain.noise(own, 45.0)
    found = {}
    for number, modality in enumerate(MODALITIES):
        image = painted[number] + fluid * (np.float32(_FLUID[number]) - painted[number])
        scanned = scan(own, image, brain, bias, priors.acquisition)
        found[modality] = store(own, scanned, mask, "integers", priors.storage.white_matter[number])
    return found


def _cores(
    rng: np.random.Generator, brain: Brain, field: CoreField, parameters: TumourParameters, kind: CourseKind,
    visits: int,
) -> list[tuple[int, BoolArray, BoolArray]]:  # fmt: skip
    """Day, core and cavity of each visit."""
    day, core_ml = 0, parameters.core_ml
    cavity = np.zeros(brain.shape, bool)
    core = fill_core(brain, field.size(1 if kind == "spread" else len(field.foci)), field.free, core_ml)
    found = [(day, core, cavity)]
    for visit in range(1, visits):
        day += int(rng.integers(42, 120))
        pace = _PACES[kind][min(visit, len(_PACES[kind])) - 1]
        core_ml *= rng.uniform(*pace)
        if kind == "resection" and visit == _CUT:
            core, cavity = _resected(rng, core, brain)
            core_ml = float(core.sum()) / brain.voxels_per_ml
        else:
            cavity = _shrunk(cavity)
            foci = len(field.foci) if kind != "spread" or visit >= visits // 2 else 1
            rest = _regrown(field, core) if cavity.any() else field.size(foci)
            core = fill_core(brain, rest, field.free & ~cavity, core_ml)
        found.append((day, core, cavity))
    return found


def _resected(rng: np.random.Generator, core: BoolArray, brain: Brain) -> tuple[BoolArray, BoolArray]:
    """What surgery leaves of a core, on one side of it, and the cavity where the rest was."""
    voxels = np.argwhere(core)
    along = voxels @ rng.normal(size=3)
    left = along >= np.quantile(along, 1.0 - rng.uniform(*_REMNANT))
    remnant = np.zeros_like(core)
    remnant[tuple(voxels[left].T)] = True
    smooth = (brain.blurred(remnant, 1.0) > 0.4) & core
    return smooth, core & ~smooth


def _shrunk(cavity: BoolArray) -> BoolArray:
    """A cavity that lost some of its outermost voxels."""
    voxels = np.argwhere(cavity)
    depth = ndimage.distance_transform_edt(cavity)[cavity]
    kept = voxels[np.argsort(-depth, kind="stable")[: int(_SHRINKS * len(voxels))]]
    result = np.zeros_like(cavity)
    result[tuple(kept.T)] = True
    return result


def _regrown(field: CoreField, remnant: BoolArray) -> FloatArray:
    """Growth out of what is left: the nearer, the sooner, with the field's own bumps."""
    away = ndimage.distance_transform_edt(~remnant).astype(np.float32) - ndimage.distance_transform_edt(remnant)
    return np.asarray(0.1 * away + sum(field.resistance), np.float32)


def _tumour(rng: np.random.Generator, brain: Brain, core: BoolArray, cavity: BoolArray,
            parameters: TumourParameters) -> Tumour:  # fmt: skip
    share = float(core.sum()) / brain.voxels_per_ml / parameters.core_ml
    around = replace(parameters, oedema_ml=parameters.oedema_ml * min(max(share, 0.1), 3.0))
    tumour = tumour_around(rng, brain, core, around)
    tumour.classes[cavity] = CAVITY
    return tumour


def _nearest_focus(field: CoreField, core: BoolArray) -> npt.NDArray[np.uint8]:
    nearest = np.argmin(np.stack(field.foci), axis=0) + 1
    return np.where(core, nearest, 0).astype(np.uint8)
