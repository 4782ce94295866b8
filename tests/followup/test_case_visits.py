"""The report of a case that is a visit: which one it is, the volumes of the earlier ones, and how they are found."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.evaluation.html.case import case_page
from brainseg_gui.evaluation.masks import ChosenSchemes
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.evaluation.reports.case_content import CaseContent, read_content
from brainseg_gui.evaluation.reports.case_tables import change_words, facts, tables_of
from brainseg_gui.followup.documents.case_visits import with_visits
from brainseg_gui.followup.own_masks import masks_beside
from brainseg_gui.followup.visits import TimeLine, time_line_of
from brainseg_gui.followup.visits_near import visits_near
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort
from brainseg_gui.imaging.naming.case_tree import tree
from brainseg_gui.imaging.naming.patients import patients_of
from brainseg_gui.progress import run_to_end

_VISITS = ("visit1_2021-01-10", "visit2_2021-03-15", "visit3_2021-06-01", "visit4_2021-09-01")
_TITLE = "Beside the earlier visits"


def _content(folder: Path, *, mask: bool = True) -> CaseContent:
    source = find_case(folder)
    reference = source.reference if mask else None
    return run_to_end(read_content(source, reference, None, ChosenSchemes(), rules_named("brats2023")))


@pytest.fixture
def line(patient_folder: Path) -> TimeLine:
    return time_line_of(patient_folder)


def _voxels(folder: Path, numbers: tuple[int, ...]) -> float:
    """Ml of some numbers of a mask of 1 mm³ voxels."""
    return float(np.isin(np.asarray(nib.load(folder / "seg.nii.gz").dataobj), numbers).sum()) / 1000


def test_a_visit_stands_beside_the_earlier_ones(patient_folder: Path, line: TimeLine) -> None:
    content = run_to_end(with_visits(_content(patient_folder / _VISITS[2]), line, masks_beside(line)))
    assert facts(content)[0] == "Visit 3 of 4 of P1: visit3_2021-06-01; the 1 later visit is not looked at"
    assert "brainseg follow" in facts(content)[1]
    table = next(table for table in tables_of(content) if table.title == _TITLE)
    assert table.heads[:4] == ("Visit", "Days before", "WT, ml", "change, ml")
    # 10 January, 15 March and 1 June 2021
    assert [row[:2] for row in table.rows] == [
        (_VISITS[0], "142"),
        (_VISITS[1], "78"),
        (f"{_VISITS[2]} (this one)", ""),
    ]
    for column, numbers in ((2, (1, 2, 3)), (4, (1, 3)), (6, (3,))):
        first, second, now = (_voxels(patient_folder / name, numbers) for name in _VISITS[:3])
        assert [row[column] for row in table.rows] == [f"{first:.2f}", f"{second:.2f}", f"{now:.2f}"]
        assert [row[column + 1] for row in table.rows] == [
            f"{now - first:+.2f} ({100 * (now / first - 1):+.1f} %)",
            f"{now - second:+.2f} ({100 * (now / second - 1):+.1f} %)",
            "",
        ]
    assert now < first  # the signs were looked at
    assert "seg.nii.gz (visit1_2021-01-10, visit2_2021-03-15); of this visit its reference" in table.note


def test_the_page_shows_it_and_no_path(patient_folder: Path, line: TimeLine) -> None:
    page = case_page(run_to_end(with_visits(_content(patient_folder / _VISITS[3]), line, masks_beside(line))))
    assert "<li>Visit 4 of 4 of P1: visit4_2021-09-01.</li>" in page
    assert f"<h2>{_TITLE}</h2>" in page
    assert str(patient_folder.parent) not in page


def test_a_case_without_other_visits_is_as_it_was(patient_folder: Path, line: TimeLine) -> None:
    content = _content(patient_folder / _VISITS[1])
    for lone in (None, replace(line, visits=line.visits[1:2]), replace(line, visits=line.visits[2:])):
        assert run_to_end(with_visits(content, lone, {})) is content


def test_without_earlier_masks_that_is_said(patient_folder: Path, line: TimeLine) -> None:
    content = run_to_end(with_visits(_content(patient_folder / _VISITS[1]), line, {1: Path("no"), 2: Path("no")}))
    assert "No earlier visit has a mask to compare with" in facts(content)
    assert _TITLE not in [table.title for table in tables_of(content)]
    first = run_to_end(with_visits(_content(patient_folder / _VISITS[0]), line, masks_beside(line)))
    assert not any("No earlier visit" in sentence for sentence in facts(first))


def test_without_a_mask_of_its_own_there_is_no_change(patient_folder: Path, line: TimeLine) -> None:
    content = run_to_end(with_visits(_content(patient_folder / _VISITS[1], mask=False), line, masks_beside(line)))
    table = next(table for table in tables_of(content) if table.title == _TITLE)
    assert [row[3] for row in table.rows] == ["", ""]
    assert float(table.rows[0][2]) > 0


def test_an_earlier_mask_that_cannot_be_read_costs_the_table_alone(
    patient_folder: Path, line: TimeLine, tmp_path: Path
) -> None:
    (tmp_path / "torn.nii.gz").write_bytes(b"no mask")
    content = run_to_end(with_visits(_content(patient_folder / _VISITS[1]), line, {0: tmp_path / "torn.nii.gz"}))
    assert any("are not compared: torn.nii.gz: " in sentence for sentence in facts(content))
    assert str(tmp_path) not in " ".join(facts(content))
    assert [table.title for table in tables_of(content)] == ["Volumes"]


def test_an_earlier_mask_is_read_as_this_visits_is(patient_folder: Path, line: TimeLine, tmp_path: Path) -> None:
    other = ChosenSchemes()
    content = run_to_end(with_visits(_content(patient_folder / _VISITS[1]), line, masks_beside(line), other))
    table = next(table for table in tables_of(content) if table.title == _TITLE)
    assert float(table.rows[0][6]) > 0
    labels = content.figure.reference
    assert labels is not None
    whole = replace(labels.scheme, name="mine", title="Mine", labels={1: "WT"})
    flat = ("My mask", replace(labels, values=np.minimum(labels.values, 1), scheme=whole))
    content = run_to_end(with_visits(content, line, masks_beside(line), other, flat))
    table = next(table for table in tables_of(content) if table.title == _TITLE)
    assert table.rows[-1][4] == ""  # a mask of the whole tumour has no core
    assert table.rows[0][5] == ""
    assert "of this visit its My mask" in table.note


# --- looking for visits ---------------------------------------------------------------------------------------------


def _names(folder: Path) -> list[str]:
    line = visits_near(find_case(folder))
    return [visit.name for visit in line.visits] if line is not None else []


def test_visits_are_found_in_the_folder_around(patient_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = visits_near(find_case(patient_folder / _VISITS[1]))
    assert line is not None
    assert line.patient == "P1"
    assert [visit.name for visit in line.visits] == list(_VISITS)
    monkeypatch.chdir(patient_folder / _VISITS[1])
    assert _names(Path()) == list(_VISITS)


def _case(folder: Path, start: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("t1", "flair"):
        nib.save(nib.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4)), folder / f"{start}{name}.nii.gz")
    return folder


def test_visits_are_found_beside_by_their_ids_and_nothing_else_is_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("P7_2021-01-01", "P7_2021-05-01", "P70_2021-01-01", "P8_2020-01-01"):
        _case(tmp_path / name, f"{name}_")
    assert _names(tmp_path / "P7_2021-05-01") == ["2021-01-01", "2021-05-01"]
    assert _names(tmp_path / "P8_2020-01-01") == []
    looked: list[Path] = []
    monkeypatch.setattr("brainseg_gui.followup.visits_near.tree", lambda root: looked.append(root) or tree(root))
    _names(tmp_path / "P7_2021-01-01")
    assert sorted(path.name for path in looked) == ["P7_2021-01-01", "P7_2021-05-01"]


def test_visits_of_a_data_set_are_found_by_its_layout(tmp_path: Path) -> None:
    for session in ("01", "02"):
        _case(tmp_path / "sub-03" / f"ses-{session}" / "anat", f"sub-03_ses-{session}_")
    for other in ("BraTS-GLI-00005-100", "BraTS-GLI-00005-101", "BraTS-GLI-00006-100"):
        for name in ("t1n", "t1c", "t2w", "t2f"):
            (tmp_path / other).mkdir(exist_ok=True)
            shutil.copy(
                tmp_path / "sub-03" / "ses-01" / "anat" / "sub-03_ses-01_t1.nii.gz",
                tmp_path / other / f"{other}-{name}.nii.gz",
            )
    assert _names(tmp_path / "BraTS-GLI-00005-101") == ["100", "101"]
    assert len(_names(tmp_path / "sub-03" / "ses-02" / "anat")) == 2


def test_several_visits_in_one_folder_are_told_by_their_files(tmp_path: Path) -> None:
    _case(tmp_path, "P7_2021-01-01_")
    _case(tmp_path, "P7_2021-05-01_")
    line = visits_near(find_case(tmp_path / "P7_2021-05-01_t1.nii.gz"))
    assert line is not None
    assert len(line.visits) == 2


def test_what_only_looks_like_visits_is_none(tmp_path: Path) -> None:
    for name in ("P7_1", "P7_2", "P8_1", "P8_2"):  # numbers alone
        _case(tmp_path / "numbers" / name, f"{name}_")
    assert _names(tmp_path / "numbers" / "P7_1") == []
    for time, name in (("baseline", "A"), ("baseline", "B"), ("late", "C"), ("late", "D")):  # nobody is in both
        _case(tmp_path / "study" / time, f"{name}_")
    assert visits_near(find_case(tmp_path / "study" / "late" / "C_t1.nii.gz")) is None


@pytest.mark.parametrize("own_folders", [False, True])
@pytest.mark.parametrize("times", [("baseline", "late"), ("T0", "T1"), ("2020-01-01", "2020-05-01")])
def test_visits_that_hold_several_patients(tmp_path: Path, times: tuple[str, str], own_folders: bool) -> None:
    """baseline/A beside late/A: all of them were taken for one patient, or each for a patient of its own."""
    for time in times:
        for name in ("A", "B"):
            _case(tmp_path / "study" / time / (name if own_folders else ""), f"{name}_")
    _case(tmp_path / "study" / times[0] / ("C" if own_folders else ""), "C_")
    case = tmp_path / "study" / times[1] / ("B" if own_folders else "B_t1.nii.gz")
    line = visits_near(find_case(case))
    assert line is not None
    assert (line.patient, [visit.name for visit in line.visits]) == ("B", list(times))
    assert [visit.source.case_id for visit in time_line_of(tmp_path / "study", "A").visits] == [f"{t}_A" for t in times]
    owners, _ = patients_of(find_cohort(tmp_path / "study"))
    assert sorted(owners.values()) == ["A", "A", "B", "B", "C"]


def test_what_a_volume_grew_by_in_words() -> None:
    assert change_words(8.0, 10.0) == "+2.00 (+25.0 %)"
    assert change_words(10.0, 7.5) == "-2.50 (-25.0 %)"
    assert change_words(0.0, 1.5) == "+1.50"
    assert change_words(None, 2.0) == change_words(2.0, None) == ""
