from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from brainseg_gui.errors import BrainsegError, CaseError
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelScheme
from training.compare.cases import Asked, find_cases, parse_pairs, spread


def _asked(
    references: Mapping[str, Path] | None = None, schemes: Mapping[str, LabelScheme] | None = None, most: int = 0
) -> Asked:
    return Asked(references or {}, schemes or {}, most)


@pytest.fixture
def cohort(tmp_path: Path, toy_case: Callable[..., Path]) -> Path:
    for name in ("A", "B", "C"):
        toy_case(tmp_path / "cohort", case_id=name, mask=name != "C")
    return tmp_path / "cohort"


def test_cases_without_a_mask_are_told_and_left_out(cohort: Path) -> None:
    told: list[str] = []
    cases = find_cases([cohort], _asked(), told.append)
    assert [case.case_id for case in cases] == ["A", "B"]
    assert {case.group for case in cases} == {"cohort"}
    assert told == ["C is left out: it has no mask; name one with --reference C=FILE"]
    assert len(find_cases([cohort], _asked(), told.append, unscored=True)) == 3


def test_a_mask_can_be_named(cohort: Path) -> None:
    mask = cohort / "A" / "A_seg.nii.gz"
    cases = find_cases([cohort / "C"], _asked({"C": mask}), print)
    assert cases[0].group == "cohort"
    _, reference = cases[0].read()
    assert reference.present() == (1, 2, 4)
    with pytest.raises(CaseError, match="no case Z"):
        find_cases([cohort], _asked({"Z": mask}), lambda _: None)


def test_schemes_are_for_a_case_before_a_folder_before_all(cohort: Path) -> None:
    schemes = {"": "brats2013", "cohort": "msd", "B": "brats-ped"}
    asked = _asked(schemes={name: scheme_named(scheme) for name, scheme in schemes.items()})
    found = {case.case_id: case.scheme for case in find_cases([cohort], asked, lambda _: None)}
    assert [found[name].name for name in ("A", "B")] == ["msd", "brats-ped"]  # type: ignore[union-attr]
    _, reference = find_cases([cohort / "B"], asked, print)[0].read()
    assert reference.scheme.name == "brats-ped"


def test_synthetic_cases_are_read_as_the_generator_writes_them(cohort: Path) -> None:
    assert find_cases([cohort / "A"], _asked(), print)[0].scheme is None
    (cohort / "synthesis.json").write_text("{}")
    scheme = find_cases([cohort / "A"], _asked(), print)[0].scheme
    assert scheme is not None
    assert scheme.name == "brats2020"


def test_the_same_id_twice_is_refused(cohort: Path, tmp_path: Path, toy_case: Callable[..., Path]) -> None:
    other = toy_case(tmp_path / "other", case_id="A")
    with pytest.raises(CaseError, match="the case A is in"):
        find_cases([cohort, other], _asked(), lambda _: None)


def test_keys_follow_images_and_masks(cohort: Path, tmp_path: Path, toy_case: Callable[..., Path]) -> None:
    first, second = find_cases([cohort], _asked(), lambda _: None)
    twin = find_cases([toy_case(tmp_path / "other", case_id="T")], _asked(), print)[0]
    assert first.images_key == second.images_key == twin.images_key  # the same toy patient
    other = find_cases([toy_case(tmp_path / "other", case_id="U", seed=1)], _asked(), print)[0]
    assert other.images_key != first.images_key
    assert other.reference_key == first.reference_key
    read_otherwise = find_cases([cohort / "A"], _asked(schemes={"": scheme_named("msd")}), print)[0]
    assert read_otherwise.reference_key != first.reference_key
    assert read_otherwise.images_key == first.images_key


def test_a_few_are_spread_evenly() -> None:
    numbers = list(range(10))
    assert spread(numbers, 4) == [0, 2, 5, 7]  # type: ignore[comparison-overlap,arg-type]
    assert spread(numbers, 0) == spread(numbers, 99) == numbers  # type: ignore[comparison-overlap,arg-type]


def test_pairs() -> None:
    assert parse_pairs(["A=x/y", "b=c=d", "plain"], "--scheme") == {"A": "x/y", "b=c": "d", "": "plain"}
    with pytest.raises(BrainsegError, match="--scheme is given twice for all cases"):
        parse_pairs(["one", "two"], "--scheme")
