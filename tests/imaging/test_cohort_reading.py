"""A silent mask is read as the others of its list, wherever one case is read after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.cohorts import cohort_reading
from brainseg_gui.imaging.cohorts.cohort_reading import CohortReading
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import run_to_end

_Numbers = tuple[int, int, int]  # of NCR, ED and ET
_OF_2020, _OF_2023, _PAEDIATRIC = (1, 2, 4), (1, 2, 3), (2, 4, 1)


@pytest.fixture
def cohort(tmp_path: Path, toy_case: Callable[..., Path]) -> Callable[..., list[CaseSource]]:
    def make(*kinds: _Numbers | None) -> list[CaseSource]:
        for number, numbers in enumerate(kinds):
            has_mask = numbers is not None
            toy_case(tmp_path, case_id=f"Toy_{number}", seed=number, mask=has_mask, numbers=numbers or _OF_2020)
        return list(find_cohort(tmp_path))

    return make


def _read(source: CaseSource) -> Case:
    return run_to_end(read_case(source))


def test_an_odd_mask_is_read_as_the_others_and_it_is_said(cohort: Callable[..., list[CaseSource]]) -> None:
    sources = cohort(_OF_2020, _OF_2020, _OF_2020, _PAEDIATRIC)
    together = CohortReading(sources)
    alone = [_read(source) for source in sources]
    assert [case.scheme.name for case in alone] == [*["brats2020"] * 3, "brats-ped"]
    read = [run_to_end(together.read(case)) for case in alone]
    assert read[:3] == alone[:3]
    assert read[3].scheme.name == read[3].reference.scheme.name == "brats2020"
    assert read[3].mask_note in read[3].notes
    assert read[3].mask_note in read[3].doubts
    assert "as the others are; by itself it would be BraTS paediatric" in read[3].mask_note


def test_two_years_stay_two_years(cohort: Callable[..., list[CaseSource]]) -> None:
    sources = cohort(_OF_2020, _OF_2020, _OF_2023, _OF_2023)
    together = CohortReading(sources)
    read = [run_to_end(together.read(_read(source))) for source in sources]
    assert [case.scheme.name for case in read] == [*["brats2020"] * 2, *["brats2023"] * 2]
    assert not any(case.doubts for case in read)


def test_a_case_without_a_mask_is_numbered_as_the_others(cohort: Callable[..., list[CaseSource]]) -> None:
    sources = cohort(_OF_2023, _OF_2023, None)
    assert _read(sources[2]).scheme.name == "brats2020"
    assert run_to_end(CohortReading(sources).read(_read(sources[2]))).scheme.name == "brats2023"


def test_what_is_stated_and_what_is_alone_is_left_as_it_is(
    cohort: Callable[..., list[CaseSource]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = cohort(_OF_2020, _OF_2020, _PAEDIATRIC)
    odd = _read(sources[2])
    stated = [replace(source, scheme="brats2023") for source in sources]
    monkeypatch.setattr(cohort_reading, "_numbers_in", lambda source: pytest.fail("nobody needs to be asked"))
    assert run_to_end(CohortReading(sources).read(replace(odd, stated=True))).scheme == odd.scheme
    assert run_to_end(CohortReading(sources[2:]).read(odd)) is odd
    assert run_to_end(CohortReading(stated).read(odd)) is odd  # all others state theirs: none is asked


def test_a_few_of_a_long_list_are_asked_and_once(
    cohort: Callable[..., list[CaseSource]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = cohort(_OF_2020, _OF_2020, _PAEDIATRIC)
    asked: list[str] = []

    def numbers(source: CaseSource) -> tuple[int, ...]:
        asked.append(source.case_id)
        return (1, 2, 4)

    monkeypatch.setattr(cohort_reading, "_numbers_in", numbers)
    monkeypatch.setattr(cohort_reading, "_by_images", lambda source, vote, regrid: replace(vote, scheme="brats2020"))
    many = [replace(sources[0], case_id=f"Case_{n:04}") for n in range(500)]
    together = CohortReading([*many, sources[2]])
    for _ in range(3):
        assert run_to_end(together.read(_read(sources[2]))).scheme.name == "brats2020"
    assert 6 <= len(asked) <= 12
    assert asked[0] == "Case_0000"
    assert asked[-1] > "Case_0400"


@pytest.mark.parametrize(("regrid", "scheme"), [(RegridPolicy.STRICT, "brats2020"), (RegridPolicy.VOXELS, "brats2023")])
def test_masks_on_other_grids_are_asked_where_that_is_allowed(
    tmp_path: Path, toy_case: Callable[..., Path], regrid: RegridPolicy, scheme: str
) -> None:
    for number in range(2):
        case = toy_case(tmp_path, case_id=f"Toy_{number}", seed=number, numbers=_OF_2023)
        mask = nib.load(case / f"Toy_{number}_seg.nii.gz")
        nib.save(nib.Nifti1Image(np.asarray(mask.dataobj), np.eye(4)), mask.get_filename())
    toy_case(tmp_path, case_id="Toy_2", seed=2, mask=False)
    sources = list(find_cohort(tmp_path))
    case = _read(sources[2])
    assert run_to_end(CohortReading(sources, regrid).read(case)).scheme.name == scheme


def test_masks_that_cannot_be_read_have_no_vote(cohort: Callable[..., list[CaseSource]]) -> None:
    sources = cohort(_OF_2020, _OF_2020, _PAEDIATRIC)
    for source in sources[:2]:
        source.reference.write_bytes(b"nothing")
    odd = _read(sources[2])
    assert run_to_end(CohortReading(sources).read(odd)) is odd
