"""The table of what each change costs, and cases that are changed when they are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from training.compare.cases import Asked, find_cases
from training.compare.scores import REGIONS, CaseScore, RegionNumbers
from training.studies.changes import CHANGES, UNCHANGED
from training.studies.robustness import ChangedCase, as_table

CUT = next(change for change in CHANGES if change.name == "cut above")


def score(change: str, case_id: str, dice: tuple[float, ...], claimed_ml: float = 1.0, ml: float = 1.0) -> CaseScore:
    volumes = ((2.0, 2.0), (2.0, 2.0), (ml, claimed_ml))
    numbers = {
        key: RegionNumbers(value, 1.0, value, *volume)
        for key, value, volume in zip(REGIONS, dice, volumes, strict=True)
    }
    return CaseScore(change, case_id, "net", numbers, 0.1, foci=1)


def test_the_table_names_the_case_and_region_that_lost_most() -> None:
    scores = [
        score(UNCHANGED.name, "A", (0.9, 0.8, 0.7)),
        score(CUT.name, "A", (0.8, 0.85, 0.65)),
        score(UNCHANGED.name, "B", (0.9, 0.6, 1.0), claimed_ml=0.0, ml=0.0),
        score(CUT.name, "B", (0.9, 0.6, 0.0), claimed_ml=3.0, ml=0.0),
    ]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in as_table(scores).splitlines() if "|" in row]
    assert rows[2] == [UNCHANGED.name, UNCHANGED.title, ".900 / .700 / .850", "none", "0 of 1"]
    assert rows[3] == [CUT.name, CUT.title, ".850 / .725 / .325", "1.000 ET B", "1 of 1"]
    better = [score(UNCHANGED.name, "A", (0.5, 0.5, 0.5)), score(CUT.name, "A", (0.6, 0.6, 0.6))]
    assert "| none | – |" in as_table(better)


def test_a_changed_case_is_another_one_and_its_files_are_not(tmp_path: Path, toy_case: Callable[..., Path]) -> None:
    toy_case(tmp_path, spacing=(6.0, 6.0, 6.0))
    (case,) = find_cases([tmp_path], Asked({}, {}), print)
    plain, cut = ChangedCase.of(case, UNCHANGED), ChangedCase.of(case, CUT)
    assert (plain.group, cut.group) == (UNCHANGED.name, CUT.name)
    assert plain.case_id == cut.case_id == case.case_id
    assert len({case.images_key, plain.images_key, cut.images_key}) == 3
    assert plain.reference_key != cut.reference_key
    before, reference = case.read()
    after, masked = cut.read()
    assert masked.values.sum() <= reference.values.sum()
    for modality, volume in after.volumes.items():
        assert not np.array_equal(volume.stored, before.volumes[modality].stored)
    again, _ = plain.read()
    assert all(np.array_equal(again.volumes[m].stored, before.volumes[m].stored) for m in before.volumes)
