"""Every format of the table: names, recognition, and masks that are saved in it for images of any other."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.errors import CaseError, ImageError
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.formats.image_format import ImageFormat, ImageHeader
from brainseg_gui.imaging.formats.known_formats import (
    WRITTEN,
    endings,
    file_filter,
    format_at,
    format_of,
    formats_read,
    is_image,
    known_formats,
    stem,
    suffixes_read,
    titles,
)
from brainseg_gui.imaging.formats.mask_note import network_of, said_scheme
from brainseg_gui.imaging.formats.reading import read_header, read_label_map, read_volume
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap

MADE_UP = ImageFormat("Made up", (".up",))
OBLIQUE = np.array([[-0.9, 0.1, 0, 70], [0.1, 0.8, -0.4, -30], [0, 0.5, 2.5, 12], [0, 0, 0, 1]])
PLACES = {"RAS": np.diag([1.0, 2, 3, 1]), "LPS": np.diag([-1.0, -2, 3, 1]), "oblique": OBLIQUE}


def test_no_two_formats_share_an_ending() -> None:
    suffixes = [suffix for known in known_formats() for suffix in known.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert all(suffix == suffix.lower() for suffix in suffixes)


@pytest.mark.parametrize("known", known_formats(), ids=lambda known: known.title)
def test_a_format_is_read_or_its_remedy_is_known(known: ImageFormat) -> None:
    assert (known.reader is None) == bool(known.remedy)
    assert known.writer is None or known.reader is not None, "a mask is read back"


@pytest.mark.parametrize("suffix", suffixes_read())
def test_names_lose_the_ending_of_their_format(suffix: str) -> None:
    for written in (suffix, suffix.upper()):
        path = Path(f"P1.2_t1{written}")
        assert is_image(path)
        assert stem(path) == "P1.2_t1"
        assert format_of(path) in formats_read()


@pytest.mark.parametrize("suffix", [suffix for known in WRITTEN for suffix in known.suffixes])
@pytest.mark.parametrize("place", PLACES)
def test_a_mask_is_saved_for_images_of_any_format(suffix: str, place: str, tmp_path: Path) -> None:
    shape = (4, 5, 6)
    header = ImageHeader(Path("image.of.another"), shape, StoredGrid(shape, PLACES[place]))
    grid = header.stored_grid.grid
    values = np.arange(grid.shape[0] * 30, dtype=np.uint8).reshape(grid.shape) % 5
    values[values == 3] = 0
    labels, path = LabelMap(values, grid, scheme_named("brats2020")), tmp_path / f"mask{suffix}"

    write_labels(path, labels, header, made_by="net 1.0")

    again = read_label_map(path, header.stored_grid, labels.scheme)
    np.testing.assert_array_equal(again.values, values)
    np.testing.assert_allclose(read_header(path).stored_grid.affine, PLACES[place], atol=1e-5)
    np.testing.assert_array_equal(read_volume(path)[0].stored, values)
    assert read_header(path).shape == shape
    assert network_of(path) == "net 1.0"
    said = said_scheme(labels, path)
    assert said is not None
    assert said[0].name == "brats2020"


def test_a_file_without_an_ending_is_known_by_its_content(write_nifti: Any, tmp_path: Path) -> None:
    content = write_nifti(np.ones((4, 5, 6), np.int16), name="whole.nii").read_bytes()
    dicom = bytes(128) + b"DICM"
    starts = {
        "image": content,
        "000012": gzip.compress(content),
        "IM1": dicom,
        "letter": b"",
        "cut": b"\x1f\x8bnothing",
    }
    for name, held in starts.items():
        (tmp_path / name).write_bytes(held)
    found = {name: format_at(tmp_path / name) for name in starts}
    told = {name: known.title for name, known in found.items() if known is not None}
    assert told == {"image": "NIfTI", "000012": "NIfTI", "IM1": "DICOM"}
    with pytest.raises(CaseError, match="it holds NIfTI, but its name does not say so") as caught:
        find_case(tmp_path / "image")
    assert caught.value.remedy == "Give it a name that ends in .nii.gz or .nii"


@pytest.mark.parametrize("name", [suffix for known in known_formats() if not known.reader for suffix in known.suffixes])
def test_an_image_of_a_format_that_is_not_read_is_refused_with_its_remedy(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"P1_t1{name}"
    path.write_bytes(b"whatever")
    known = format_of(path)
    assert known is not None
    for read in (find_case, read_header, read_volume):
        with pytest.raises((CaseError, ImageError), match=f"it is {known.title}, not {titles()}") as caught:
            read(path)
        assert caught.value.remedy == known.remedy


def test_words_and_filters_of_several_formats() -> None:
    nifti = formats_read()[0]
    assert file_filter([nifti]) == "NIfTI (*.nii.gz *.nii)"
    assert file_filter([nifti, MADE_UP]) == "Images (*.nii.gz *.nii *.up);;NIfTI (*.nii.gz *.nii);;Made up (*.up)"
    assert endings([nifti, MADE_UP]) == ".nii.gz, .nii or .up"
    assert [titles(several) for several in itertools.accumulate([[nifti], [MADE_UP]])] == ["NIfTI", "NIfTI or Made up"]
