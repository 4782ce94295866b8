"""Reading the headers of DICOM files: what a `SliceHeader` holds, and nothing of who the patient is.

Headers come from anywhere. A file is read no further than its pixels, values that make no sense are as if they were
not there, and a file that is no DICOM at all is passed over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from brainseg_gui.imaging.formats.dicom.guard import ItemCounter, looks_like_dicom
from brainseg_gui.imaging.formats.dicom.values import (
    Vector,
    first_number_of,
    listed_of,
    sequence_of,
    tag_of,
    text_of,
    value_of,
    vector_of,
    whole_of,
    words_of,
)
from brainseg_gui.plain_files import open_file
from brainseg_gui.preparation.dicom.slice_header import SliceHeader

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# What is looked at; everything else is skipped while reading.
_TAGS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "Modality",
    "ImageType",
    "SeriesDescription",
    "ProtocolName",
    "SeriesNumber",
    "AcquisitionNumber",
    "InstanceNumber",
    "TemporalPositionIdentifier",
    "StudyDate",
    "SeriesTime",
    "AcquisitionTime",
    "Manufacturer",
    "MagneticFieldStrength",
    "ScanningSequence",
    "SequenceVariant",
    "SequenceName",
    "PulseSequenceName",
    "MRAcquisitionType",
    "EchoTime",
    "EchoNumbers",
    "RepetitionTime",
    "InversionTime",
    "FlipAngle",
    "DiffusionBValue",
    "ContrastBolusAgent",
    "ContrastBolusVolume",
    "SliceThickness",
    "SpacingBetweenSlices",
    "GantryDetectorTilt",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BurnedInAnnotation",
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "RescaleSlope",
    "RescaleIntercept",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
_DESCRIBING = (
    *("Modality", "SeriesDescription", "ProtocolName", "SequenceName", "PulseSequenceName", "ScanningSequence"),
    *("SequenceVariant", "MRAcquisitionType", "ContrastBolusAgent", "Manufacturer", "StudyDate", "SeriesTime"),
    "StudyInstanceUID",
)
_TIMES = ("EchoTime", "RepetitionTime", "InversionTime", "FlipAngle", "MagneticFieldStrength", "SliceThickness")
_MOST_FRAMES = 10_000
_MOST_PIXELS = 2**28
_START_BYTES = 132  # of the preamble and the mark behind it
_MR_IMAGES = ("1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1")
_ENDINGS = ("", ".dcm", ".ima")


def read_headers(path: Path) -> tuple[SliceHeader, ...]:
    """The slices of a file: one, or one per frame; none where it is no DICOM image.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open_file(path) as stream:
        content = _dataset(stream)
    if content is None or not _is_image(content):
        return ()
    groups = sequence_of(content, "PerFrameFunctionalGroupsSequence")
    if len(groups) > _MOST_FRAMES:
        return ()  # no volume of a head: what is read of it must not look like a whole one
    if groups:
        return tuple(_framed(path, content, groups))
    return (_header(path, content, None, (content,), whole_of(content, "InstanceNumber") or 0),)


def is_damaged(path: Path) -> bool:
    """Whether a file that gave no slice is one of an MRI that cannot be read: empty, blank, cut off, or out of reach.

    Other kinds of DICOM, such as reports and plans, are whole without a slice.
    """
    try:
        with open_file(path) as stream:
            blank = not any(stream.read(_START_BYTES))
            stream.seek(0)
            begun = looks_like_dicom(stream)
            stream.seek(0)
            content = _dataset(stream) if begun else None
    except OSError:
        return True
    if blank and not begun:
        return path.suffix.lower() in _ENDINGS or path.suffix[1:].isdecimal()
    if content is None:
        return begun
    meta = getattr(content, "file_meta", None)
    kind = text_of(content, "SOPClassUID") or str(getattr(meta, "MediaStorageSOPClassUID", ""))
    return not _is_image(content) and (not kind or kind in _MR_IMAGES)


def _dataset(stream: BinaryIO) -> Dataset | None:
    """The header of a file; None where it is no DICOM, or too damaged to say anything."""
    from pydicom import config, dcmread

    if not looks_like_dicom(stream):
        return None
    config.settings.reading_validation_mode = config.IGNORE  # what makes no sense is looked at here
    try:
        tags: list[Any] = [tag_of(keyword) for keyword in _TAGS]
        counted: Any = ItemCounter(stream)
        return dcmread(counted, stop_before_pixels=True, specific_tags=tags, force=True)
    except Exception as error:  # a damaged header makes pydicom raise whatever its bytes suggest
        if isinstance(error, OSError) and error.errno is not None:
            raise
        return None


def _is_image(content: Dataset) -> bool:
    rows, columns = whole_of(content, "Rows"), whole_of(content, "Columns")
    return bool(rows and columns) and 0 < (rows or 0) * (columns or 0) <= _MOST_PIXELS


def _framed(path: Path, content: Dataset, groups: Sequence[Dataset]) -> Iterator[SliceHeader]:
    """The frames of an enhanced file: what all share, overruled by what each says."""
    shared = sequence_of(content, "SharedFunctionalGroupsSequence")[:1]
    for number, group in enumerate(groups):
        parts = [*_inside(group), *(part for one in shared for part in _inside(one)), content]
        yield _header(path, content, number, parts, number + 1)


def _inside(group: Dataset) -> Iterator[Dataset]:
    """The items of a functional group's sequences, such as plane position and pixel measures."""
    for tag in group.keys():  # noqa: SIM118  a data set iterates over its values, and converts them
        items = listed_of(value_of(group, tag))
        yield from (item for item in items[:1] if hasattr(item, "keys"))


def _header(path: Path, content: Dataset, frame: int | None, parts: Sequence[Dataset], order: int) -> SliceHeader:
    frames = whole_of(content, "NumberOfFrames") or 1
    return SliceHeader(
        path=path,
        frame=frame,
        series=text_of(content, "SeriesInstanceUID"),
        instance=text_of(content, "SOPInstanceUID"),
        position_mm=vector_of(parts, "ImagePositionPatient", 3),
        orientation=_orientation(parts),
        spacing_mm=tuple(value for value in vector_of(parts, "PixelSpacing", 2) if value > 0),
        shape=(whole_of(content, "Rows") or 0, whole_of(content, "Columns") or 0),
        slope=first_number_of(parts, "RescaleSlope") or 1.0,
        intercept=first_number_of(parts, "RescaleIntercept") or 0.0,
        numbers=_telling_apart(parts),
        image_type=_image_type(parts),
        words={key: text for key in _DESCRIBING if (text := text_of(content, key))},
        times=_times(parts),
        order=order,
        transfer_syntax=str(getattr(getattr(content, "file_meta", None), "TransferSyntaxUID", "")),
        samples=whole_of(content, "SamplesPerPixel") or 1,
        frames=frames,
        acquisition=whole_of(content, "AcquisitionNumber") or 0,
        burned_in=text_of(content, "BurnedInAnnotation").strip().upper() == "YES",
    )


def _times(parts: Sequence[Dataset]) -> dict[str, float]:
    found = {key: first_number_of(parts, key) for key in _TIMES}
    found["EchoTime"] = found["EchoTime"] or first_number_of(parts, "EffectiveEchoTime")
    found["InversionTime"] = found["InversionTime"] or first_number_of(parts, "InversionTimes")  # of enhanced files
    return {key: value for key, value in found.items() if value is not None}


def _telling_apart(parts: Sequence[Dataset]) -> dict[str, float]:
    names = {
        "echo": ("EchoTime", "EffectiveEchoTime"),
        "b value": ("DiffusionBValue",),
        "time point": ("TemporalPositionIdentifier", "TemporalPositionIndex"),
    }
    found = {
        name: next((value for key in keys if (value := first_number_of(parts, key)) is not None), None)
        for name, keys in names.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def _image_type(parts: Sequence[Dataset]) -> tuple[str, ...]:
    for part in parts:
        for keyword in ("FrameType", "ImageType"):
            if words := words_of(value_of(part, keyword)):
                return tuple(word.upper() for word in words[:16])
    return ()


def _orientation(parts: Sequence[Dataset]) -> Vector:
    """Two directions of length one at right angles, or nothing."""
    found = vector_of(parts, "ImageOrientationPatient", 6)
    if not found:
        return ()
    row, column = found[:3], found[3:]
    lengths = [math.sqrt(sum(value * value for value in direction)) for direction in (row, column)]
    skew = sum(a * b for a, b in zip(row, column, strict=True))
    return found if all(abs(length - 1) < 1e-2 for length in lengths) and abs(skew) < 1e-2 else ()
