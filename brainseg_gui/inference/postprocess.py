"""From the network's probabilities to a mask on the case's grid, and the rules that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around, grown
from brainseg_gui.imaging.connected import Connectivity, Numbers, connected, sizes_of
from brainseg_gui.imaging.labels import TISSUES, regions
from brainseg_gui.inference.expected_dice import own_overlap
from brainseg_gui.inference.far_core import rename_far_core
from brainseg_gui.inference.image_steps import Mask
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.passport import Output, Passport
from brainseg_gui.inference.network_grid import from_axes, orient
from brainseg_gui.inference.preprocess import Prepared
from brainseg_gui.inference.separable import Banded, apply_along_axes

_LIKELY = 0.5
Classes = NDArray[np.uint8]
Confidence = NDArray[np.float32]

_MOST_SAMPLED = 1_000_000  # voxels: their sums are those of all of them, but for some thousandths
_CLASSES_OF = {region.key: [n for n, tissue in enumerate(TISSUES) if tissue in region.meanings] for region in regions()}


@dataclass(frozen=True, eq=False)
class NotBackground:
    """Where the network sees more than background.

    Parameters
    ----------
    probabilities
        Its output without padding, (I, J, K, C).
    source
        Box of its voxels, with those beside it that have an influence.
    target
        Box of the voxels in the network grid's box that it has an influence on.
    """

    probabilities: NDArray[np.float32]
    source: Box
    target: Box


@dataclass(frozen=True, eq=False)
class SampledProbabilities:
    """What the network said on the case's grid near its mask: in every voxel, or every second or third of a large box.

    Parameters
    ----------
    where
        The voxels, RAS-ordered in a view that `orient` gives.
    orientation
        Of the view.
    of_class
        Probability of NCR (1), ED (2) and ET (3), each (I', J', K').
    """

    where: Box
    orientation: str
    of_class: dict[int, NDArray[np.float32]] = field(default_factory=dict)

    def overlap(self, classes: Classes) -> dict[str, float]:
        """How far a mask of the case and the probabilities agree, by region; see `expected_dice.own_overlap`."""
        return own_overlap(orient(classes, self.orientation)[self.where], self.of_class)


def map_back(
    probabilities: NDArray[np.float32],
    prepared: Prepared,
    passport: Passport,
    classes: Classes,
    confidence: Confidence | None = None,
) -> SampledProbabilities | None:
    """Write the most probable class of every voxel of the case.

    Only voxels near a network voxel whose background is at most one half are looked at: interpolated
    probabilities are weighted means, so that everywhere else the background wins.

    Parameters
    ----------
    probabilities
        The network's output, (1, …, C) in the passport's axes.
    prepared
        Where it lies.
    passport
        What its channels mean.
    classes
        Receives numbers of `TISSUES`; all 0 on entry; RAS-ordered, (I, J, K).
    confidence
        Receives the probability of the class that won, where it was looked at; as `classes`.

    Returns
    -------
    SampledProbabilities
        What the network said there; None where it saw nothing at all.
    """
    network_grid = prepared.network_grid
    near = where_not_background(probabilities, prepared, passport, at_most=0.5)
    if near is None:
        return None
    matrices = network_grid.backward(near.source, near.target)
    step = _sampling_step(near.target)
    of_class: dict[int, NDArray[np.float32]] = {}
    found, probability = _most_probable(near.probabilities[near.source], matrices, passport.output, of_class, step)
    if passport.output.only_in_brain and prepared.brain is not None:
        found *= prepared.brain[near.target]
    orient(classes, passport.orientation)[network_grid.box][near.target] = found
    if confidence is not None:
        orient(confidence, passport.orientation)[network_grid.box][near.target] = probability
    starts = [outer.start + part.start for outer, part in zip(network_grid.box, near.target, strict=True)]
    i, j, k = (slice(n, n + part.stop - part.start, step) for n, part in zip(starts, near.target, strict=True))
    return SampledProbabilities((i, j, k), passport.orientation, of_class)


def _sampling_step(box: Box) -> int:
    voxels = np.prod([part.stop - part.start for part in box])
    return max(1, int(np.ceil(np.cbrt(voxels / _MOST_SAMPLED))))


def where_not_background(
    probabilities: NDArray[np.float32], prepared: Prepared, passport: Passport, *, at_most: float
) -> NotBackground | None:
    """The box of the network's voxels whose background has at most a probability; None when there are none.

    Parameters
    ----------
    probabilities
        The network's output, (1, …, C) in the passport's axes.
    """
    network_grid = prepared.network_grid
    # (1, …, C) in network axes -> (I, J, K, C) without padding
    inside = from_axes(probabilities[0], passport.axes)[network_grid.inside_padding]
    near = box_around(_background(inside, passport.output) <= at_most)
    if near is None:
        return None
    return NotBackground(inside, grown(near, 1, inside.shape[:3]), network_grid.box_voxels_near(near))


def _background(probabilities: NDArray[np.float32], output: Output) -> NDArray[np.float32]:
    """How likely each voxel is of none of the channels, (I, J, K)."""
    if output.activation == "softmax":
        return probabilities[..., output.channels.index("background")]
    return np.asarray(1 - probabilities.max(axis=-1))


def _most_probable(
    probabilities: NDArray[np.float32],
    matrices: Sequence[Banded | None],
    output: Output,
    of_class: dict[int, NDArray[np.float32]],
    step: int,
) -> tuple[Classes, Confidence]:
    """Class with the largest interpolated probability, and that; one channel at a time keeps the memory small.

    `of_class` receives the probabilities of all classes but the background, of one voxel in `step` along each axis.
    """
    if output.activation == "sigmoid":
        return _innermost(probabilities, matrices, output, of_class, step)
    best = winner = None
    for channel, network_class in enumerate(output.classes):
        value = apply_along_axes(np.asfortranarray(probabilities[..., channel]), matrices)
        if network_class:
            of_class[network_class] = value[::step, ::step, ::step].copy(order="K")
        if best is None or winner is None:
            best, winner = value, np.full(value.shape, network_class, dtype=np.uint8, order="F")
            continue
        np.copyto(winner, np.uint8(network_class), where=value > best)
        np.maximum(best, value, out=best)
    if best is None or winner is None:
        raise ValueError("the passport names no output channel")
    return winner, best


def _innermost(
    probabilities: NDArray[np.float32],
    matrices: Sequence[Banded | None],
    output: Output,
    of_class: dict[int, NDArray[np.float32]],
    step: int,
) -> tuple[Classes, Confidence]:
    """Class of the smallest region that is likelier than not, as nnU-Net draws one over the other, and how likely."""
    likely = winner = outer = None
    for channel in output.by_size:
        value = apply_along_axes(np.asfortranarray(probabilities[..., channel]), matrices)
        sample, network_class = value[::step, ::step, ::step].copy(order="K"), output.classes[channel]
        if output.channels[channel] in _CLASSES_OF:
            if outer is not None:  # what is left of a region around this one
                of_class[outer] = np.maximum(of_class[outer] - sample, 0)
            outer = network_class
        of_class[network_class] = sample
        if likely is None or winner is None:
            likely, winner = 1 - value, np.zeros(value.shape, dtype=np.uint8, order="F")
        there = value > _LIKELY
        np.copyto(winner, np.uint8(network_class), where=there)
        np.copyto(likely, value, where=there)
    if likely is None or winner is None:
        raise ValueError("the passport names no output channel")
    return winner, likely


def needs_confidence(rules: Sequence[steps.PostStep]) -> bool:
    """Whether a rule asks how sure the network is."""
    return any(isinstance(step, steps.WeakComponents) and step.below_mean_probability > 0 for step in rules)


def postprocess(
    classes: Classes,
    rules: Sequence[steps.PostStep],
    voxel_ml: float,
    confidence: Confidence | None = None,
    spacing_mm: Sequence[float] | None = None,
) -> None:
    """Apply a passport's rules, in order. Changes `classes`.

    Parameters
    ----------
    classes
        Network classes on the grid of the case, (I, J, K).
    rules
        The steps; counts in voxels are those of the case's grid.
    voxel_ml
        Volume of one of its voxels.
    confidence
        Probability of the class of each voxel, as `map_back` gives it; needed if `needs_confidence`.
    spacing_mm
        Edges of a voxel along i, j, k; without them voxels are taken as cubes.
    """
    edges_mm = spacing_mm or (float(np.cbrt(1000.0 * voxel_ml)),) * 3
    for step in rules:
        box = box_around(classes > 0)
        if box is None:
            return
        match step:
            case steps.Components():
                keep_large_components(classes[box], step, voxel_ml)
            case steps.SmallRegion():
                rename_small_region(classes[box], step, voxel_ml)
            case steps.WeakComponents():
                sure = confidence[box] if confidence is not None else None
                rename_weak_components(classes[box], step, voxel_ml, sure)
            case steps.FarCore():
                rename_far_core(classes[box], step, voxel_ml, edges_mm)


def keep_large_components(classes: Classes, step: steps.Components, voxel_ml: float) -> None:
    """Clear the components of the whole tumour that are small in number and beside the largest."""
    tumour = np.isin(classes, _CLASSES_OF["WT"])
    components, voxels = _components(tumour, step.connectivity)
    enough = _in_voxels(step.keep_at_least, step.unit, voxel_ml)
    kept = voxels >= min(enough, step.or_fraction_of_largest * voxels.max())
    classes[tumour & ~kept[components]] = 0


def rename_small_region(classes: Classes, step: steps.SmallRegion, voxel_ml: float) -> None:
    """Turn a label that is too small in all into another one."""
    there = classes == step.label
    if 0 < np.count_nonzero(there) < _in_voxels(step.below, step.unit, voxel_ml):
        classes[there] = step.becomes


def rename_weak_components(
    classes: Classes, step: steps.WeakComponents, voxel_ml: float, confidence: Confidence | None
) -> None:
    """Turn components of a region that are small or unsure into another label."""
    region = np.isin(classes, _CLASSES_OF[step.region])
    components, voxels = _components(region, step.connectivity)
    weak = voxels < _in_voxels(step.below_ml, "ml", voxel_ml)
    if step.below_mean_probability > 0:
        if confidence is None:
            raise ValueError("the rule asks for probabilities, and none were given")
        sums = np.bincount(components[region], weights=confidence[region], minlength=voxels.size)
        weak |= sums < step.below_mean_probability * voxels
    weak[0] = False
    classes[weak[components]] = step.becomes


def _components(mask: Mask, connectivity: Connectivity) -> tuple[Numbers, NDArray[np.int64]]:
    """Number of the component of every voxel, and how many voxels each has; 0 for number 0, the rest."""
    components, count = connected(mask, connectivity)
    return components, sizes_of(components, count)


def _in_voxels(size: float, unit: steps.SizeUnit, voxel_ml: float) -> float:
    # what rounding makes of 0.1 ml / 0.001 ml must not cost a component of exactly 100 voxels
    return round(size / voxel_ml, 6) if unit == "ml" else size
