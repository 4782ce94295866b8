"""The full table of one case, and Dice alone, beside straightforward library calls on whole volumes, in one run.

``python -m tests.benchmarks.bench_evaluate CASE_FOLDER`` prints the seconds.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from brainseg_gui.evaluation.metrics.comparison import Comparison, compare, region_table
from brainseg_gui.evaluation.metrics.distances import TOLERANCES_MM, with_distances
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import run_to_end
from tests.benchmarks.cases import Cases
from tests.benchmarks.rows import Row, Section
from tests.evaluation import straightforward

RUNS = 5
SPECKS = 12


def measure(cases: Cases) -> Section:
    """Dice alone, and the whole table."""
    found = _seconds_of(cases.one)
    return Section(
        [
            Row("Dice of two masks", found["ours_dice_s"], beside="numpy, whole", theirs=found["plain_dice_s"]),
            Row(
                "evaluation table of one case",
                found["ours_table_s"],
                beside="libraries, whole",
                theirs=found["plain_table_s"],
                at_most=1.5,
            ),
        ],
        found,
    )


def _seconds_of(case_folder: Path) -> dict[str, float]:
    """Seconds for Dice of every region and for the whole table, ours (median) and the plain calls' (once)."""
    reference = run_to_end(read_case(find_case(case_folder))).reference
    if reference is None:
        raise ValueError(f"{case_folder} has no mask")
    prediction = _erring(reference)
    comparison = compare(reference, prediction)
    rules = rules_named("brats2023")

    def full() -> Comparison:
        return run_to_end(with_distances(compare(reference, prediction), reference, prediction, rules))

    masks = [
        [region_table(labels.scheme, row.region)[labels.values] for labels in (reference, prediction)]
        for row in comparison.rows
    ]
    spacing = reference.grid.spacing_mm
    return {
        "ours_dice_s": median(_seconds(lambda: compare(reference, prediction)) for _ in range(RUNS)),
        "ours_table_s": median(_seconds(full) for _ in range(RUNS)),
        "plain_dice_s": _seconds(lambda: [_plain_overlap(*pair) for pair in masks]),
        "plain_table_s": _seconds(lambda: [_plain_row(*pair, spacing) for pair in masks]),
        "rows": len(comparison.rows),
    }


def _erring(reference: LabelMap) -> LabelMap:
    """The reference moved by (2, 1, 1) voxels, and a dozen false specks all over the head."""
    values = np.roll(reference.values, (2, 1, 1), (0, 1, 2)).copy(order="K")
    random = np.random.default_rng(0)
    present = reference.present()
    for _ in range(SPECKS):
        i, j, k = (int(random.integers(n // 4, 3 * n // 4)) for n in values.shape)
        values[i : i + 4, j : j + 3, k : k + 3] = random.choice(present)
    return LabelMap(values, reference.grid, reference.scheme)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _plain_overlap(reference: Any, prediction: Any) -> tuple[float, ...]:
    both = (reference & prediction).sum()
    return (
        2 * both / (reference.sum() + prediction.sum()),
        both / (reference | prediction).sum(),
        both / reference.sum(),
        both / prediction.sum(),
    )


def _plain_row(reference: Any, prediction: Any, spacing: Any) -> tuple[Any, ...]:
    import surface_distance
    from scipy.ndimage import label

    def hd95_mm(ours: Any, theirs: Any, _: Any) -> float:
        return float(surface_distance.compute_robust_hausdorff(distances(ours, theirs), 95))

    def distances(ours: Any, theirs: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it imports scipy.ndimage.filters
            return surface_distance.compute_surface_distances(ours, theirs, spacing)

    found = distances(reference, prediction)
    everywhere = np.ones((3, 3, 3))
    return (
        _plain_overlap(reference, prediction),
        surface_distance.compute_robust_hausdorff(found, 95),
        [surface_distance.compute_surface_dice_at_tolerance(found, tolerance) for tolerance in TOLERANCES_MM],
        straightforward.lesion_wise(reference, prediction, spacing, lambda mask: label(mask, everywhere), hd95_mm),
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_seconds_of(Path(sys.argv[1])), indent=1) + "\n")
