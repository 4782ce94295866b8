"""The same two series, as Siemens, GE and Philips write them, are the same series and become the same prepared case."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.prepare_place import PreparationRequest, prepare_place
from brainseg_gui.preparation.prepared_case import NATIVE, native_paths, write_native_masks
from brainseg_gui.preparation.raw_examination import choose_series, examine
from brainseg_gui.preparation.record_reading import read_preparation
from brainseg_gui.preparation.steps.work import Space, Wishes
from brainseg_gui.progress import run_to_end
from tests.preparation import vendors
from tests.preparation.conftest import AXIAL, Series
from tests.preparation.heads import T1CE, T2, few_samples, grid_of, head
from tests.preparation.test_registration import motion
from tests.preparation.test_steps import seeing
from tests.preparation.vendors import INTERCEPT, SLOPE, Examination, Writer

MAKERS = (vendors.siemens, vendors.ge, vendors.philips)
ENHANCED = (vendors.siemens_enhanced, vendors.ge_enhanced, vendors.philips_enhanced)
LATER = [pytest.param(one, marks=pytest.mark.slow) for one in (vendors.philips, *ENHANCED[1:])]
MOVED = motion((4, -3, 5), (5, -4, 6))
ImageBytes = tuple[bytes, bytes, str]
"""Voxels, affine, and type."""


def read(place: Path) -> dict[Modality, Volume]:
    examination = run_to_end(examine(place))
    chosen = choose_series(examination).chosen
    return {modality: run_to_end(examination.series[one.number].read()) for modality, one in chosen.items()}


@pytest.mark.parametrize("write", [*MAKERS, *ENHANCED, vendors.ge_rounded])
def test_what_each_maker_writes_is_the_same_examination(
    tmp_path: Path, pixels: NDArray[np.uint16], write: Writer
) -> None:
    images = {Modality.FLAIR: pixels, Modality.T1CE: pixels[:, ::-1]}
    write(tmp_path / "DICOM", {modality: Series(image) for modality, image in images.items()})
    found = read(tmp_path / "DICOM")
    assert set(found) == set(images)
    for modality, image in images.items():
        volume, series = found[modality], Series(image)
        inverse = np.linalg.inv(series.affine)
        places = np.moveaxis(np.indices(volume.grid.shape), 0, -1) @ volume.grid.affine[:3, :3].T
        i, j, k = np.moveaxis((places + volume.grid.affine[:3, 3]) @ inverse[:3, :3].T + inverse[:3, 3], -1, 0)
        assert max(np.abs(one - np.rint(one)).max() for one in (i, j, k)) < 0.02
        i, j, k = (np.rint(one).astype(int) for one in (i, j, k))
        assert np.array_equal(volume.intensities(), image[k, j, i] * SLOPE + INTERCEPT)


def scanned(volume: Volume) -> Series:
    """An image as axial slices of DICOM: columns run left and rows to the back, in LPS."""
    assert (volume.grid.affine[:3, :3] == np.diag(volume.grid.spacing_mm)).all()
    x, y, z = volume.grid.spacing_mm
    i, j, _ = volume.grid.shape
    origin = np.diag([-1.0, -1.0, 1.0]) @ (volume.grid.affine @ (i - 1, j - 1, 0, 1))[:3]
    pixels = np.ascontiguousarray(volume.stored[::-1, ::-1].transpose(2, 1, 0), np.uint16)
    return Series(pixels, AXIAL, [float(value) for value in origin], z, (y, x))


def head_as_scanned(fine_mm: float, thick_mm: float) -> Examination:
    """A T1ce, and a FLAIR of thicker slices of which the head moved."""
    seen = {Modality.T1CE: (fine_mm, T1CE, np.eye(4)), Modality.FLAIR: (thick_mm, T2, MOVED)}
    found = {}
    for modality, (slice_mm, contrast, moved) in seen.items():
        i, j, k = (round(176 / fine_mm), round(216 / fine_mm), round(200 / slice_mm))
        found[modality] = scanned(head(grid_of((i, j, k), (fine_mm, fine_mm, slice_mm)), contrast, moved, seed=i + k))
    return found


def content(folder: Path) -> dict[str, ImageBytes]:
    """The images of a prepared case by name; the masks on its series by modality, for their names differ."""
    preparation = read_preparation(folder)
    names = [f"mask on {one.modality.value}" for one in preparation.series]
    native = dict(zip(names, native_paths(preparation, folder / NATIVE), strict=True))
    images = {n: nib.load(p) for n, p in {**{p.name: p for p in folder.glob("*.nii.gz")}, **native}.items()}
    return {
        n: (np.asarray(i.dataobj).tobytes(), i.affine.tobytes(), str(i.get_data_dtype())) for n, i in images.items()
    }


def send_back_a_mask(folder: Path) -> None:
    """A mask as a network would draw it: what is brightest on T1ce is an enhancing tumour."""
    case = run_to_end(read_case(find_case(folder)))
    bright = case.volumes[Modality.T1CE].intensities()
    labels = LabelMap(np.where(bright > 195, 4, 0).astype(np.uint8), case.grid, scheme_named("brats2020"))
    assert labels.values.any()
    run_to_end(write_native_masks(labels, read_preparation(folder), folder / NATIVE))


NAMES = {"Jane_t1ce.nii.gz", "Jane_flair.nii.gz", "Jane_brain_mask.nii.gz", "mask on t1ce", "mask on flair"}


def prepared(write: Writer, folder: Path) -> dict[str, ImageBytes]:
    """Small: coarse voxels, and a brain that is where the head is, without a network."""
    write(folder / "DICOM", head_as_scanned(5.0, 7.0))
    request = PreparationRequest(folder / "out", Wishes(Space.REFERENCE), name="Jane")
    with few_samples():
        made = run_to_end(prepare_place(folder / "DICOM", request, seeing("brain")))
    assert not made.preparation.series[1].alignment.is_still
    send_back_a_mask(made.folder)
    return content(made.folder)


@pytest.fixture(scope="module")
def from_siemens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ImageBytes]:
    return prepared(vendors.siemens, tmp_path_factory.mktemp("siemens"))


@pytest.mark.parametrize("write", [vendors.ge, vendors.siemens_enhanced, *LATER])
def test_whoever_made_the_scanner_the_prepared_case_is_the_same_bit_for_bit(
    tmp_path: Path, from_siemens: dict[str, ImageBytes], write: Writer
) -> None:
    found = prepared(write, tmp_path)
    assert set(found) == NAMES
    assert {name for name in NAMES if found[name] != from_siemens[name]} == set()
