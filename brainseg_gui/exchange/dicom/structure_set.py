"""Structure sets of radiotherapy (RTSTRUCT): one region for each label, closed planar contours in each slice.

Contours run along the edges of voxels, in the plane of the slice's centre, and holes are joined to the contour around
them by a channel of no width (keyhole): see `imaging.contours`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainseg_gui import __version__
from brainseg_gui.exchange.dicom.mask_maker import MakerKind, MaskMaker
from brainseg_gui.exchange.dicom.objects import SeriesMask, on_series, write_object
from brainseg_gui.exchange.dicom.source_series import SourceSeries, instances_of, name_patient, reference_to
from brainseg_gui.imaging.colours import rgb
from brainseg_gui.imaging.contours import contours_of
from brainseg_gui.imaging.formats.dicom.geometry import lps_affine
from brainseg_gui.imaging.formats.dicom.labels import MANUFACTURER, described, written_name
from brainseg_gui.imaging.formats.dicom.masks import STRUCTURE_SET
from brainseg_gui.imaging.formats.dicom.values import tag_of
from brainseg_gui.imaging.labelling.terminology import term_of
from brainseg_gui.imaging.labels import LabelMap

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"  # of a study as a whole; retired, and asked for all the same
_SERIES_NUMBER = 9001
_LABEL = "TUMOUR"


def write_structure_set(
    path: Path, labels: LabelMap, series: SourceSeries, maker: MaskMaker | None = None, **options: bool
) -> None:
    """Write a mask as a structure set of the series whose grid it lies on, verified; as `write_segmentation`."""
    write_object(path, on_series(labels, series, maker or MaskMaker()), composed, **options)


def composed(mask: SeriesMask) -> Dataset:
    """The object."""
    from pydicom.dataset import Dataset

    content, now = Dataset(), datetime.now()
    _name(content, mask.series)
    content.Manufacturer = content.ManufacturerModelName = MANUFACTURER
    content.SoftwareVersions = __version__
    content.SeriesNumber, content.InstanceNumber = _SERIES_NUMBER, 1
    content.SeriesDescription = "Tumour contours"
    content.Modality, content.OperatorsName = "RTSTRUCT", ""
    content.StructureSetLabel = _LABEL
    content.StructureSetDate, content.StructureSetTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    content.ReferencedFrameOfReferenceSequence = [_frame_of_reference(mask.series)]
    content.StructureSetROISequence = [_region(mask, number) for number in mask.numbers]
    content.ROIContourSequence = [_contours(mask, number) for number in mask.numbers]
    content.RTROIObservationsSequence = [_observation(mask, number) for number in mask.numbers]
    content.ApprovalStatus = "UNAPPROVED"
    return content


def _name(content: Dataset, series: SourceSeries) -> None:
    """Who the patient is, and what this object is; the coordinates of contours are too long for explicit lengths."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ImplicitVRLittleEndian, generate_uid

    name_patient(content, series, "StudyInstanceUID", "FrameOfReferenceUID")
    content.PositionReferenceIndicator = series.header.get("PositionReferenceIndicator", "")
    content.SOPClassUID, content.SOPInstanceUID = STRUCTURE_SET, generate_uid()
    content.SeriesInstanceUID = generate_uid()
    content.file_meta = FileMetaDataset()
    content.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    content.file_meta.MediaStorageSOPClassUID = UID(STRUCTURE_SET)
    content.file_meta.MediaStorageSOPInstanceUID = content.SOPInstanceUID


def _frame_of_reference(series: SourceSeries) -> Dataset:
    from pydicom.dataset import Dataset

    images = Dataset()
    images.SeriesInstanceUID = series.header.SeriesInstanceUID
    images.ContourImageSequence = instances_of(series)
    study = reference_to(_STUDY_CLASS, series.header.StudyInstanceUID)
    study.RTReferencedSeriesSequence = [images]
    frame = Dataset()
    frame.FrameOfReferenceUID = series.header.FrameOfReferenceUID
    frame.RTReferencedStudySequence = [study]
    return frame


def _region(mask: SeriesMask, number: int) -> Dataset:
    from pydicom.dataset import Dataset

    region = Dataset()
    region.ROINumber = number
    region.ReferencedFrameOfReferenceUID = mask.series.header.FrameOfReferenceUID
    region.ROIName = written_name(mask.scheme, number)
    region.ROIDescription = described(mask.scheme, number)
    region.ROIGenerationAlgorithm = mask.maker.kind.value
    if mask.maker.kind is not MakerKind.MANUAL:
        region.ROIGenerationDescription = f"{mask.maker.network} {mask.maker.version}".strip()[:64]
    return region


def _contours(mask: SeriesMask, number: int) -> Dataset:
    from pydicom.dataset import Dataset

    region = Dataset()
    region.ROIDisplayColor = list(rgb(mask.scheme.look_of(number).colour))
    region.ReferencedROINumber = number
    region.ContourSequence = list(_planar(mask, number))
    return region


def _planar(mask: SeriesMask, number: int) -> Iterator[Dataset]:
    """The contours of a label, slice by slice."""
    affine, series = lps_affine(mask.series.stored_grid), mask.series
    occupied = np.flatnonzero((mask.stored == number).any(axis=(0, 1)))
    count = 0
    for place in occupied.tolist():
        for flat in contours_of(mask.stored[:, :, place] == number):  # (columns, rows)
            count += 1
            points = np.column_stack([flat, np.full(len(flat), place)]) @ affine[:3, :3].T + affine[:3, 3]
            yield _contour(points, series, place, count)


def _contour(points: NDArray[np.float64], series: SourceSeries, place: int, count: int) -> Dataset:
    from pydicom.dataelem import RawDataElement
    from pydicom.dataset import Dataset

    contour = Dataset()
    image = reference_to(series.classes[place], series.slices[place].instance)
    if (frame := series.slices[place].frame) is not None:
        image.ReferencedFrameNumber = frame + 1
    contour.ContourImageSequence = [image]
    contour.ContourGeometricType = "CLOSED_PLANAR"
    contour.ContourSlabThickness = round(series.spacing_mm[2], 4)
    contour.NumberOfContourPoints = len(points)
    contour.ContourNumber = count
    # as text at once: pydicom would make an object of each number
    raw = b"\\".join(b"%.6f" % number for number in (points.ravel() + 0.0).tolist())
    raw += b" " * (len(raw) % 2)
    tag = tag_of("ContourData")
    contour[tag] = RawDataElement(tag, "DS", len(raw), raw, 0, True, True)
    return contour


def _observation(mask: SeriesMask, number: int) -> Dataset:
    from pydicom.dataset import Dataset

    term, code = term_of(mask.scheme, number), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = term.value, term.scheme, term.title
    observation = Dataset()
    observation.ObservationNumber = observation.ReferencedROINumber = number
    observation.RTROIIdentificationCodeSequence = [code]
    observation.RTROIInterpretedType = observation.ROIInterpreter = ""
    return observation
