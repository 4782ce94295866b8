"""Writing sets of cases from the command line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.errors import BrainsegError
from brainseg_gui.execution.clusters import local_workers
from brainseg_gui.imaging.formats.mask_note import said_scheme, wrote_mask
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from training.compare.contact_sheet import main as draw_contact_sheet
from training.synthesis import batch as batch_module
from training.synthesis.__main__ import main
from training.synthesis.anatomy import Anatomy
from training.synthesis.batch import Batch, write_batch, write_case, write_task
from training.synthesis.case import SyntheticCase, brats_affine


def _blank(anatomy: Anatomy, seed: tuple[int, int], *_: object, spacing_mm: float = 1.0) -> SyntheticCase:
    image = np.full((4, 4, 4), seed[1], np.int16)
    images = dict.fromkeys(("t1", "t1ce", "t2", "flair"), image)
    return SyntheticCase(images, np.zeros((4, 4, 4), np.uint8), brats_affine((4, 4, 4)), anatomy.name, seed)


def _digests(folder: Path) -> dict[str, str]:
    """What each image holds; the packed file names its time."""
    return {
        path.name: hashlib.sha256(np.asanyarray(nib.load(path).dataobj).tobytes()).hexdigest()
        for path in sorted(folder.glob("*/*.nii.gz"))
    }


def test_files_are_stored_as_brats_stores_them(
    tmp_path: Path, case: SyntheticCase, grid_shape: tuple[int, int, int], assert_brats_grid: Callable[..., None]
) -> None:
    write_case(case, tmp_path / "new" / "id", "id")
    names = sorted(path.name for path in (tmp_path / "new" / "id").iterdir())
    assert names == [f"id_{part}.nii.gz" for part in ("flair", "seg", "t1", "t1ce", "t2")]
    for name in names:
        image = nib.load(tmp_path / "new" / "id" / name)
        assert_brats_grid(image, grid_shape)
        part = name.removeprefix("id_").removesuffix(".nii.gz")
        expected = case.mask if part == "seg" else case.images[part]
        assert image.get_data_dtype() == expected.dtype
        np.testing.assert_array_equal(np.asanyarray(image.dataobj), expected)


def test_the_command_writes_as_many_cases_as_asked(
    tmp_path: Path, toy_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(batch_module, "synthesise", _blank)
    out = tmp_path / "out"
    arguments = ["--anatomy", str(toy_file.parent), "--out", str(out), "--cases", "2", "--seed", "7"]
    assert main(arguments) == 0
    assert sorted(path.name for path in out.glob("*/")) == ["SYN-7-00000", "SYN-7-00001"]
    assert (out / "SYN-7-00001" / "SYN-7-00001_seg.nii.gz").is_file()
    assert "SYN-7-00001: anatomy toy" in capsys.readouterr().out


def test_a_mask_names_its_scheme_and_stays_a_reference(tmp_path: Path, case: SyntheticCase) -> None:
    write_case(case, tmp_path, "id")
    mask = tmp_path / "id_seg.nii.gz"
    grid = Grid((4, 4, 4), brats_affine((4, 4, 4)))
    necrotic_core_alone = LabelMap(np.ones((4, 4, 4), np.uint8), grid, scheme_named("whole-tumour"))
    scheme, place = said_scheme(necrotic_core_alone, mask)
    assert (scheme.name, place) == ("brats2020", "its header")
    assert not wrote_mask(mask)


def test_one_named_case_gets_the_name_and_nothing_else_is_written(
    tmp_path: Path, toy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_module, "synthesise", _blank)
    assert main(["--anatomy", str(toy_file), "--out", str(tmp_path / "out"), "--name", "demo"]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["demo"]
    assert main(["--anatomy", str(toy_file), "--out", str(tmp_path), "--name", "../demo"]) == 2


def test_a_set_goes_on_with_the_cases_that_are_missing(
    tmp_path: Path, toy_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[tuple[int, int]] = []

    def noted(anatomy: Anatomy, seed: tuple[int, int], *rest: object, spacing_mm: float) -> SyntheticCase:
        drawn.append(seed)
        return _blank(anatomy, seed)

    monkeypatch.setattr(batch_module, "synthesise", noted)
    arguments = ["--anatomy", str(toy_file), "--out", str(tmp_path), "--seed", "3", "--cases"]
    assert main([*arguments, "3"]) == 0
    (tmp_path / "SYN-3-00001" / "SYN-3-00001_seg.nii.gz").unlink()
    drawn.clear()
    assert main([*arguments, "4"]) == 0
    assert drawn == [(3, 1), (3, 3)]
    assert "2 of 4 cases were there already" in capsys.readouterr().out
    assert (tmp_path / "SYN-3-00001" / "SYN-3-00001_seg.nii.gz").is_file()


def test_a_set_of_other_settings_is_refused(
    tmp_path: Path, toy_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(batch_module, "synthesise", _blank)
    arguments = ["--anatomy", str(toy_file), "--out", str(tmp_path), "--cases", "2"]
    assert main(arguments) == 0
    assert main([*arguments, "--priors", "training"]) == 2
    message = capsys.readouterr().err
    assert "other settings (priors" in message
    assert str(tmp_path) in message


def test_where_cases_are_written_does_not_matter(tmp_path: Path, toy_file: Path) -> None:
    written = []
    for processes, where in ((1, nullcontext()), (2, local_workers(2))):
        out = tmp_path / str(processes)
        batch = Batch((toy_file,), out, 2, 5, "demonstration", 4.0)
        with where as workers:
            written.append({case.case_id: case.summary for case in write_batch(batch, workers)})
    assert sorted(written[0]) == ["SYN-5-00000", "SYN-5-00001"]
    assert written[0] == written[1]
    first, second = (_digests(tmp_path / str(processes)) for processes in (1, 2))
    assert len(first) == 10
    assert first == second
    assert len(set(first.values())) >= 9


def test_a_case_that_no_worker_can_write_is_told(tmp_path: Path, toy_file: Path) -> None:
    batch = Batch((toy_file,), tmp_path / "out", 1, 5, "demonstration", 4.0)
    (tmp_path / "out").write_text("a file where the folder should be")
    with local_workers(1) as workers, pytest.raises(BrainsegError, match="the case could not be written"):
        list(write_batch(batch, workers))


def test_a_worker_with_another_version_writes_nothing(tmp_path: Path, toy_file: Path) -> None:
    batch = Batch((toy_file,), tmp_path / "out", 1, 5)
    assert "0.0.9 is asked for" in write_task({**batch_module._record(batch, 0), "program": "0.0.9"})["unfit"]
    assert not (tmp_path / "out").exists()


def test_a_contact_sheet_shows_every_case(tmp_path: Path, toy_case: Callable[..., Path]) -> None:
    from matplotlib.image import imread

    for number in range(3):
        toy_case(tmp_path / "cases", case_id=f"Toy_{number}", seed=number)
    sheet = tmp_path / "sheet.png"
    assert draw_contact_sheet([str(tmp_path / "cases"), "-o", str(sheet), "--columns", "2"]) == 0
    picture = imread(sheet)[..., :3]
    rows, columns = (picture.max(axis=(1 - axis, 2)) > 0.5 for axis in range(2))
    half = rows.size // 2
    assert rows[:half].any()
    assert rows[half:].any()
    quarters = np.array_split(columns, 4)  # two cases of two modalities
    assert all(part.any() for part in quarters)
    assert not (picture[half + 20 :, picture.shape[1] // 2 :] > 0.5).any()  # no fourth case


@pytest.mark.parametrize("words", [["--columns", "0"], ["--most", "-1"], ["--most", "some"]])
def test_a_sheet_takes_sensible_numbers_only(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        draw_contact_sheet(["cases", "-o", "sheet.png", *words])
    assert f"{words[1]} is not a whole number from" in capsys.readouterr().err


def test_a_contact_sheet_of_nothing_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert draw_contact_sheet([str(tmp_path), "-o", str(tmp_path / "sheet.png")]) == 2
    assert str(tmp_path) in capsys.readouterr().err
