"""Rules that follow a network, in variants: what a study tries, and how a passport says it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.labels import NETWORK_CLASSES
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.postprocess import postprocess

_BACKGROUND, _NCR, _ED, _ET = 0, 1, 2, 3
_TITLES = {"WT": "whole tumour", "TC": "tumour core", "ET": "enhancing tumour"}


@dataclass(frozen=True)
class Option:
    """One choice for one stage: its values in words, and the step, or None for none."""

    words: str
    step: steps.PostStep | None


Stage = tuple[Option, ...]
Result = TypeVar("Result")


@dataclass(frozen=True)
class RuleThresholds:
    """The thresholds to try; 0 leaves a rule out. All sizes in ml, so that the grid does not matter.

    Parameters
    ----------
    whole_probability
        Components of WT become background if their mean probability is below.
    whole_ml, fraction
        Components of WT stay if they are this large, or this part of the largest.
    spot_ml, probability
        Components of ET become NCR if they are smaller, or their mean probability is below.
    enhancing_ml
        ET as a whole becomes NCR if there is less of it.
    core_ml
        Components of TC become oedema if they are smaller.
    """

    whole_probability: Sequence[float] = (0.0, 0.5, 0.6, 0.7, 0.8)
    whole_ml: Sequence[float] = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
    fraction: Sequence[float] = (0.15,)
    spot_ml: Sequence[float] = (0.0, 0.03, 0.1, 0.3)
    probability: Sequence[float] = (0.0, 0.5, 0.6, 0.7, 0.8)
    enhancing_ml: Sequence[float] = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)
    core_ml: Sequence[float] = (0.0, 0.1, 0.5, 2.0)

    def stages(self) -> tuple[Stage, ...]:
        """What is applied in this order: WT by certainty, by size, spots of ET, ET as a whole, TC."""
        sure = [_sure(probability) for probability in self.whole_probability]
        whole = [_whole(size, part) for size, part in itertools.product(self.whole_ml, self.fraction)]
        spots = [_spots(size, sure) for size, sure in itertools.product(self.spot_ml, self.probability)]
        enhancing = [_enhancing(size) for size in self.enhancing_ml]
        core = [_core(size) for size in self.core_ml]
        return tuple(tuple(dict.fromkeys(stage)) for stage in (sure, whole, spots, enhancing, core))


def _sure(probability: float) -> Option:
    if not probability:
        return Option("unsure WT", None)
    return Option(f"WT p ≥ {probability:g}", steps.WeakComponents("WT", 26, 0.0, probability, _BACKGROUND))


def _whole(size_ml: float, fraction: float) -> Option:
    if not size_ml:
        return Option("all of WT", None)
    return Option(f"WT ≥ {size_ml:g} ml or {fraction:.0%}", steps.Components(26, size_ml, fraction, "ml"))


def _spots(size_ml: float, probability: float) -> Option:
    parts = [f"≥ {size_ml:g} ml"] * bool(size_ml) + [f"p ≥ {probability:g}"] * bool(probability)
    if not parts:
        return Option("any ET", None)
    return Option(f"ET spots {', '.join(parts)}", steps.WeakComponents("ET", 26, size_ml, probability, _NCR))


def _enhancing(size_ml: float) -> Option:
    if not size_ml:
        return Option("any sum of ET", None)
    return Option(f"ET in all ≥ {size_ml:g} ml", steps.SmallRegion(_ET, size_ml, _NCR, "ml"))


def _core(size_ml: float) -> Option:
    if not size_ml:
        return Option("any TC", None)
    return Option(f"TC parts ≥ {size_ml:g} ml", steps.WeakComponents("TC", 26, size_ml, 0.0, _ED))


def try_all(
    classes: NDArray[np.uint8],
    confidence: NDArray[np.float32],
    voxel_ml: float,
    stages: Sequence[Stage],
    score: Callable[[NDArray[np.uint8]], Result],
) -> list[Result]:
    """Score the classes after every combination of options, in the order of `itertools.product`.

    Most thresholds change nothing in most cases: classes that were met at a stage already are not followed again.

    Parameters
    ----------
    classes, confidence
        What a network says, (I, J, K); left as they are.
    voxel_ml
        Volume of a voxel.
    stages
        The options.
    score
        Gives the score of classes.
    """
    met: dict[tuple[int, bytes], list[Result]] = {}

    def follow(classes: NDArray[np.uint8], depth: int) -> list[Result]:
        key = (depth, hashlib.blake2b(classes.tobytes(order="A"), digest_size=16).digest())
        if key not in met:
            met[key] = [score(classes)] if depth == len(stages) else branch(classes, depth)
        return met[key]

    def branch(classes: NDArray[np.uint8], depth: int) -> list[Result]:
        results: list[Result] = []
        for option in stages[depth]:
            changed = classes.copy(order="K")
            postprocess(changed, (option.step,) if option.step is not None else (), voxel_ml, confidence)
            results += follow(changed, depth + 1)
        return results

    return follow(classes, 0)


def passport_entry(step: steps.PostStep) -> dict[str, Any]:
    """A step as ``model.json`` holds it."""
    match step:
        case steps.Components():
            return {
                "step": "components",
                "of": "whole tumour",
                "connectivity": step.connectivity,
                f"keep_at_least_{step.unit}": step.keep_at_least,
                "or_fraction_of_largest": step.or_fraction_of_largest,
            }
        case steps.SmallRegion():
            return {
                "step": "small region",
                "label": NETWORK_CLASSES[step.label],
                f"below_{step.unit}": step.below,
                "becomes": NETWORK_CLASSES[step.becomes],
            }
        case steps.WeakComponents():
            return {
                "step": "weak components",
                "of": _TITLES[step.region],
                "connectivity": step.connectivity,
                "below_ml": step.below_ml,
                "below_mean_probability": step.below_mean_probability,
                "becomes": NETWORK_CLASSES[step.becomes],
            }
        case steps.FarCore():
            return {
                "step": "far core",
                "beyond_mm": step.beyond_mm,
                "gap_mm": step.gap_mm,
                "where_enhancing_ml": step.where_enhancing_ml,
                "becomes": NETWORK_CLASSES[step.becomes],
            }
