"""Small examinations written as scanners write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

MR = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
Vector = Sequence[float]


@dataclass
class Series:
    """A series to write: what its slices share, and their pixels, (slices, rows, columns)."""

    pixels: NDArray[Any]
    orientation: Vector = AXIAL
    origin: Vector = (-10.0, 5.0, 30.0)
    step_mm: float = 5.5
    spacing: Vector = (0.9, 0.8)
    uid: str = "1.2.3.1"
    tags: dict[str, Any] = field(default_factory=dict)

    @property
    def normal(self) -> NDArray[np.float64]:
        return np.cross(self.orientation[:3], self.orientation[3:])

    def position(self, number: int) -> list[float]:
        return [float(v) for v in np.array(self.origin) + self.normal * self.step_mm * number]

    @property
    def affine(self) -> NDArray[np.float64]:
        """(columns, rows, slices) -> RAS, worked out apart from the program."""
        affine = np.eye(4)
        affine[:3, 0] = np.array(self.orientation[:3]) * self.spacing[1]
        affine[:3, 1] = np.array(self.orientation[3:]) * self.spacing[0]
        affine[:3, 2] = self.normal * self.step_mm
        affine[:3, 3] = self.origin
        return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def base(series: Series, sop_class: str, instance: str) -> Any:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    content = Dataset()
    content.file_meta = FileMetaDataset()
    content.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    content.file_meta.MediaStorageSOPClassUID, content.file_meta.MediaStorageSOPInstanceUID = sop_class, instance
    content.SOPClassUID, content.SOPInstanceUID = sop_class, instance
    content.StudyInstanceUID, content.SeriesInstanceUID = "1.2.3", series.uid
    content.PatientName, content.PatientID = "Doe^Jane", "4711"
    content.Modality = "MR"
    content.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    content.SeriesDescription = "t1_tse_tra"
    content.Rows, content.Columns = series.pixels.shape[1:]
    content.SamplesPerPixel, content.PhotometricInterpretation = 1, "MONOCHROME2"
    content.BitsAllocated, content.BitsStored, content.HighBit, content.PixelRepresentation = 16, 16, 15, 0
    for keyword, value in series.tags.items():
        setattr(content, keyword, value)
    return content


def write_classic(folder: Path, series: Series, order: Sequence[int] | None = None, **per_file: Any) -> list[Path]:
    """One file per slice, named and numbered in `order`; `per_file` holds functions of the slice's number."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    count = len(series.pixels)
    for name, number in enumerate(order or range(count)):
        content = base(series, MR, f"{series.uid}.{number + 1}")
        content.InstanceNumber = name + 1
        content.ImagePositionPatient, content.ImageOrientationPatient = series.position(number), [*series.orientation]
        content.PixelSpacing, content.SliceThickness = [*series.spacing], series.step_mm
        content.PixelData = np.ascontiguousarray(series.pixels[number], dtype="<u2").tobytes()
        for keyword, value in per_file.items():
            setattr(content, keyword, value(number))
        paths.append(folder / f"{series.uid}_{name:04d}")
        content.save_as(paths[-1], enforce_file_format=True)
    return paths


def write_enhanced(
    path: Path,
    series: Series,
    order: Sequence[int] | None = None,
    shared_groups: dict[str, dict[str, Any]] | None = None,
) -> Path:
    """All slices as frames of one file, in `order`; `shared_groups` holds tags by the sequence they stand in."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence as Items

    order = list(order or range(len(series.pixels)))
    content = base(series, ENHANCED_MR, f"{series.uid}.9")
    content.NumberOfFrames = len(order)

    def item(**tags: Any) -> Any:
        made = Dataset()
        for keyword, value in tags.items():
            setattr(made, keyword, value)
        return made

    shared = item(
        PixelMeasuresSequence=Items([item(PixelSpacing=[*series.spacing], SliceThickness=series.step_mm)]),
        PlaneOrientationSequence=Items([item(ImageOrientationPatient=[*series.orientation])]),
        PixelValueTransformationSequence=Items([item(RescaleSlope=2.0, RescaleIntercept=-3.0, RescaleType="US")]),
    )
    for sequence, tags in (shared_groups or {}).items():
        setattr(shared, sequence, Items([item(**tags)]))
    content.SharedFunctionalGroupsSequence = Items([shared])
    content.PerFrameFunctionalGroupsSequence = Items(
        [item(PlanePositionSequence=Items([item(ImagePositionPatient=series.position(number))])) for number in order]
    )
    content.PixelData = np.ascontiguousarray(series.pixels[order], dtype="<u2").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    content.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def pixels() -> NDArray[np.uint16]:
    """(slices, rows, columns), no two axes alike."""
    return np.arange(7 * 6 * 5, dtype=np.uint16).reshape(7, 6, 5) * 3
