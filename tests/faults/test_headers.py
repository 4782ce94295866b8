"""What lies beside or inside a saved mask names nobody, however the study's files are made."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.nifti1 import Nifti1Extension

from brainseg_gui.annotation.history import History
from brainseg_gui.annotation.provenance import Origin, provenance, write_provenance
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.progress import run_to_end
from tests.annotation.test_records import _edited

NAME = b"DOE^JANE 1951"
FIELDS = ("descrip", "intent_name", "db_name", "aux_file", "data_type")


@pytest.fixture
def named(toy_case: Callable[..., Path], tmp_path: Path) -> Path:
    """A case whose every file holds a name in each field that a converter may have put it into."""
    folder = Path(toy_case(tmp_path))
    for path in folder.glob("*.nii.gz"):
        image = nib.load(path)
        for field in FIELDS:
            width = image.header[field].dtype.itemsize
            image.header[field] = NAME[:width]
        image.header.extensions.append(Nifti1Extension("comment", NAME))
        image.header.extensions.append(Nifti1Extension("dicom", b"\x10\x00\x10\x00PN\x08\x00DOE^JANE"))
        nib.save(image, path)
        assert NAME[:8] in np.asarray(nib.load(path).header.binaryblock).tobytes()
    return folder


def test_a_saved_mask_carries_no_name_over(named: Path, tmp_path: Path) -> None:
    case = run_to_end(read_case(find_case(named)))
    assert case.reference is not None
    path = tmp_path / "mask.nii"
    write_labels(path, case.reference, case.header)
    raw = path.read_bytes()
    for part in (b"DOE", b"JANE", b"1951"):
        assert part not in raw
    assert bytes(nib.load(path).header["descrip"]).rstrip(b"\0") == b"brainseg mask, brats2020"


def test_the_note_beside_a_mask_names_no_file_of_the_patient(tmp_path: Path) -> None:
    annotation, _ = _edited()
    start = Origin("Doe_Jane_seg", "reference", "Doe_Jane_seg.nii.gz", "ab")
    layers = [
        Origin("prediction 2", "prediction", "a model 1.0", "cd", "ef"),
        Origin("majority of 2", "prediction", "majority of 2: Doe_Jane_a, Doe_Jane_b", "gh"),
    ]
    found = provenance(annotation.snapshot(), annotation.history, start, layers=layers, annotator="anna")
    text = write_provenance(tmp_path / "Doe_Jane.nii.gz", found).read_text("utf-8")
    assert "Doe" not in text
    note = json.loads(text)
    assert note["started_from"] == {"layer": "mask 1", "kind": "reference", "voxels_digest": "ab"}
    assert note["copied_from"][0] == {
        "layer": "prediction 2",
        "kind": "prediction",
        "author": "a model 1.0",
        "voxels_digest": "cd",
        "model_sha256": "ef",
    }
    removed = provenance(annotation.snapshot(), History(annotation.history.edits, 2), Origin("Doe_Jane", "reference"))
    assert "Doe" not in json.dumps(removed)


def test_the_report_of_a_case_holds_nothing_of_its_headers(named: Path) -> None:
    from brainseg_gui.cli import main

    reference = next(named.glob("*_seg.nii.gz"))
    out = named / "out"
    assert main(["evaluate", "--reference", str(reference), "--prediction", str(reference), "-o", str(out)]) == 0
    for path in out.iterdir():
        assert b"DOE" not in path.read_bytes()
        assert b"1951" not in path.read_bytes()
    assert str(named) not in (out / "report.html").read_text("utf-8")
