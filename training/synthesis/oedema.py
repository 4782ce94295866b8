"""How far oedema has to travel: distance from the core in units of millimetres of white matter.

Heat released at the core and watched for a short time falls off with distance as exp(-d²/4t)
(Varadhan, Comm. Pure Appl. Math. 1967, 20:431-455). Where conductivity is high in white matter, low
in grey matter and none in fluid, that distance bends around barriers, as vasogenic oedema does.
"""

from __future__ import annotations

import numpy as np

from .anatomy import Tissue
from .brain import Brain
from .fields import BoolArray, FloatArray, Noise, apply_along_axes, octaves

_CONDUCTIVITY = {
    Tissue.WHITE: 1.0,
    Tissue.THALAMUS: 0.15,
    Tissue.STRIATUM: 0.12,
    Tissue.PALLIDUM: 0.15,
    Tissue.HIPPOCAMPUS: 0.1,
    Tissue.CORTEX: 0.02,
    Tissue.BRAIN_STEM: 0.2,
    Tissue.CEREBELLAR_WHITE: 0.3,
    Tissue.CEREBELLAR_CORTEX: 0.02,
}
_STEPS = 90
_RATE = 0.16
"""Share of a neighbour's heat that flows per step; stable below 1/6."""


def travel_time(rng: np.random.Generator, brain: Brain, core: BoolArray, fibres: bool = False) -> FloatArray:
    """Distance from the core through tissue, in mm of white matter, infinite where no path leads.

    Parameters
    ----------
    fibres
        Conduct better along one direction than across it, another one from place to place.
    """
    step_mm = max(brain.spacing_mm, 2.0)
    coarse = brain.spacing_mm < 2.0  # heat flows on a grid of 2 mm
    conductivity = _conductivity(brain)
    heat = core.astype(np.float32)
    if coarse:
        conductivity, heat = _halve(conductivity), _halve(heat)
    # Fibres lead some ways and not others; without a tensor the easy ways are drawn.
    ways = octaves(rng, conductivity.shape, 6.0, noise=brain.make_noise)
    conductivity *= np.clip(np.exp(1.5 * ways - 0.5), 0.02, 1.0)
    conductivity = np.maximum(conductivity, (heat > 0).astype(np.float32))
    source = heat > (0.5 if coarse else 0.0)
    flows = [np.float32(_RATE) * np.minimum(_low(conductivity, axis), _high(conductivity, axis)) for axis in range(3)]
    if fibres:
        _lay_fibres(rng, flows, brain.make_noise)
    for _ in range(_STEPS):
        heat = _spread(heat, flows)
        heat[source] = 1.0
    with np.errstate(divide="ignore"):
        distance = step_mm * np.sqrt(-4.0 * _RATE * _STEPS * np.log(np.minimum(heat, 1.0)))
    time = np.asarray(np.minimum(distance, 1e3), np.float32)
    if coarse:
        time = apply_along_axes([_linear(count) for count in brain.shape], time)
    time[time > 150.0] = np.inf
    return time


def _lay_fibres(rng: np.random.Generator, flows: list[FloatArray], make_noise: Noise) -> None:
    """Weaken the flow across the direction that leads, drawn smoothly from place to place."""
    shape = flows[0].shape[0] + 1, flows[0].shape[1], flows[0].shape[2]
    along = np.stack([make_noise(rng, shape, 7.0) for _ in range(3)])
    weight = np.exp(2.0 * (along - along.max(axis=0)))
    for axis, flow in enumerate(flows):
        flow *= _low(weight[axis], axis)


def _conductivity(brain: Brain) -> FloatArray:
    total = np.zeros(brain.shape, np.float32)
    for tissue, value in _CONDUCTIVITY.items():
        total += np.float32(value) * brain.fractions[tissue]
    # The corpus callosum is crossed, but late.
    total *= np.where(np.abs(brain.midline_mm) < 5.0, np.float32(0.4), np.float32(1.0))
    return total


def _spread(heat: FloatArray, flows: list[FloatArray]) -> FloatArray:
    result = heat.copy()
    for axis, flow in enumerate(flows):
        moved = flow * (_high(heat, axis) - _low(heat, axis))
        _low(result, axis)[...] += moved
        _high(result, axis)[...] -= moved
    return result


def _low(array: FloatArray, axis: int) -> FloatArray:
    return array[(slice(None),) * axis + (slice(None, -1),)]


def _high(array: FloatArray, axis: int) -> FloatArray:
    return array[(slice(None),) * axis + (slice(1, None),)]


def _halve(volume: FloatArray) -> FloatArray:
    """Mean of 2×2×2 blocks; an odd last plane is repeated."""
    even = np.pad(volume, [(0, count % 2) for count in volume.shape], mode="edge")
    i, j, k = (count // 2 for count in even.shape)
    # (I, J, K) -> (i, 2, j, 2, k, 2) -> (i, j, k)
    return np.asarray(even.reshape(i, 2, j, 2, k, 2).mean(axis=(1, 3, 5)), np.float32)


def _linear(count: int) -> FloatArray:
    """Weights of linear interpolation from blocks of two back to voxels: (count, blocks)."""
    blocks = (count + 1) // 2
    position = np.clip((np.arange(count) - 0.5) / 2.0, 0.0, blocks - 1.0)
    weights = np.clip(1.0 - np.abs(position[:, None] - np.arange(blocks)[None, :]), 0.0, None)
    return np.asarray(weights, np.float32)
