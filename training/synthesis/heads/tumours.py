"""Heads with tumours grown in them, kept in a file each: growing takes seconds, painting a head a fraction of one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from training.synthesis.anatomy import Anatomy, Tissue
from training.synthesis.brain import posed_brain
from training.synthesis.fields import BoolArray, Shape, happens
from training.synthesis.growth import grow
from training.synthesis.heads.head import Head, HeadTissue, Labels, overlap, with_fat
from training.synthesis.presets import TRAINING
from training.synthesis.tumour import CORE, ENHANCING, OEDEMA, Tumour, draw_seed, draw_tumour
from training.synthesis.warp import HeadPose, diffeomorphism

IN_HULL = 128
"""Added to the number of a voxel's tissue where a skull stripper leaves it."""
_GROWN_MM = 2.0
_AT_EDGE = 0.5
_EDGE_MM = 9.0
_CAVITY = 0.2
_SWELLING = (Tissue.WHITE, Tissue.CEREBELLAR_WHITE, Tissue.BRAIN_STEM, Tissue.THALAMUS, Tissue.STRIATUM)


@dataclass(frozen=True)
class TumourHead:
    """A head with a tumour, at 1 mm.

    Parameters
    ----------
    labels
        Tissue of each voxel, plus `IN_HULL` where it belongs to the brain.
    centre, radius_mm
        Voxel and size of the tumour's core.
    push
        Share of the radius by which it displaces what surrounds it; 0 without a tumour.
    name
        Of the anatomy.
    """

    labels: Labels
    centre: npt.NDArray[np.float64]
    radius_mm: float
    push: float
    name: str


def grow_head(head: Head, seed: tuple[int, ...]) -> TumourHead:
    """Draw a tumour, half of them at the brain's edge, and write its parts into a head's tissues."""
    rng = np.random.default_rng(seed)
    tissue = with_fat(head, rng.uniform(1.0, 7.0))
    chances = [chance for chance, _ in TRAINING.tumours]
    kind = TRAINING.tumours[int(rng.choice(len(chances), p=chances))][1]
    middle = np.argwhere(head.hull).mean(axis=0)
    if kind is None:
        return TumourHead(_marked(tissue, head.hull), middle, 1.0, 0.0, head.name)
    parameters = draw_tumour(rng, replace(kind, anywhere=0.5))
    pose = _as_it_is(head.anatomy)
    brain = posed_brain(head.anatomy, pose)
    seed_voxel = _edge_seed(rng, head.anatomy) if happens(rng, _AT_EDGE) else draw_seed(rng, head.anatomy, parameters)
    tumour = grow(rng, brain, parameters, pose.target_of(seed_voxel))
    grown = _write(rng, tissue, head, tumour)
    labels, centre = _marked(tissue, head.hull | grown), seed_voxel + head.corner
    return TumourHead(labels, centre, parameters.radius_mm, parameters.mass_effect, head.name)


def _edge_seed(rng: np.random.Generator, anatomy: Anatomy) -> npt.NDArray[np.float64]:
    """A voxel of the brain near its envelope."""
    solid = np.isin(anatomy.tissue, (Tissue.WHITE, Tissue.CORTEX, Tissue.CEREBELLAR_CORTEX))
    voxels = np.argwhere(solid & (anatomy.hull_mm > 1.0) & (anatomy.hull_mm < _EDGE_MM))
    return np.asarray(voxels[rng.integers(len(voxels))], np.float64)


def _as_it_is(anatomy: Anatomy) -> HeadPose:
    """The anatomy on a coarser grid, neither turned nor warped."""
    i, j, k = (int(np.ceil(count / _GROWN_MM)) for count in anatomy.tissue.shape)
    shape: Shape = (i, j, k)
    still = np.zeros_like(diffeomorphism(np.random.default_rng(0), shape, 1.0, 40.0, _GROWN_MM))
    centre = (np.array(shape) - 1.0) / 2.0 * _GROWN_MM
    return HeadPose(np.eye(3), centre, shape, still, _GROWN_MM)


def _write(rng: np.random.Generator, tissue: Labels, head: Head, tumour: Tumour) -> BoolArray:
    """Write the parts of a tumour into the tissues; gives the voxels that changed."""
    inner, outer = overlap(head.anatomy.tissue.shape, head.corner, tissue.shape)
    factor = int(_GROWN_MM)

    def fine(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        return np.kron(values, np.ones((factor,) * 3, values.dtype))[inner]

    classes = fine(tumour.classes)
    dead = np.asarray(fine((tumour.necrosis > 0.5).astype(np.uint8))) > 0
    hollow = classes == CORE if happens(rng, _CAVITY) else np.zeros(classes.shape, bool)
    if tumour.cyst is not None:
        hollow = hollow | (np.asarray(fine((tumour.cyst > 0.5).astype(np.uint8))) > 0)
    before = tissue[outer]
    swollen = (classes == OEDEMA) & np.isin(before, _SWELLING)
    parts = ((HeadTissue.OEDEMA, swollen), (HeadTissue.SOLID, classes == CORE),
             (HeadTissue.NECROSIS, (classes == CORE) & dead), (HeadTissue.CAVITY, (classes == CORE) & hollow),
             (HeadTissue.ENHANCING, classes == ENHANCING))  # fmt: skip
    changed = np.zeros(tissue.shape, bool)
    for part, where in parts:
        before[where] = part
        changed[outer][where] = True
    return changed


def _marked(tissue: Labels, hull: BoolArray) -> Labels:
    return np.asarray(tissue + IN_HULL * hull.astype(np.uint8), np.uint8)


def save_head(file: IO[bytes], head: TumourHead) -> None:
    """Keep a head in a file that is open."""
    np.savez(file, labels=head.labels, centre=head.centre, radius_mm=head.radius_mm, push=head.push, name=head.name)


def load_head(path: Path) -> TumourHead:
    """Read what `save_head` wrote."""
    with np.load(path) as arrays:
        return TumourHead(
            arrays["labels"], arrays["centre"], float(arrays["radius_mm"]), float(arrays["push"]), str(arrays["name"])
        )
