"""A whole patient: measured from files, changed by people, and kept as JSON that nobody can smuggle anything in by."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import BrainsegError, CaseError
from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.diameters import Line
from brainseg_gui.followup.documents.page import follow_up_page
from brainseg_gui.followup.documents.text import as_text
from brainseg_gui.followup.edits import BaselineChosen, Edit, LineMoved, TargetsChosen, TreatmentNoted, VisitRemark
from brainseg_gui.followup.from_json import edit_of, follow_up_of, read_follow_up
from brainseg_gui.followup.measure import UNREGISTERED, FollowUpRequest, measure_patient
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.response import CAUTION, Category
from brainseg_gui.followup.results import results_of
from brainseg_gui.followup.to_json import as_json, edit_entry
from brainseg_gui.followup.visits import time_line_of
from brainseg_gui.imaging.plane import Plane
from brainseg_gui.progress import run_to_end

EDITS: tuple[Edit, ...] = (
    TargetsChosen((1,)),
    BaselineChosen(1),
    VisitRemark(0, "before treatment\nwith a line break"),
    VisitRemark(3, "near the scar", 2),
    TreatmentNoted(date(2021, 2, 1), "radiotherapy"),
    LineMoved(2, 1, "longest", Line((10.0, 20.0, 15.0), (34.5, 20.0, 15.0))),
)


@pytest.fixture(scope="module")
def record(patient_folder: Path) -> FollowUp:
    return run_to_end(measure_patient(time_line_of(patient_folder), FollowUpRequest(criteria_named("rano2"))))


def _edited(record: FollowUp) -> FollowUp:
    for edit in EDITS:
        record = record.with_edit(edit)
    return record


def test_a_patient_is_measured(record: FollowUp) -> None:
    results = results_of(record)
    assert [result.diameters.total for result in results] == pytest.approx([625, 289, 361, 841])
    assert [result.diameters.category.letters for result in results] == ["BL", "PR", "SD", "PD"]
    assert [result.volumes.category for result in results if result.volumes] == [
        Category.BASELINE,
        Category.STABLE,
        Category.STABLE,
        Category.PROGRESSION,
    ]
    assert [result.days.most for result in results if result.days] == [0, 64, 142, 234]
    assert [event.words for event in record.events] == ["lesion 2 appeared"]
    assert results[3].diameters.reasons == ("new lesion 2",)
    assert UNREGISTERED in record.notes


def test_volumes_have_limits(record: FollowUp) -> None:
    for volume in record.visits[0].volumes.values():
        assert volume.low < volume.value < volume.high


def test_what_people_change_counts_and_can_be_taken_back(record: FollowUp) -> None:
    edited = _edited(record)
    assert (edited.baseline, edited.targets) == (1, (1,))
    moved = edited.lesions(2)[1]
    assert (moved.cross.longest_mm, moved.cross.across_mm) == pytest.approx((24.5, 19))
    assert edited.is_edited(2, 1)
    assert not edited.is_edited(2, 2)
    assert [result.diameters.category.letters for result in results_of(edited)] == ["NE", "BL", "PD", "PD"]
    assert edited.remarks(3, 2) == ("near the scar",)
    assert edited.remarks(0) == ("before treatment\nwith a line break",)
    for _ in EDITS:
        edited = edited.without_last_edit()
    assert as_json(edited) == as_json(record)


@pytest.mark.parametrize(
    "edit",
    [
        TargetsChosen((7,)),
        BaselineChosen(4),
        VisitRemark(-1, "no such visit"),
        VisitRemark(0, "no such lesion", 2),
        LineMoved(0, 2, "longest", Line((0, 0, 0), (1, 1, 0))),
    ],
)
def test_a_change_of_what_is_not_there_is_refused(record: FollowUp, edit: Edit) -> None:
    with pytest.raises(ValueError, match=r"visit|lesion"):
        record.with_edit(edit)


def test_a_shortened_line_makes_a_lesion_too_small(record: FollowUp) -> None:
    edited = record.with_edit(LineMoved(0, 1, "across", Line((22.0, 20.0, 15.0), (22.0, 26.0, 15.0))))
    assert edited.lesions(0)[1].why_not == "its diameter across is below 10 mm"
    assert edited.targets == ()
    assert {result.diameters.category for result in results_of(edited)[1:3]} == {Category.NONE}


def test_json_brings_everything_back(record: FollowUp) -> None:
    edited = _edited(record)
    back = follow_up_of(json.loads(as_json(edited)))
    assert as_json(back) == as_json(edited)
    assert back.edits == edited.edits
    assert back.lesions(2) == edited.lesions(2)
    assert CAUTION in as_json(record)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_a_line_of_a_journal(edit: Edit) -> None:
    assert edit_of(json.loads(json.dumps(edit_entry(edit)))) == edit


def _changed(content: Any, path: str, value: Any) -> Any:
    *way, last = path.split("/")
    place = content
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "brainseg follow-up 9"),
        ("criteria", "recist"),
        ("patient", 7),
        ("patient", "x" * 5000),
        ("visits", {}),
        ("visits/0/name", None),
        ("visits/0/earliest", "2021-13-01"),
        ("visits/0/earliest", None),
        ("visits/0/latest", "2020-01-01"),
        ("visits/0/stage", True),
        ("visits/0/numbers", [-1]),
        ("visits/0/mask", "a\0b"),
        ("visits/0/grid", None),
        ("visits/0/grid/shape", [1, 1]),
        ("visits/0/grid/shape", [0, 5, 5]),
        ("visits/0/grid/shape", [10**9, 5, 5]),
        ("visits/0/grid/affine", [[0] * 4] * 4),
        ("visits/0/grid/affine/0/0", 1e300),
        ("visits/0/lesions/0/longest/0/0", float("nan")),
        ("visits/0/lesions/0/longest/0/0", float("inf")),
        ("visits/0/lesions/0/longest/0", [1, 2]),
        ("visits/0/lesions/0/plane", "oblique"),
        ("visits/0/lesions/0/slice", 0),
        ("visits/0/lesions/0/lesion", 0),
        ("visits/0/lesions/0/lesion", 1.5),
        ("visits/0/lesions/0/volume_ml", -1),
        ("visits/0/volumes_ml", [1]),
        ("visits/0/volumes_ml/ET", [1, 2]),
        ("events/0/visit", 9),
        ("events/0/change", "exploded"),
        ("events/0/after", "12"),
        ("edits", [{"edit": "baseline", "visit": 99}]),
        ("edits", [{"edit": "line", "visit": 1, "lesion": 1, "which": "widest", "line": [[1, 1, 1], [2, 2, 2]]}]),
        ("edits", [{"edit": "shell", "visit": 1}]),
        ("edits", [[]]),
    ],
)
def test_damaged_files_are_refused_in_a_sentence(record: FollowUp, tmp_path: Path, path: str, value: Any) -> None:
    file = tmp_path / "follow.json"
    file.write_text(json.dumps(_changed(json.loads(as_json(record)), path, value)))
    with pytest.raises(BrainsegError, match="no follow-up, or it is damaged"):
        read_follow_up(file)


@pytest.mark.parametrize("edits", [[], [{"edit": "targets", "lesions": [1]}]])
def test_a_follow_up_without_visits_is_refused_in_a_sentence(
    record: FollowUp, tmp_path: Path, edits: list[Any]
) -> None:
    file = tmp_path / "follow.json"
    file.write_text(json.dumps({**json.loads(as_json(record)), "visits": [], "events": [], "edits": edits}))
    with pytest.raises(BrainsegError, match="no follow-up, or it is damaged"):
        read_follow_up(file)


@pytest.mark.parametrize("content", ["", "[]", "7", "{}", "[" * 100_000, "\xff"])
def test_other_files_are_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "follow.json"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(BrainsegError, match="no follow-up, or it is damaged"):
        read_follow_up(file)
    with pytest.raises(BrainsegError, match="cannot be read"):
        read_follow_up(tmp_path)


def test_every_key_that_is_missing_is_missed(record: FollowUp) -> None:
    derived = {"criteria_title", "source", "caution", "counted", "unit", "targets", "results"}
    content = json.loads(as_json(record))
    for key in content.keys() - derived:
        with pytest.raises(KeyError):
            follow_up_of({name: value for name, value in content.items() if name != key})


def test_visits_without_a_mask_are_listed_and_not_measured(patient_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(patient_folder, tmp_path / "P1")
    (folder / "visit2_2021-03-15" / "seg.nii.gz").unlink()
    found = run_to_end(measure_patient(time_line_of(folder), FollowUpRequest(criteria_named("rano2"))))
    assert [result.visit for result in results_of(found)] == [0, 2, 3]
    assert "no mask" in as_text(found)
    assert as_json(follow_up_of(json.loads(as_json(found)))) == as_json(found)
    for mask in folder.glob("*/seg.nii.gz"):
        mask.unlink()
    with pytest.raises(CaseError, match="no visit has a mask"):
        run_to_end(measure_patient(time_line_of(folder), FollowUpRequest(criteria_named("rano2"))))


def test_transforms_lay_visits_on_each_other(patient_folder: Path) -> None:
    line = time_line_of(patient_folder)
    away = np.eye(4)
    away[0, 3] = 500.0
    request = FollowUpRequest(criteria_named("rano2"), to_first=[np.eye(4), away, np.eye(4), np.eye(4)])
    found = run_to_end(measure_patient(line, request))
    assert [sorted(visit.lesions) for visit in found.visits] == [[1], [2], [1], [1, 3]]
    assert UNREGISTERED not in found.notes


def test_a_visit_on_which_nothing_enhances_is_read_like_the_others(patient_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(patient_folder, tmp_path / "P1")
    path = folder / "visit2_2021-03-15" / "seg.nii.gz"
    image = nib.load(path)
    values = np.asarray(image.dataobj).copy()
    values[values == 3] = 1  # 1 and 2 alone could as well be oedema and enhancing tumour
    nib.save(nib.Nifti1Image(values, image.affine), path)
    found = run_to_end(measure_patient(time_line_of(folder), FollowUpRequest(criteria_named("rano2"))))
    assert found.visits[1].lesions == {}
    assert [result.diameters.category.letters for result in results_of(found)] == ["BL", "CR", "PD", "PD"]


def test_a_page_says_all_of_it_and_takes_no_name_for_markup(record: FollowUp) -> None:
    page = follow_up_page(record.with_edit(VisitRemark(0, "<script>alert(1)</script>")))
    assert "<script>alert" not in page
    assert page.count("<svg") == 2
    for words in ("PD: new lesion 2", "lesion 2 appeared", "Wen et al.", "no diagnosis", "2021-09-01"):
        assert words in page


def test_diameters_in_any_plane(patient_folder: Path) -> None:
    request = FollowUpRequest(criteria_named("rano-bm"), tuple(Plane))
    found = run_to_end(measure_patient(time_line_of(patient_folder), request))
    assert [result.diameters.total for result in results_of(found)] == pytest.approx([25, 17, 19, 29])
    assert "25.0" in as_text(found)
    assert results_of(found)[1].volumes is None
