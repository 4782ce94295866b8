"""Who is trained on and who is scored."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainseg_gui.annotation.case_list import CaseEntry, CaseState
from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.learning.case_marks import CaseMarks, marks_of
from brainseg_gui.learning.sides import Sides, accepted, sides_of
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.prepare_place import PreparationRequest, prepare_place
from brainseg_gui.preparation.steps.work import Space, Wishes
from brainseg_gui.progress import run_to_end
from tests.preparation.heads import T1CE, grid_of, head
from tests.preparation.test_prepared_case import save


def sources(count: int, visits: int = 1) -> list[CaseSource]:
    named = [(f"P{n:02}", visit) for n in range(count) for visit in range(visits)]
    return [CaseSource(f"{p}-visit{v}", Path(f"/c/{p}-visit{v}"), {}, patient=p) for p, v in named]


def digest(source: CaseSource) -> str:
    """As good as random, and always the same."""
    return f"{hash_of(source.case_id):08x}"


def hash_of(text: str) -> int:
    return sum((ord(letter) * 2654435761 * (n + 1)) % 2**32 for n, letter in enumerate(text)) % 2**32


def divide(found: list[CaseSource], known: tuple[str, ...] = ()) -> Sides:
    return sides_of(found, {source.identity: CaseMarks(digest(source)) for source in found}, known)


@pytest.mark.parametrize("count", [9, 10, 20, 31])
def test_no_patient_is_on_both_sides_and_every_case_is_on_one(count: int) -> None:
    found = sources(count, visits=3)
    sides = divide(found)
    ours, theirs = ({source.patient for source in side} for side in (sides.training, sides.held_back))
    assert not ours & theirs
    assert len(sides.training) + len(sides.held_back) == len(found)
    assert len(theirs) == max(6, round(0.3 * count))
    assert len(ours) >= 3


def test_the_order_of_the_list_decides_nothing() -> None:
    found = sources(20)
    names = [{s.case_id for s in divide(order).held_back} for order in (found, found[::-1])]
    assert names[0] == names[1]


def test_whom_the_network_was_trained_on_is_never_scored() -> None:
    found = sources(20, visits=2)
    first = divide(found)
    once = found.index(first.held_back[0])
    known = (digest(found[once]),)  # one visit is enough
    again = divide(found, known)
    assert found[once].patient not in {source.patient for source in again.held_back}
    assert len({source.patient for source in again.held_back}) == 6


def test_a_copy_on_other_voxels_is_known_by_what_it_was_prepared_of(tmp_path: Path) -> None:
    raw = tmp_path / "raw" / "Ann"
    save(head(grid_of((17, 21, 19), (10.0, 10.0, 10.0)), T1CE), raw / "scan_1.nii.gz")
    one, other = (_prepared(raw, tmp_path / space.value, space) for space in Space)
    assert marks_of(one).images != marks_of(other).images
    assert marks_of(one).further & marks_of(other).further
    assert marks_of(other).further & marks_of(find_case(raw / "scan_1.nii.gz")).further
    save(head(grid_of((17, 21, 18), (10.0, 10.0, 10.0)), T1CE), tmp_path / "raw" / "Bob" / "scan_1.nii.gz")
    bob = _prepared(tmp_path / "raw" / "Bob", tmp_path / "x", Space.REFERENCE)
    assert not marks_of(bob).all & (marks_of(one).all | marks_of(other).all)
    (bob.folder / RECORD).write_text("{")
    assert len(marks_of(bob).further) == 1


def _prepared(raw: Path, out: Path, space: Space) -> CaseSource:
    request = PreparationRequest(out, Wishes(space, strip=False), {Modality.T1CE: "scan"})
    return find_case(run_to_end(prepare_place(raw, request, None)).folder)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("BraTS-GLI-00001-000", "BraTS-GLI-00001-101", True),
        ("BraTS-GLI-00001-000", "BraTS-GLI-00002-000", False),
        ("P01", "P01", False),  # of two hospitals
        ("case_001", "case_001", False),
    ],
)
def test_patients_of_public_data_sets_are_known_by_their_ids(one: str, other: str, same: bool) -> None:
    ours, theirs = (marks_of(CaseSource(name, Path(f"/{n}"), {})).further for n, name in enumerate((one, other)))
    assert bool(ours & theirs) is same


def test_a_mark_of_any_kind_keeps_a_patient_from_being_scored() -> None:
    found = sources(20)
    known = divide(found).held_back[0]
    marks = {s.identity: CaseMarks(digest(s), frozenset(["0123"] if s is known else [])) for s in found}
    assert known in sides_of(found, marks).held_back
    assert known not in sides_of(found, marks, ("0123",)).held_back


def test_too_few_patients_are_refused_with_what_is_missing() -> None:
    with pytest.raises(CaseError, match=r"corrected cases of 9 patients are needed.* and 8 have one that is done"):
        divide(sources(8, visits=4))
    found = sources(12)
    with pytest.raises(CaseError, match=r"trained on all but 2 of the 12 patients.*Correct cases of 4 more"):
        divide(found, tuple(map(digest, found[:10])))


def test_only_what_somebody_said_is_done_is_learned_from() -> None:
    found = sources(4)
    states = (CaseState.DONE, CaseState.IN_WORK, CaseState.FLAGGED)
    entries = {source.case_id: CaseEntry(source.case_id, state) for source, state in zip(found, states, strict=False)}
    assert [source.case_id for source in accepted(found, entries)] == [found[0].case_id]
