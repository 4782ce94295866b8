"""`brainseg report`: the page and the PDF of one case."""

from __future__ import annotations

import argparse
import re
import shutil
import zlib
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.commands import report
from brainseg_gui.errors import CaseError, SaveError


def _run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    report.add_parser(parser.add_subparsers())
    return report.run(parser.parse_args(["report", *map(str, words)]))


@pytest.fixture
def case(toy_case: Any, tmp_path: Path) -> Path:
    folder: Path = toy_case(tmp_path)
    return folder


@pytest.fixture
def prediction(case: Path, tmp_path: Path) -> Path:
    image = nib.load(case / "Toy_001_seg.nii.gz")
    moved = np.roll(np.asarray(image.dataobj), 2, axis=0)
    nib.save(nib.Nifti1Image(moved, image.affine), tmp_path / "p.nii.gz")
    return tmp_path / "p.nii.gz"


def test_the_page_tells_scores_volumes_lesions_and_definitions(
    case: Path, prediction: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(case, "--prediction", prediction, "-o", tmp_path / "r.html", "-o", tmp_path / "r.pdf") == 0
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "r.html"), str(tmp_path / "r.pdf")]
    page = (tmp_path / "r.html").read_text("utf-8")
    for words in ("Toy_001", "Scores", "Volumes", "Lesions", "The worst place", "HD95", "Nikolov", "lesion-wise Dice"):
        assert words in page
    assert page.count("data:image/png;base64,") == 3
    assert str(tmp_path) not in page
    pdf = (tmp_path / "r.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page ") + pdf.count(b"/Type /Page\n") >= 2


def test_without_a_prediction_volumes_are_given_and_nothing_is_compared(case: Path, tmp_path: Path) -> None:
    assert _run(case, "-o", tmp_path / "r.html") == 0
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "There is one mask only" in page
    assert 'id="table0"><h2>Volumes' in page
    assert "Lesions</h2>" not in page


def test_without_any_mask_the_images_are_shown(case: Path, tmp_path: Path) -> None:
    (case / "Toy_001_seg.nii.gz").unlink()
    assert _run(case, "-o", tmp_path / "r.html", "-o", tmp_path / "r.pdf") == 0
    assert "There is no mask" in (tmp_path / "r.html").read_text("utf-8")


def test_a_perfect_prediction_has_no_worst_place(case: Path, tmp_path: Path) -> None:
    shutil.copy(case / "Toy_001_seg.nii.gz", tmp_path / "same.nii.gz")
    assert _run(case, "--prediction", tmp_path / "same.nii.gz", "-o", tmp_path / "r.html") == 0
    page = (tmp_path / "r.html").read_text("utf-8")
    assert page.count("data:image/png;base64,") == 2


def _texts_of(path: Path) -> str:
    """All strings of a PDF, those in its compressed parts too, without the spaces between."""
    raw = path.read_bytes()
    packed = re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", raw, re.DOTALL)
    parts = [raw, *(zlib.decompress(part) for part in packed)]
    strings = re.findall(rb"\(((?:[^()\\]|\\.)*)\)", b"\n".join(parts), re.DOTALL)
    return b"".join(strings).decode("latin-1")


def test_what_a_header_says_of_a_patient_is_not_told(case: Path, tmp_path: Path) -> None:
    for path in case.iterdir():
        image = nib.load(path)
        image.header["descrip"] = b"Jane Doe 1960"
        image.header["db_name"] = b"Jane Doe"
        image.header["aux_file"] = b"Jane Doe"
        nib.save(image, path)
    assert _run(case, "-o", tmp_path / "r.html", "-o", tmp_path / "r.pdf") == 0
    assert "Jane" not in (tmp_path / "r.html").read_text("utf-8")
    said = _texts_of(tmp_path / "r.pdf")
    assert "Toy_001" in said
    assert "Jane" not in said


def test_wrong_names_and_cases_are_sentences(case: Path, tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="HTML or PDF"):
        _run(case, "-o", tmp_path / "r.docx")
    with pytest.raises(CaseError):
        _run(tmp_path / "nowhere", "-o", tmp_path / "r.html")
    assert not list(tmp_path.glob("r.*"))
