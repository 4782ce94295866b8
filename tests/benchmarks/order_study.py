"""How many corrections the order *What helps most* saves: ``python -m tests.benchmarks.order_study``.

Synthetic lists: each case has a true Dice of WT, TC and ET within what was measured on patients, and a promised one
that is as far off as the passport of the shipped network says. A person corrects case after case; what counts is how
many are corrected when half, and when four fifths, of all error is gone: in this order, in a random one, in the best.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.annotation.case_order import CaseSigns, needs_of
from brainseg_gui.inference.models.model_folder import default_model

LISTS, CASES = 40, 60
_MEAN_TO_SD = np.sqrt(np.pi / 2)  # of a normal error, from its mean size


def one_list(random: np.random.Generator) -> tuple[dict[Path, CaseSigns], NDArray[np.float64]]:
    """What a network tells of a list, and the true error of each case."""
    lines = default_model().passport.expected_dice
    signs, errors = {}, []
    for number in range(CASES):
        quality = random.random()  # a case that is hard is hard in all regions
        true = {}
        for region, line in lines.items():
            low, high = line.dice
            share = np.clip(quality + random.normal(0, 0.15), 0, 1)
            true[region] = low + (high - low) * share
        off = {region: random.normal(0, line.error * _MEAN_TO_SD) for region, line in lines.items()}
        expected = {region: float(np.clip(true[region] + off[region], 0, 1)) for region in lines}
        whole = float(np.exp(random.normal(3.5, 0.9)))
        volumes = {"WT": whole, "TC": whole * random.uniform(0, 0.7), "ET": whole * random.uniform(0, 0.4)}
        signs[Path(f"/{number}")] = CaseSigns(expected, volumes)
        errors.append(1 - float(np.mean(list(true.values()))))
    return signs, np.array(errors)


def corrections(errors: NDArray[np.float64], order: list[int], part: float) -> int:
    """How many cases are corrected until that part of all error is gone."""
    gone = np.cumsum(errors[order]) / errors.sum()
    return int(np.searchsorted(gone, part)) + 1


def by_need(signs: dict[Path, CaseSigns]) -> list[int]:
    """The order of the list, looked at again after each correction."""
    order: list[int] = []
    done: set[Path] = set()
    while len(done) < len(signs):
        needs = needs_of(signs, done)
        best = max(needs, key=lambda place: needs[place].score)
        done.add(best)
        order.append(int(best.name))
    return order


def main() -> int:
    """Print the means over all lists."""
    random = np.random.default_rng(0)
    rows: dict[tuple[str, float], list[int]] = {}
    for _ in range(LISTS):
        signs, errors = one_list(random)
        orders = {
            "what helps most": by_need(signs),
            "random": random.permutation(CASES).tolist(),
            "best": np.argsort(-errors).tolist(),
        }
        for name, order in orders.items():
            for part in (0.5, 0.8):
                rows.setdefault((name, part), []).append(corrections(errors, order, part))
    for (name, part), counts in rows.items():
        sys.stdout.write(f"{name}: {np.mean(counts):.1f} of {CASES} cases until {part:.0%} of the error is corrected\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
