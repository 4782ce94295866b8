"""Label statistics on numbers that are worked out by hand."""

from __future__ import annotations

import csv
import io
import os
import shutil
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui import cli
from brainseg_gui.evaluation.metrics.label_statistics import PERCENTILES, label_statistics
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume


@pytest.fixture
def volume() -> Volume:
    """2×3×4 voxels of 1×2×3 mm; intensities are 2 × stored + 10, stored 0 to 23."""
    grid = Grid((2, 3, 4), np.diag([1.0, 2.0, 3.0, 1.0]))
    return Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4), grid, 2.0, 10.0, Path("t1.nii.gz"))


def test_every_label_and_region(volume: Volume) -> None:
    values = np.zeros((2, 3, 4), np.uint8)
    values[0, 0, :] = (2, 2, 4, 4)  # stored 0, 1 | 2, 3
    values[1, 2, 3] = 1  # stored 23
    values[1, 0, 0] = 9  # stored 12: no label of the scheme
    labels = LabelMap(values, volume.grid, scheme_named("brats2020"))
    found = label_statistics(labels, {Modality.T1: volume})
    assert [row.key for row in found] == ["NCR", "ED", "ET", "?", "WT", "TC", "ET"]  # labels, then regions
    rows = {row.key: row for row in found}
    assert {key: row.voxels for key, row in rows.items()} == {"NCR": 1, "ED": 2, "ET": 2, "?": 1, "WT": 5, "TC": 3}
    assert rows["WT"].ml == pytest.approx(5 * 0.006)
    oedema = rows["ED"].brightness[Modality.T1]  # 10 and 12
    assert (oedema.mean, oedema.sd) == (11.0, 1.0)
    assert oedema.percentiles == pytest.approx((10.1, 10.5, 11.0, 11.5, 11.9))
    core = rows["TC"].brightness[Modality.T1]  # 14, 16, 56
    assert core.mean == pytest.approx(86 / 3)
    assert core.sd == pytest.approx(np.sqrt((14**2 + 16**2 + 56**2) / 3 - (86 / 3) ** 2))
    assert core.percentiles[PERCENTILES.index(50)] == 16.0
    assert rows["?"].numbers == (9,)
    assert rows["?"].brightness[Modality.T1].mean == 34.0


def test_a_mask_of_one_meaning_has_a_row_for_each_lesion_and_no_core(volume: Volume) -> None:
    values = np.zeros((2, 3, 4), np.uint8)
    values[0, 0, :] = (1, 1, 2, 3)
    labels = LabelMap(values, volume.grid, scheme_named("whole-tumour"))
    found = label_statistics(labels, {Modality.T1: volume})
    assert [(row.key, row.numbers, row.voxels) for row in found] == [
        *(("WT", (1,), 2), ("WT", (2,), 1), ("WT", (3,), 1)),
        ("WT", (1, 2, 3), 4),
    ]


def test_an_empty_mask_has_no_brightness(volume: Volume) -> None:
    labels = LabelMap(np.zeros((2, 3, 4), np.uint8), volume.grid, scheme_named("brats2020"))
    for row in label_statistics(labels, {Modality.T1: volume}):
        assert (row.voxels, row.ml, dict(row.brightness)) == (0, 0.0, {})


def test_the_command_writes_what_the_files_hold(
    toy_case: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = toy_case(tmp_path, spacing=(1.0, 1.5, 2.0), case_id="=Toy")
    assert cli.main(["statistics", str(folder)]) == 0
    printed = capsys.readouterr()
    assert "=Toy_seg.nii.gz: " in printed.err
    table = list(csv.DictReader(io.StringIO(printed.out)))
    mask = np.asarray(nib.load(folder / "=Toy_seg.nii.gz").dataobj)
    image = np.asarray(nib.load(folder / "=Toy_t1ce.nii.gz").dataobj).astype(float)
    assert [row["label"] for row in table] == ["NCR", "ED", "ET", "WT", "TC", "ET"]
    assert [row["kind"] for row in table] == ["label"] * 3 + ["region"] * 3  # the two rows of ET are told apart
    assert sum(int(row["voxels"]) for row in table if row["kind"] == "label") == np.count_nonzero(mask)
    for row, numbers in zip(table, ([1], [2], [4], [1, 2, 4], [1, 4], [4]), strict=True):
        own = image[np.isin(mask, numbers)]
        assert row["case_id"] == "'=Toy"  # no formula
        assert int(row["voxels"]) == own.size
        assert float(row["volume_ml"]) == pytest.approx(own.size * 0.003, rel=1e-5)
        assert float(row["t1ce_mean"]) == pytest.approx(own.mean(), rel=1e-5)
        assert float(row["t1ce_sd"]) == pytest.approx(own.std(), rel=1e-5)
        assert float(row["t1ce_p95"]) == pytest.approx(np.percentile(own, 95), rel=1e-5)


def test_a_case_without_a_mask_is_a_sentence(toy_case: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["statistics", str(toy_case(tmp_path, mask=False))]) == 2
    assert "the case has no mask of its own" in capsys.readouterr().err


def test_without_a_mask_of_its_own_the_newest_annotation_is_measured(
    toy_case: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = toy_case(tmp_path)
    (reference,) = folder.glob("*_seg.nii.gz")
    older, newest = (reference.with_name(reference.name.replace("_seg", f"_annotation{end}")) for end in ("", "_2"))
    reference.rename(newest)
    shutil.copy(newest, older)
    os.utime(older, (1, 1))
    assert cli.main(["statistics", str(folder)]) == 0
    told = capsys.readouterr()
    assert told.err.startswith(f"{newest.name}: ")
    assert older.name not in told.out


def test_numbers_below_zero_are_numbers_in_the_table(toy_case: Any, tmp_path: Path) -> None:
    """'-0.53 with an apostrophe is text to whoever averages the column."""
    folder = toy_case(tmp_path)
    for path in folder.glob("*_t1.nii.gz"):
        image = nib.load(path)
        nib.save(nib.Nifti1Image(np.asarray(image.dataobj, np.float32) - 1000, image.affine), path)
    assert cli.main(["statistics", str(folder), "-o", str(tmp_path / "out.csv")]) == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text("utf-8"))))
    column = next(name for name in rows[0] if name.startswith("t1") and "mean" in name)
    assert all(float(row[column]) < 0 for row in rows if row[column])
    assert any(row[column] for row in rows)
