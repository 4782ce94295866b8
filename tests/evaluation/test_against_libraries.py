"""Every metric on 200 random pairs of masks, against libraries and against the definitions written out plainly.

``python -m tests.evaluation.test_against_libraries`` prints the largest differences as a table.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift

from brainseg_gui.evaluation.metrics.lesions import LesionScore, lesion_score
from brainseg_gui.evaluation.metrics.overlap import count
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.evaluation.metrics.surface import surface_distances
from tests.evaluation import straightforward
from tests.evaluation.straightforward import Mask, Spacing

PAIRS = 200
SHAPE = (34, 15, 14)
TOLERANCES_MM = (1.0, 2.0)
RULES = rules_named("brats2023")


@dataclass(frozen=True, eq=False)
class RandomPair:
    """Two masks and the edges of their voxels."""

    kind: str
    reference: Mask
    prediction: Mask
    spacing: Spacing

    @property
    def both(self) -> bool:
        """Whether neither mask is empty."""
        return bool(self.reference.any() and self.prediction.any())

    @property
    def diagonal_mm(self) -> float:
        """From corner to corner of a voxel."""
        return float(np.linalg.norm(self.spacing))


def _blob(random: np.random.Generator, share: float) -> Mask:
    """Smooth shapes that fill a share of the volume, also across its border."""
    field = gaussian_filter(random.standard_normal(SHAPE), 3.0, mode="wrap")
    return np.asarray(field > np.quantile(field, 1 - share))


def _inside(random: np.random.Generator) -> Mask:
    mask = _blob(random, 0.12)
    for axis in range(3):
        edge: list[Any] = [slice(None)] * 3
        edge[axis] = [0, 1, -2, -1]
        mask[tuple(edge)] = False
    return mask


def _noise(random: np.random.Generator) -> Mask:
    return np.asarray(random.random(SHAPE) > 0.99)


def _single(random: np.random.Generator) -> Mask:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[tuple(random.integers(0, SHAPE))] = True
    return mask


def _plates(random: np.random.Generator) -> Mask:
    """Sheets one voxel thick that touch the border: all surface, no inside."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[random.integers(0, SHAPE[0])] = True
    mask[:, random.integers(0, SHAPE[1]), : SHAPE[2] // 2] = True
    return mask


def _cubes(random: np.random.Generator) -> Mask:
    """A few cubes of 27 to 216 voxels: lesions to merge, to miss and to leave out."""
    mask = np.zeros(SHAPE, dtype=bool)
    for _ in range(random.integers(1, 5)):
        edge = int(random.integers(3, 7))
        i, j, k = (int(random.integers(0, n - edge + 1)) for n in SHAPE)
        mask[i : i + edge, j : j + edge, k : k + edge] = True
    return mask


def _moved(mask: Mask, random: np.random.Generator) -> Mask:
    """The mask moved by up to two voxels, as a prediction errs."""
    return np.asarray(shift(mask.astype(np.uint8), random.integers(-2, 3, 3), order=0).astype(bool))


def _pair(kind: str, random: np.random.Generator) -> tuple[Mask, Mask]:
    nothing = np.zeros(SHAPE, dtype=bool)
    make: dict[str, Callable[[], tuple[Mask, Mask]]] = {
        "blobs inside": lambda: _both(_inside(random), random),
        "blobs at the border": lambda: _both(_blob(random, 0.2), random),
        "unrelated blobs": lambda: (_blob(random, 0.1), _blob(random, 0.15)),
        "lesions": lambda: (_cubes(random), _cubes(random)),
        "tiny components": lambda: (_noise(random), _noise(random)),
        "blob and specks": lambda: (_inside(random), _inside(random) | _noise(random)),
        "plates": lambda: (_plates(random), _plates(random)),
        "single voxels": lambda: (_single(random), _single(random)),
        "empty reference": lambda: (nothing, _cubes(random)),
        "empty prediction": lambda: (_cubes(random) | _noise(random), nothing),
        "both empty": lambda: (nothing, nothing.copy()),
    }
    return make[kind]()


def _both(mask: Mask, random: np.random.Generator) -> tuple[Mask, Mask]:
    return mask, _moved(mask, random)


KINDS = (
    *("blobs inside", "blobs at the border", "unrelated blobs", "lesions", "tiny components") * 3,
    *("blob and specks", "plates", "single voxels", "empty reference", "empty prediction"),
)


@cache
def pairs() -> tuple[RandomPair, ...]:
    """The 200 pairs, always the same."""
    random = np.random.default_rng(2023)
    made = []
    for number in range(PAIRS):
        kind = "both empty" if number % 50 == 49 else KINDS[number % len(KINDS)]
        spacing = (1.0, 1.0, 1.0) if number % 4 == 0 else tuple(random.uniform(0.4, 4.0, 3).round(2).tolist())
        made.append(RandomPair(kind, *_pair(kind, random), spacing))
    return tuple(made)


def _largest(differences: Iterator[float]) -> float:
    return max(abs(difference) for difference in differences)


# overlap: scikit-learn


def _overlap_differences(name: str) -> Iterator[float]:
    metrics = pytest.importorskip("sklearn.metrics")
    theirs = {
        "dice": metrics.f1_score,
        "iou": metrics.jaccard_score,
        "sensitivity": metrics.recall_score,
        "precision": metrics.precision_score,
    }[name]
    for pair in pairs():
        counts = count(pair.reference, pair.prediction)
        expected = float(theirs(pair.reference.ravel(), pair.prediction.ravel(), zero_division=0.0))
        ours = getattr(counts, name)
        # where scikit-learn cannot divide it gives 0: here both empty is agreement, and otherwise nothing is defined
        if counts.reference == counts.prediction == 0:
            expected += 1.0
        elif np.isnan(ours):
            ours = 0.0
        yield ours - expected


@pytest.mark.parametrize("name", ["dice", "iou", "sensitivity", "precision"])
def test_overlap_equals_scikit_learn(name: str) -> None:
    assert _largest(_overlap_differences(name)) < 1e-12


# distances: all pairs of surface voxels, and surface-distance


def _distance_differences() -> Iterator[tuple[float, ...]]:
    """HD95, then surface Dice at each tolerance."""
    for pair in pairs():
        masks = pair.reference, pair.prediction, pair.spacing
        ours = surface_distances(*masks)
        yield (
            ours.hd95_mm(RULES) - straightforward.hd95_mm(*masks),
            *(ours.surface_dice(t) - straightforward.surface_dice(*masks, t) for t in TOLERANCES_MM),
        )


def test_distances_equal_those_of_all_pairs_of_surface_voxels() -> None:
    assert np.abs(list(_distance_differences())).max() < 1e-9


def _theirs(pair: RandomPair) -> dict[str, float]:
    library = pytest.importorskip("surface_distance")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it imports scipy.ndimage.filters
        distances = library.compute_surface_distances(pair.reference, pair.prediction, pair.spacing)
    return {
        "hd100": library.compute_robust_hausdorff(distances, 100),
        "hd95": library.compute_robust_hausdorff(distances, 95),
        **{f"nsd{t:g}": library.compute_surface_dice_at_tolerance(distances, t) for t in TOLERANCES_MM},
    }


def _ours(pair: RandomPair) -> dict[str, float]:
    distances = surface_distances(pair.reference, pair.prediction, pair.spacing)
    return {
        "hd100": float(max(distances.from_reference.max(), distances.from_prediction.max())),
        "hd95": distances.hd95_mm(RULES),
        **{f"nsd{t:g}": distances.surface_dice(t) for t in TOLERANCES_MM},
    }


@cache
def _beside_surface_distance() -> dict[str, list[tuple[RandomPair, float]]]:
    """Differences to the library by name, where neither mask is empty."""
    result: dict[str, list[tuple[RandomPair, float]]] = {}
    for pair in filter(lambda pair: pair.both, pairs()):
        ours, theirs = _ours(pair), _theirs(pair)
        for name in ours:
            result.setdefault(name, []).append((pair, ours[name] - theirs[name]))
    return result


def test_the_largest_distance_is_within_a_voxel_of_surface_distance() -> None:
    """The library measures from corners of voxels, where the surface of marching cubes passes.

    Each such corner is half a diagonal from the centre of a surface voxel, at both ends of a distance, so that the
    largest distance differs by no more than one diagonal.
    """
    assert all(abs(difference) <= pair.diagonal_mm + 1e-9 for pair, difference in _beside_surface_distance()["hd100"])


def test_hd95_is_mostly_within_a_voxel_of_surface_distance() -> None:
    """It weighs each distance by a patch of surface and we count voxels, so the percentile falls elsewhere.

    Where a few distances are long the step from one to the next can be several voxels.
    """
    shares = [abs(difference) / pair.diagonal_mm for pair, difference in _beside_surface_distance()["hd95"]]
    assert np.quantile(shares, 0.9) < 0.5
    assert np.mean(np.array(shares) > 1) < 0.02


def test_surface_dice_is_near_that_of_surface_distance() -> None:
    """The library sums surface area and measures from corners of voxels; we count surface voxels.

    So a shift by half a voxel moves whole sides over the tolerance: up to a third of the surface of shapes that are
    a few voxels wide.
    """
    for name in ("nsd1", "nsd2"):
        differences = [abs(difference) for _, difference in _beside_surface_distance()[name]]
        assert np.median(differences) < 0.1
        assert max(differences) < 0.35


# lesion-wise: the rules written out, with components as a graph


def _numbers(score: LesionScore) -> dict[str, float]:
    return {
        "dice": score.dice,
        "hd95_mm": score.hd95_mm,
        "found": score.found,
        "missed": score.missed,
        "false": len(score.false_voxels),
        "left_out": score.left_out,
    }


def _lesion_differences() -> Iterator[tuple[RandomPair, dict[str, float]]]:
    for pair in pairs():
        masks = pair.reference, pair.prediction, pair.spacing
        ours, theirs = _numbers(lesion_score(*masks, RULES)), straightforward.lesion_wise(*masks)
        yield pair, {name: ours[name] - theirs[name] for name in ours}


def test_lesion_wise_scores_equal_the_rules_written_out() -> None:
    for pair, differences in _lesion_differences():
        assert all(abs(d) < 1e-9 for d in differences.values()), (pair.kind, differences)


def test_the_pairs_hold_what_they_are_to_test() -> None:
    scores = [lesion_score(pair.reference, pair.prediction, pair.spacing, RULES) for pair in pairs()]
    assert len(scores) == PAIRS
    assert sum(score.missed > 0 for score in scores) > 10
    assert sum(score.left_out > 0 for score in scores) > 10
    assert sum(len(score.false_voxels) > 0 for score in scores) > 10
    assert sum(len(score.lesions) > 1 for score in scores) > 10
    assert {pair.kind for pair in pairs()} == {*KINDS, "both empty"}


def main() -> int:
    """Print the largest differences."""
    rows = [(f"{n} / scikit-learn", _largest(_overlap_differences(n))) for n in ("dice", "iou")]
    rows += [(f"{n} / scikit-learn", _largest(_overlap_differences(n))) for n in ("sensitivity", "precision")]
    distances = np.abs(list(_distance_differences())).max(axis=0)
    names = ("HD95 mm", "NSD 1 mm", "NSD 2 mm")
    rows += [(f"{n} / all pairs of voxels", d) for n, d in zip(names, distances, strict=True)]
    lesions = [differences for _, differences in _lesion_differences()]
    rows += [(f"lesion-wise {n} / the rules", _largest(d[n] for d in lesions)) for n in lesions[0]]
    for work, largest in rows:
        print(f"{work:44}{largest:12.2e}")
    for name, found in _beside_surface_distance().items():
        for kind in dict.fromkeys(KINDS):
            of_kind = [abs(difference) for pair, difference in found if pair.kind == kind]
            if of_kind:
                print(
                    f"{name} / surface-distance, {kind:24}median {np.median(of_kind):8.3f} largest {max(of_kind):8.3f}"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
