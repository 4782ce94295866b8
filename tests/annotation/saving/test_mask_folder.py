"""A folder for masks that others write into, too: no link in it leads a mask, or a folder, out of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from brainseg_gui.annotation.saving.mask_paths import OutputTree
from brainseg_gui.annotation.saving.save_mask import ReadOnlyHomeError, SaveRequest, save_mask
from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.progress import run_to_end

ToyCase = Callable[..., Path]


@pytest.fixture
def case(toy_case: ToyCase, tmp_path: Path) -> Case:
    return run_to_end(read_case(find_case(toy_case(tmp_path / "cohort" / "site", case_id="P1"))))


def save(case: Case, folder: Path, tmp_path: Path, chosen: Path | None = None) -> Path:
    assert case.reference is not None
    request = SaveRequest(
        case, case.reference, "annotation", chosen=chosen, tree=OutputTree(folder, tmp_path / "cohort")
    )
    return run_to_end(save_mask(request)).file.path


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_it_mirrors_the_cases(case: Case, tmp_path: Path) -> None:
    path = save(case, tmp_path / "masks", tmp_path)
    assert path == tmp_path / "masks" / "site" / "P1" / "P1_annotation.nii.gz"


@pytest.mark.parametrize("link", ["site", "site/P1"])
@pytest.mark.parametrize("target", ["private", "private/deeper", "nothing"])
def test_no_link_in_it_is_followed(case: Case, tmp_path: Path, link: str, target: str) -> None:
    (tmp_path / "private" / "deeper").mkdir(parents=True)
    before = everything_in(tmp_path / "private")
    place = tmp_path / "masks" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / target)
    with pytest.raises((SaveError, ReadOnlyHomeError), match="no link is followed here"):
        save(case, tmp_path / "masks", tmp_path)
    assert everything_in(tmp_path / "private") == before
    assert not (tmp_path / "nothing").exists()


def test_a_mask_of_it_that_has_become_a_link_is_not_written_through(case: Case, tmp_path: Path) -> None:
    (tmp_path / "thesis.nii.gz").write_bytes(b"precious")
    folder = tmp_path / "masks" / "site" / "P1"
    folder.mkdir(parents=True)
    (folder / "P1_annotation.nii.gz").symlink_to(tmp_path / "thesis.nii.gz")
    path = save(case, tmp_path / "masks", tmp_path)
    assert path.name == "P1_annotation_2.nii.gz"
    assert (tmp_path / "thesis.nii.gz").read_bytes() == b"precious"


def test_the_folder_itself_may_be_a_link_for_it_was_chosen(case: Case, tmp_path: Path) -> None:
    (tmp_path / "drive").mkdir()
    (tmp_path / "masks").symlink_to(tmp_path / "drive")
    save(case, tmp_path / "masks", tmp_path)
    assert everything_in(tmp_path / "drive") == [
        "site",
        "site/P1",
        *(f"site/P1/{n}" for n in os.listdir(tmp_path / "drive/site/P1")),
    ]


def test_a_name_that_was_chosen_is_followed(case: Case, tmp_path: Path) -> None:
    (tmp_path / "drive").mkdir()
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "mine").symlink_to(tmp_path / "drive")
    save(case, tmp_path / "masks", tmp_path, chosen=tmp_path / "masks" / "mine" / "a.nii.gz")
    assert (tmp_path / "drive" / "a.nii.gz").exists()
