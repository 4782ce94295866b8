from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from brainseg_gui.errors import SaveError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import run_to_end
from training.compare.contact_sheet import main as draw_contact_sheet
from training.compare.contact_sheet import refuse_within_project
from training.pictures import HALF_MM, AxialSection, largest_section

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def case(tmp_path: Path, toy_case: Callable[..., Path]) -> Case:
    return run_to_end(read_case(find_case(toy_case(tmp_path, spacing=(2.0, 2.0, 2.0)))))


def test_the_largest_section_is_shown(case: Case) -> None:
    mask = np.zeros(case.grid.shape, bool)
    mask[3:6, 3:6, 7] = True
    mask[3:9, 3, 11] = True
    assert largest_section(case, mask).k == 7
    assert largest_section(case, np.zeros_like(mask)).k == pytest.approx(10, abs=2)


def test_a_slice_shows_the_right_side_on_the_left_and_the_front_above(case: Case) -> None:
    values = np.zeros(case.grid.shape, np.uint8)
    i, j = (side.start + side.stop for side in case.volumes[Modality.FLAIR].content[:2])
    values[i // 2 + 4, j // 2 + 3, 9] = 4  # to the patient's right, to the front
    masks = AxialSection(case, 9).masks(LabelMap(values, case.grid, scheme_named("brats2020")))
    side = 2 * int(HALF_MM / 2)
    (row,), (column,) = np.nonzero(masks["ET"])
    assert masks["ET"].shape == (side, side)
    assert row == side // 2 - 1 - 3
    assert column == side // 2 - 1 - 4
    assert masks["WT"].sum() == masks["TC"].sum() == 1


def test_a_block_shows_what_a_coarser_grid_does(case: Case) -> None:
    values = np.zeros(case.grid.shape, np.uint8)
    values[8:10, 12:14, 8:10] = 4
    values[12, 12, 8] = 4  # an eighth of its block
    section = AxialSection(case, 9, block=2)
    assert section.masks(LabelMap(values, case.grid, scheme_named("brats2020")))["ET"].sum() == 1
    fine, coarse = AxialSection(case, 9).picture(Modality.FLAIR), section.picture(Modality.FLAIR)
    assert coarse.shape == tuple(n // 2 for n in fine.shape)
    assert 0 < coarse.max() <= 1
    assert coarse.sum() * 4 == pytest.approx(fine.sum(), rel=0.1)


def test_a_missing_modality_is_black(tmp_path: Path, toy_case: Callable[..., Path]) -> None:
    case = run_to_end(read_case(find_case(toy_case(tmp_path, modalities=("t1", "t1ce")))))
    assert not AxialSection(case, 9).picture(Modality.FLAIR).any()
    assert AxialSection(case, 9).picture(Modality.T1CE).any()


def test_real_cases_are_drawn_below_and_never_into_the_project(tmp_path: Path, toy_case: Callable[..., Path]) -> None:
    for number in range(3):
        toy_case(tmp_path / "made", case_id=f"Made_{number}", seed=number)
    real = toy_case(tmp_path / "real", case_id="Real", mask=False)
    mask = tmp_path / "made" / "Made_0" / "Made_0_seg.nii.gz"
    sheet = tmp_path / "sheet.png"
    arguments = [str(tmp_path / "made"), "--most", "2", "--columns", "1", "--beside", str(real), "--reference"]
    assert draw_contact_sheet([*arguments, f"Real={mask}", "-o", str(sheet)]) == 0
    picture = imread(sheet)[..., :3]
    orange = (picture[..., 0] > 0.7) & (picture[..., 2] < 0.4) & (np.abs(picture[..., 1] - 0.7) < 0.12)
    thirds = np.array_split(np.arange(picture.shape[0]), 3)
    titles = [orange[rows[:18], :40].sum() for rows in thirds]  # two of --most, then the real one
    assert titles[0] == titles[1] == 0
    assert titles[2] > 5
    with pytest.raises(SaveError, match="do not belong"):
        refuse_within_project(ROOT / "resources" / "pictures" / "sheet.png")
    assert draw_contact_sheet([*arguments, f"Real={mask}", "-o", str(ROOT / "sheet.png")]) == 2
    assert not (ROOT / "sheet.png").exists()
