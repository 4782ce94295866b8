"""Growing a drawn tumour in a placed brain: core, enhancement, oedema."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.special import ndtri

from .anatomy import Tissue
from .brain import Brain
from .fields import BoolArray, FloatArray, smooth_step
from .oedema import travel_time
from .tumour import CORE, ENHANCING, OEDEMA, Tumour, TumourParameters

_BARRIERS = (Tissue.VENTRICLE, Tissue.PLEXUS, Tissue.MENINGES, Tissue.VESSEL)
_NOT_OEDEMA = (*_BARRIERS, Tissue.CSF)
_CRUMB_ML, _SPOT_ML = 0.15, 0.06
"""Pieces of core and of enhancement below these volumes are dropped."""


@dataclass(frozen=True)
class CoreField:
    """Where a core grows first.

    Parameters
    ----------
    foci
        Distance from each focus in the frame where it is round, 1 at its edge.
    resistance
        What is added to the nearest focus' distance: bumps, and tissue that holds the core off.
    free
        Where it may grow.
    """

    foci: tuple[FloatArray, ...]
    resistance: tuple[FloatArray, ...]
    free: BoolArray

    def size(self, foci: int) -> FloatArray:
        """The field of the first so many foci: the core takes its smallest values."""
        size = np.minimum.reduce(self.foci[:foci])
        for part in self.resistance:
            size = size + part
        return np.asarray(size, np.float32)


def grow(rng: np.random.Generator, brain: Brain, parameters: TumourParameters,
         centre: npt.NDArray[np.float64]) -> Tumour:  # fmt: skip
    """Grow core, enhancement and oedema around a voxel of a placed brain."""
    field = core_field(rng, brain, parameters, centre)
    core = fill_core(brain, field.size(len(field.foci)), field.free, parameters.core_ml)
    return tumour_around(rng, brain, core, parameters)


def tumour_around(rng: np.random.Generator, brain: Brain, core: BoolArray, parameters: TumourParameters) -> Tumour:
    """Enhancement and necrosis within a core, and oedema around it."""
    depth = _depth(core, brain.spacing_mm)
    enhancing = _enhancing(rng, brain, core, depth, parameters)
    swelling = _swelling(rng, brain, core, parameters)
    classes = np.zeros(brain.shape, np.uint8)
    classes[swelling > 0.5] = OEDEMA
    classes[core] = CORE
    classes[enhancing] = ENHANCING
    dead = smooth_step(depth + 1.5 * brain.noise(rng, 4.0), parameters.necrosis_mm - 3.0, parameters.necrosis_mm)
    if parameters.enhancement in ("none", "patchy"):
        dead *= smooth_step(brain.noise(rng, 6.0), 0.8, 1.4)
    if parameters.grade == "low":
        dead[:] = 0.0
    cyst = _cyst(rng, brain, depth) if parameters.cystic else None
    return Tumour(classes, depth, dead, swelling, cyst, parameters.grade)


def core_field(rng: np.random.Generator, brain: Brain, parameters: TumourParameters,
               centre: npt.NDArray[np.float64]) -> CoreField:  # fmt: skip
    """Noisy ellipsoids around a voxel and its satellites, and where tissue may turn into tumour."""
    foci = [_relative_distance(brain, parameters, centre)]
    for _ in range(parameters.satellites):
        away = rng.normal(size=3)
        away *= parameters.radius_mm * rng.uniform(*parameters.satellite_reach) / np.linalg.norm(away)
        there = centre + away / brain.spacing_mm
        foci.append(np.asarray(_relative_distance(brain, parameters, there) * rng.uniform(1.7, 3), np.float32))
    bumps = np.float32(parameters.roughness) * brain.octaves(rng, 0.55 * parameters.radius_mm)
    held_off = 0.25 * brain.share(Tissue.CORTEX) + 0.5 * brain.share(Tissue.CSF)
    free = brain.blurred(brain.share(*_BARRIERS), 0.8) < 0.3
    free &= brain.hull_mm > 1.0
    if not parameters.crosses:
        free &= brain.midline_mm * _side(brain, centre) > -2.0
    return CoreField(tuple(foci), (np.asarray(bumps), np.asarray(held_off)), np.asarray(free))


def fill_core(brain: Brain, size: FloatArray, free: BoolArray, core_ml: float) -> BoolArray:
    """A core of some volume, in one piece per focus: smooth, and without crumbs."""
    filled = _threshold_to_volume(size, free, core_ml * brain.voxels_per_ml)
    core = (brain.blurred(filled, 1.0) > 0.5) & free
    # A core of a few voxels does not survive the blur.
    return _without_crumbs(core if core.sum() > 0.5 * filled.sum() else filled, _CRUMB_ML * brain.voxels_per_ml)


def _relative_distance(brain: Brain, parameters: TumourParameters, centre: npt.NDArray[np.float64]) -> FloatArray:
    """Distance from a focus in the frame where it is round, 1 at its edge."""
    offset = np.indices(brain.shape, dtype=np.float32) - centre.reshape(3, 1, 1, 1).astype(np.float32)
    round_ = np.tensordot(parameters.axes.astype(np.float32), offset, axes=1)
    radius = parameters.radius_mm / brain.spacing_mm
    return np.asarray(np.sqrt(np.square(round_).sum(axis=0)) / radius, np.float32)


def _side(brain: Brain, centre: npt.NDArray[np.float64]) -> float:
    i, j, k = np.clip(np.round(centre).astype(int), 0, np.array(brain.shape) - 1)
    return float(np.sign(brain.midline_mm[i, j, k])) or 1.0


def _threshold_to_volume(size: FloatArray, free: BoolArray, voxels: float) -> BoolArray:
    """The smallest values within `free`, as many as fill the volume."""
    values = size[free]
    count = min(int(voxels), values.size) - 1
    if count < 0:
        return np.zeros_like(free)
    return np.asarray(free & (size <= np.partition(values, count)[count]))


def _without_crumbs(mask: BoolArray, smallest: float) -> BoolArray:
    """Drop components below `smallest` voxels, but never the largest one."""
    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    keep = (sizes >= smallest) | (sizes == sizes.max())
    keep[0] = False
    return np.asarray(keep[parts])


def _depth(core: BoolArray, spacing_mm: float) -> FloatArray:
    """Distance from the core's surface inwards in mm, 1 in its outermost voxels, worked out in the core's box only."""
    depth = np.zeros(core.shape, np.float32)
    for part in ndimage.find_objects(core.astype(np.uint8)):
        box = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in part)
        distance = ndimage.distance_transform_edt(core[box]) * spacing_mm
        depth[box] = np.where(core[box], distance - (spacing_mm - 1.0), 0.0)
    return depth


def _enhancing(rng: np.random.Generator, brain: Brain, core: BoolArray, depth: FloatArray,
               parameters: TumourParameters) -> BoolArray:  # fmt: skip
    """The part of the core that takes up contrast agent: a ring with septa, a mass, spots or nothing."""
    if parameters.enhancement == "none" or not core.any():
        return np.zeros_like(core)
    crumb = _SPOT_ML * brain.voxels_per_ml
    lobes = brain.octaves(rng, 7.0)
    if parameters.enhancement == "patchy":
        return _without_crumbs(core & (lobes > parameters.patchiness), crumb)
    if parameters.enhancement == "solid":
        return _without_crumbs(core & ((lobes < 1.2) | (depth < 2.0)), crumb)
    thickness = parameters.rim_mm * np.exp(0.4 * brain.octaves(rng, 8.0, count=2))
    open_ = brain.noise(rng, 9.0) > ndtri(1.0 - parameters.gaps)
    septa = (np.abs(lobes) < 0.10) & (depth < 2.5 * thickness)
    ring = core & ((depth < thickness) | septa) & ~open_
    return _without_crumbs((brain.blurred(ring, 0.6) > 0.5) & core, crumb)


def _cyst(rng: np.random.Generator, brain: Brain, depth: FloatArray) -> FloatArray:
    """A smooth cavity within the core, away from its surface."""
    bulge = depth + 3.0 * brain.noise(rng, 10.0)
    deepest = float(depth.max())
    return smooth_step(bulge, 0.35 * deepest, 0.35 * deepest + 1.5) * (depth > 1.5)


def _swelling(rng: np.random.Generator, brain: Brain, core: BoolArray,
              parameters: TumourParameters) -> FloatArray:  # fmt: skip
    """Oedema spreads from the core through white matter until it fills its volume; the edge is soft."""
    time = travel_time(rng, brain, core, fibres=parameters.fibres)
    # Oedema hardly ever lies around a tumour like an even coat.
    time *= np.exp(0.3 * brain.noise(rng, 16.0))
    time += 1.5 * brain.octaves(rng, 5.0) + parameters.grey_cost_mm * brain.share(Tissue.CORTEX)
    time[core] = -np.inf
    free = _may_swell(brain) & ~core
    values = time[free]
    if not values.size or parameters.oedema_ml <= 0:
        return np.zeros(brain.shape, np.float32)
    count = min(int(parameters.oedema_ml * brain.voxels_per_ml), values.size) - 1
    edge = float(min(np.partition(values, count)[count], 150.0)) if count >= 0 else 0.0
    swelling = 1.0 - smooth_step(time, edge - parameters.edge_mm, edge + parameters.edge_mm)
    return swelling * _reached_from(core, (swelling > 0.02) & (free | core))


def _reached_from(core: BoolArray, mask: BoolArray) -> BoolArray:
    """The components of a mask that hold some of the core: oedema leaves no islands."""
    parts, count = ndimage.label(mask)
    holding = np.zeros(count + 1, bool)
    holding[np.unique(parts[core])] = True
    holding[0] = False
    return np.asarray(holding[parts])


def _may_swell(brain: Brain) -> BoolArray:
    return np.asarray((brain.share(*_NOT_OEDEMA) < 0.4) & (brain.hull_mm > 1.5))
