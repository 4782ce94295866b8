"""A run that goes on holds back whom it held back at its beginning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.runs.events import Event
from training.data.data_set import DataSet, TrainingCase
from training.data.folds import fold_of, split
from training.data.kept_split import as_before, first_split

SCHEME = scheme_named("brats2020")


def case(case_id: str, tumour_ml: float = 1.0) -> TrainingCase:
    return TrainingCase(CaseSource(case_id, Path("/study", case_id), {}), SCHEME, tumour_ml)


def cases(count: int) -> list[TrainingCase]:
    sizes = np.random.default_rng(0).permutation(count)
    return [case(f"BraTS-GLI-{n:05}-000", float(sizes[n])) for n in range(count)]


def ids(found: Any) -> set[str]:
    return {one.case_id for one in found}


@pytest.mark.parametrize("added", [0, 1, 4])
@pytest.mark.parametrize("way", ["split", "folds"])
def test_nobody_changes_sides_when_cases_come(added: int, way: str) -> None:
    def parted(count: int) -> DataSet:
        found = cases(count)
        sides = split(found, 0.2, 1, by_patient=True) if way == "split" else fold_of(found, 5, 0, 1, by_patient=True)
        return DataSet(*map(tuple, sides), problems=())

    before, now = parted(30), parted(30 + added)
    said: list[str] = []
    kept = as_before(now, ids(before.training), ids(before.validation), said.append)
    assert ids(kept.validation) == ids(before.validation)
    assert ids(kept.training) == ids(before.training) | {f"BraTS-GLI-{n:05}-000" for n in range(30, 30 + added)}
    assert bool(said) == (ids(now.validation) != ids(before.validation))


def test_new_cases_of_those_who_are_held_back_are_left_out_and_what_is_gone_is_told() -> None:
    now = DataSet((case("BraTS-GLI-00001-000"), case("BraTS-GLI-00002-001")), (case("BraTS-GLI-00003-000"),), ())
    said: list[str] = []
    held_back = {"BraTS-GLI-00002-000", "BraTS-GLI-00002-001", "BraTS-GLI-00009-000"}
    later = DataSet((*now.training, case("BraTS-GLI-00002-002")), now.validation, ())
    kept = as_before(later, {"BraTS-GLI-00001-000", "BraTS-GLI-00003-000"}, held_back, said.append)
    assert ids(kept.training) == {"BraTS-GLI-00001-000", "BraTS-GLI-00003-000"}
    assert ids(kept.validation) == {"BraTS-GLI-00002-001"}
    assert "BraTS-GLI-00002-000 and BraTS-GLI-00009-000 of the held-back cases cannot be used" in said[0]
    assert "BraTS-GLI-00002-002 came after the run began" in said[1]
    assert "who was held back then stays so" in said[2]


def test_the_first_check_of_a_run_tells_its_split() -> None:
    def checked(training: object, validation: object) -> Event:
        return Event("checked", 0.0, {"training": training, "validation": validation})

    assert first_split([checked(["a"], ["b"]), checked(["b"], ["a"])]) == ({"a"}, {"b"})
    for nothing in ([], [checked(["a"], [])], [checked("a", "b")], [Event("checked", 0.0, {})]):
        assert first_split(nothing) is None


def test_cases_of_one_id_are_not_told_apart_and_that_is_said() -> None:
    twice = DataSet((case("a"), case("b")), (case("a"),), ())
    said: list[str] = []
    assert as_before(twice, {"a"}, {"b"}, said.append) is twice
    assert "Two cases have one id" in said[0]
