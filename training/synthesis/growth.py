"""Growing a drawn tumour in a placed brain: core, enhancement, oedema."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.special import ndtri

from .anatomy import Tissue
from .fields import BoolArray, FloatArray, Shape, octaves, smooth_noise, smooth_step
from .oedema import travel_time
from .tumour import CORE, ENHANCING, OEDEMA, Tumour, TumourParameters
from .warp import Brain

_BARRIERS = (Tissue.VENTRICLE, Tissue.PLEXUS, Tissue.MENINGES, Tissue.VESSEL)
_NOT_OEDEMA = (*_BARRIERS, Tissue.CSF)


def grow(rng: np.random.Generator, brain: Brain, parameters: TumourParameters,
         centre: npt.NDArray[np.float64]) -> Tumour:  # fmt: skip
    """Grow core, enhancement and oedema around a voxel of a placed brain."""
    core = _core(rng, brain, parameters, centre)
    depth = _depth(core)
    enhancing = _enhancing(rng, core, depth, parameters)
    swelling = _swelling(rng, brain, core, parameters)
    classes = np.zeros(brain.shape, np.uint8)
    classes[swelling > 0.5] = OEDEMA
    classes[core] = CORE
    classes[enhancing] = ENHANCING
    dead = smooth_step(depth + 1.5 * smooth_noise(rng, brain.shape, 4.0), 1.0, 4.0)
    if parameters.enhancement in ("none", "patchy"):
        dead *= smooth_step(smooth_noise(rng, brain.shape, 6.0), 0.8, 1.4)
    return Tumour(classes, depth, dead, swelling)


def _core(rng: np.random.Generator, brain: Brain, parameters: TumourParameters,
          centre: npt.NDArray[np.float64]) -> BoolArray:  # fmt: skip
    """Noisy ellipsoids, grown to their volume where tissue may turn into tumour, in one piece per focus."""
    size = _relative_distance(brain.shape, parameters, centre)
    for _ in range(parameters.satellites):
        away = rng.normal(size=3)
        away *= parameters.radius_mm * rng.uniform(1.3, 2.2) / np.linalg.norm(away)
        size = np.minimum(size, _relative_distance(brain.shape, parameters, centre + away) * rng.uniform(1.7, 3))
    size += np.float32(parameters.roughness) * octaves(rng, brain.shape, 0.55 * parameters.radius_mm)
    size += 0.25 * brain.share(Tissue.CORTEX) + 0.5 * brain.share(Tissue.CSF)
    free = ndimage.gaussian_filter(brain.share(*_BARRIERS), 0.8) < 0.3
    free &= (brain.hull_mm > 1.0) & (brain.midline_mm * _side(brain, centre) > -2.0)
    core = _threshold_to_volume(size, free, parameters.core_ml)
    core = ndimage.gaussian_filter(core.astype(np.float32), 1.0) > 0.5
    return _without_crumbs(core & free, 150)


def _relative_distance(shape: Shape, parameters: TumourParameters, centre: npt.NDArray[np.float64]) -> FloatArray:
    """Distance from a focus in the frame where it is round, 1 at its edge."""
    offset = np.indices(shape, dtype=np.float32) - centre.reshape(3, 1, 1, 1).astype(np.float32)
    round_ = np.tensordot(parameters.axes.astype(np.float32), offset, axes=1)
    return np.asarray(np.sqrt(np.square(round_).sum(axis=0)) / parameters.radius_mm, np.float32)


def _side(brain: Brain, centre: npt.NDArray[np.float64]) -> float:
    i, j, k = np.clip(np.round(centre).astype(int), 0, np.array(brain.shape) - 1)
    return float(np.sign(brain.midline_mm[i, j, k])) or 1.0


def _threshold_to_volume(size: FloatArray, free: BoolArray, volume_ml: float) -> BoolArray:
    """The smallest values within `free`, as many as fill the volume."""
    values = size[free]
    count = min(int(volume_ml * 1000.0), values.size) - 1
    if count < 0:
        return np.zeros_like(free)
    return np.asarray(free & (size <= np.partition(values, count)[count]))


def _without_crumbs(mask: BoolArray, smallest: int) -> BoolArray:
    """Drop components below `smallest` voxels, but never the largest one."""
    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    keep = (sizes >= smallest) | (sizes == sizes.max())
    keep[0] = False
    return np.asarray(keep[parts])


def _depth(core: BoolArray) -> FloatArray:
    """Distance from the core's surface inwards in mm, worked out in the core's box only."""
    depth = np.zeros(core.shape, np.float32)
    for part in ndimage.find_objects(core.astype(np.uint8)):
        box = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in part)
        depth[box] = ndimage.distance_transform_edt(core[box])
    return depth


def _enhancing(rng: np.random.Generator, core: BoolArray, depth: FloatArray,
               parameters: TumourParameters) -> BoolArray:  # fmt: skip
    """The part of the core that takes up contrast agent: a ring with septa, a mass, spots or nothing."""
    if parameters.enhancement == "none":
        return np.zeros_like(core)
    lobes = octaves(rng, _shape(core), 7.0)
    if parameters.enhancement == "patchy":
        return _without_crumbs(core & (lobes > 0.9), 60)
    if parameters.enhancement == "solid":
        return _without_crumbs(core & ((lobes < 1.2) | (depth < 2.0)), 60)
    thickness = parameters.rim_mm * np.exp(0.4 * octaves(rng, _shape(core), 8.0, count=2))
    open_ = smooth_noise(rng, _shape(core), 9.0) > ndtri(1.0 - parameters.gaps)
    septa = (np.abs(lobes) < 0.10) & (depth < 2.5 * thickness)
    ring = core & ((depth < thickness) | septa) & ~open_
    return _without_crumbs(ndimage.gaussian_filter(ring.astype(np.float32), 0.6) > 0.5, 60) & core


def _swelling(rng: np.random.Generator, brain: Brain, core: BoolArray,
              parameters: TumourParameters) -> FloatArray:  # fmt: skip
    """Oedema spreads from the core through white matter until it fills its volume; the edge is soft."""
    time = travel_time(rng, brain, core)
    # Oedema hardly ever lies around a tumour like an even coat.
    time *= np.exp(0.3 * smooth_noise(rng, brain.shape, 16.0))
    time += 1.5 * octaves(rng, brain.shape, 5.0) + 7.0 * brain.share(Tissue.CORTEX)
    time[core] = -np.inf
    free = _may_swell(brain) & ~core
    values = time[free]
    if not values.size or parameters.oedema_ml <= 0:
        return np.zeros(brain.shape, np.float32)
    count = min(int(parameters.oedema_ml * 1000.0), values.size) - 1
    edge = float(min(np.partition(values, count)[count], 150.0))
    swelling = 1.0 - smooth_step(time, edge - 2.5, edge + 2.5)
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


def _shape(array: BoolArray) -> Shape:
    i, j, k = array.shape
    return i, j, k
