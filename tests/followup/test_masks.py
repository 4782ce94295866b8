"""What the masks of visits mean: a cavity after surgery is never measured as tumour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.followup.masks import VisitMask, read_masks
from brainseg_gui.followup.visits import Visit, time_line_of
from brainseg_gui.progress import run_to_end

_SHAPE = (40, 40, 24)
_BRIGHTNESS = {  # of brain, necrosis, oedema, rim and cavity (fluid: dark on T1, T1ce and FLAIR, bright on T2)
    "t1": (100, 70, 80, 90, 30),
    "t1ce": (100, 60, 80, 220, 30),
    "t2": (100, 150, 170, 150, 300),
    "flair": (100, 120, 220, 150, 30),
}


_SINCE_2023 = (0, 1, 2, 3, 4)  # numbers of brain, necrosis, oedema, rim and cavity


def _write(
    folder: Path, *, cavity: bool = False, numbers: Sequence[int] = _SINCE_2023, rim: bool = True, bright: bool = True
) -> None:
    """A visit with a tumour, with or without a rim, which enhances or does not."""
    folder.mkdir(parents=True)
    distance = np.sqrt(((np.indices(_SHAPE) - np.reshape((20, 20, 12), (3, 1, 1, 1))) ** 2).sum(axis=0))
    seg = np.select([distance < 3, distance < 5, distance < 8], [1, 3, 2], 0).astype(np.uint8)
    if not rim:
        seg[seg == 3] = 1
    if cavity:
        seg[12:18, 15:25, 8:16] = 4
    noise = np.random.default_rng(4)
    head = np.ones(_SHAPE, bool)
    head[[0, 1, 2, -3, -2, -1]] = False
    for name, levels in _BRIGHTNESS.items():
        levels = levels if bright or name != "t1ce" else _BRIGHTNESS["t1"]
        image = np.where(head, np.take(levels, seg) + noise.normal(0, 4, _SHAPE), 0).astype(np.int16)
        nib.save(nib.Nifti1Image(image, np.eye(4)), folder / f"{name}.nii.gz")
    nib.save(nib.Nifti1Image(np.take(np.array(numbers, np.uint8), seg), np.eye(4)), folder / "seg.nii.gz")


@pytest.fixture
def operated(tmp_path: Path) -> Sequence[Visit]:
    """One visit before surgery and two after it."""
    for day, cavity in (("2023-03-01", False), ("2023-05-18", True), ("2023-07-17", True)):
        _write(tmp_path / "P" / day, cavity=cavity)
    return time_line_of(tmp_path / "P").visits


def _read(visits: Sequence[Visit]) -> dict[int, VisitMask]:
    paths = {index: visit.source.folder / "seg.nii.gz" for index, visit in enumerate(visits)}
    return run_to_end(read_masks(visits, paths, None))


def test_images_tell_a_cavity_from_tumour_that_has_its_number(operated: Sequence[Visit]) -> None:
    schemes = [mask.labels.scheme for mask in _read(operated).values()]
    assert [scheme.meaning_of(4) for scheme in schemes] == ["RC"] * 3
    assert [scheme.meaning_of(3) for scheme in schemes] == ["ET"] * 3


@pytest.mark.parametrize(
    ("numbers", "rim", "bright", "meanings"),
    [
        ((0, 1, 2, 3), True, True, {1: "NCR", 2: "ED", 3: "ET"}),  # BraTS since 2023
        ((0, 1, 2, 4), False, True, {1: "NCR", 2: "ED"}),  # before, and nothing enhances
        ((0, 2, 1, 3), True, True, {1: "ED", 3: "ET"}),  # Decathlon
        ((0, 1, 2, 3), True, False, {2: "ED", 3: "NET"}),  # 2013, where 3 is what does not enhance, and without a 4
        ((0, 2, 4, 1), True, True, {1: "ET", 2: "NET", 4: "ED"}),  # of children
    ],
)
def test_images_tell_what_numbers_leave_open(
    tmp_path: Path, numbers: Sequence[int], rim: bool, bright: bool, meanings: dict[int, str]
) -> None:
    for day in ("2023-03-01", "2023-05-18"):
        _write(tmp_path / "P" / day, numbers=numbers, rim=rim, bright=bright)
    for mask in _read(time_line_of(tmp_path / "P").visits).values():
        scheme = mask.labels.scheme
        assert {number: scheme.meaning_of(number) for number in meanings} == meanings
        assert "without images" not in mask.notes[0]


def test_masks_are_read_where_no_image_can_be(operated: Sequence[Visit]) -> None:
    for visit in operated:
        for path in visit.source.modalities.values():
            path.write_bytes(b"no image")
    assert "guessed without images" in _read(operated)[1].notes[0]


@pytest.mark.parametrize(("rim", "title"), [(4, "BraTS 2017–2021"), (3, "BraTS since 2023")])
def test_a_number_that_the_data_set_does_not_know_is_not_left_out(tmp_path: Path, rim: int, title: str) -> None:
    """A rim of 3 in a set that states 4 for it was measured as nothing, where the window saw it as enhancing."""
    for visit in ("", "_FU064d"):
        case = f"UCSF-PDGM-0431{visit}"
        folder = tmp_path / f"{case}_nifti"
        _write(folder, numbers=(0, 1, 2, rim))
        for name, known in (
            ("t1", "T1"),
            ("t1ce", "T1c"),
            ("t2", "T2"),
            ("flair", "FLAIR"),
            ("seg", "tumor_segmentation"),
        ):
            (folder / f"{name}.nii.gz").rename(folder / f"{case}_{known}.nii.gz")
    visits = time_line_of(tmp_path).visits
    paths = {index: visit.source.reference for index, visit in enumerate(visits) if visit.source.reference is not None}
    masks = run_to_end(read_masks(visits, paths, None))
    assert [mask.labels.scheme.meaning_of(rim) for mask in masks.values()] == ["ET", "ET"]
    assert all(title in mask.notes[0] for mask in masks.values())
