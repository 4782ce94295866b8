"""Segmentation objects: one binary segment for each label, on the grid of the series, composed by highdicom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui import __version__
from brainseg_gui.errors import CaseError
from brainseg_gui.exchange.dicom.mask_maker import MakerKind, MaskMaker
from brainseg_gui.exchange.dicom.objects import SeriesMask, on_series, write_object
from brainseg_gui.exchange.dicom.source_series import SourceSeries, instances_of, name_patient
from brainseg_gui.imaging.colours import rgb
from brainseg_gui.imaging.formats.dicom.geometry import lps_affine
from brainseg_gui.imaging.formats.dicom.labels import MANUFACTURER, described, written_name
from brainseg_gui.imaging.formats.dicom.values import sequence_of
from brainseg_gui.imaging.labelling.terminology import BRAIN, Term, category_of, term_of
from brainseg_gui.imaging.labels import LabelMap

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_MR = "1.2.840.10008.5.1.4.1.1.4"
_SERIES_NUMBER = 9000  # far from those of scanners
_SERIAL = "0"  # the standard wants one
_UNKNOWN_VERSION = "unknown"


def write_segmentation(
    path: Path, labels: LabelMap, series: SourceSeries, maker: MaskMaker | None = None, **options: bool
) -> None:
    """Write a mask as a segmentation object (DICOM SEG) of the series whose grid it lies on, verified.

    Parameters
    ----------
    labels
        On the grid of the series, in whatever order of axes.
    maker
        Who or what made it; by hand where that is not said.
    options
        As `write_object` has them: ``deidentify``, ``overwrite``, ``chosen``.

    Raises
    ------
    SaveError
        If it could not be written. A file that was there is untouched.
    GridMismatchError
        If the mask lies on another grid.
    CaseError
        If headers of the series make no sense together.
    """
    write_object(path, on_series(labels, series, maker or MaskMaker()), composed, **options)


def composed(mask: SeriesMask) -> Dataset:
    """The object.

    Raises
    ------
    CaseError
        If headers of the series make no sense to highdicom.
    """
    import highdicom

    series = mask.series
    rows_mm, columns_mm, slices_mm = series.spacing_mm
    try:
        made = highdicom.seg.Segmentation(
            source_images=list(_images(series)),
            pixel_array=_segment_numbers(mask),
            segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
            segment_descriptions=[_segment(mask, place) for place in range(len(mask.numbers))],
            series_instance_uid=highdicom.UID(),
            series_number=_SERIES_NUMBER,
            sop_instance_uid=highdicom.UID(),
            instance_number=1,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MANUFACTURER,
            software_versions=__version__,
            device_serial_number=_SERIAL,
            pixel_measures=highdicom.PixelMeasuresSequence((rows_mm, columns_mm), slices_mm, slices_mm),
            omit_empty_frames=False,
            content_label="TUMOUR",
            series_description="Tumour segmentation",
        )
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        what = f"the headers of the series make no sense together ({error})"
        raise CaseError(what, "Have the series exported again", series.place) from error
    _name_sources(made, series)
    return made  # type: ignore[no-any-return]


def _segment_numbers(mask: SeriesMask) -> NDArray[np.uint8]:
    """(columns, rows, slices) of labels -> (slices, rows, columns) of segments, numbered from 1."""
    table = np.zeros(256, np.uint8)
    table[list(mask.numbers)] = np.arange(1, len(mask.numbers) + 1)
    return np.ascontiguousarray(table[mask.stored].transpose(2, 1, 0))


def _segment(mask: SeriesMask, place: int) -> Any:
    import highdicom

    number, scheme = mask.numbers[place], mask.scheme
    look = scheme.look_of(number)
    made = highdicom.seg.SegmentDescription(
        segment_number=place + 1,
        segment_label=written_name(scheme, number),
        segmented_property_category=_concept(category_of(scheme, number)),
        segmented_property_type=_concept(term_of(scheme, number)),
        algorithm_type=mask.maker.kind.value,
        algorithm_identification=_algorithm(mask.maker),
        anatomic_regions=[_concept(BRAIN)],
        display_color=highdicom.color.CIELabColor.from_rgb(*rgb(look.colour)),
    )
    made.SegmentDescription = described(scheme, number)
    return made


def _concept(term: Term) -> Any:
    import highdicom

    return highdicom.sr.CodedConcept(term.value, term.scheme, term.title)


def _algorithm(maker: MaskMaker) -> Any:
    import highdicom
    from pydicom.sr.codedict import codes

    if maker.kind is MakerKind.MANUAL:
        return None
    return highdicom.AlgorithmIdentificationSequence(
        name=maker.network or MANUFACTURER,
        family=codes.cid7162.ArtificialIntelligence,
        version=maker.version or _UNKNOWN_VERSION,
        source=MANUFACTURER,
        parameters={"sha256": maker.sha256} if maker.sha256 else None,
    )


def _images(series: SourceSeries) -> Iterator[Dataset]:
    """Each slice as an image of its own, in the order of the grid; what it is a frame of is named afterwards."""
    from pydicom.dataset import Dataset

    affine = lps_affine(series.stored_grid)
    columns, rows, _ = series.stored_grid.shape
    rows_mm, columns_mm, slices_mm = series.spacing_mm
    orientation = [*(affine[:3, 0] / columns_mm), *(affine[:3, 1] / rows_mm)]
    for place in range(len(series.slices)):
        image = Dataset()
        name_patient(image, series, "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
        if "PositionReferenceIndicator" in series.header:
            image.PositionReferenceIndicator = series.header.PositionReferenceIndicator
        image.SOPClassUID, image.SOPInstanceUID = _MR, _name_of(place)
        image.Modality, image.Rows, image.Columns = "MR", rows, columns
        image.ImageOrientationPatient = orientation
        image.ImagePositionPatient = (affine @ (0, 0, place, 1))[:3].tolist()
        image.PixelSpacing, image.SliceThickness = [rows_mm, columns_mm], slices_mm
        yield image


def _name_of(place: int) -> str:
    """A name for a slice while the object is composed: frames of a file share that of the file."""
    return f"2.25.{place + 1}"


def _name_sources(made: Dataset, series: SourceSeries) -> None:
    """Put what each slice really is in the place of its name: an instance, or a frame of one."""
    places = {_name_of(place): place for place in range(len(series.slices))}
    for source in _sources(made):
        place = places.get(source.ReferencedSOPInstanceUID)
        if place is None:  # frames of one slice share their item
            continue
        part = series.slices[place]
        source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = series.classes[place], part.instance
        if part.frame is not None:
            source.ReferencedFrameNumber = part.frame + 1
    if "SourceImageSequence" in made:
        made.SourceImageSequence = instances_of(series)
    for reference in made.ReferencedSeriesSequence:
        reference.ReferencedInstanceSequence = instances_of(series)


def _sources(made: Dataset) -> Iterator[Dataset]:
    """What each frame says that it was drawn on."""
    for group in made.PerFrameFunctionalGroupsSequence:
        for derivation in sequence_of(group, "DerivationImageSequence"):
            yield from sequence_of(derivation, "SourceImageSequence")
