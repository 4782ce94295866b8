"""The headers of DICOM files: what places and describes each slice, and nothing of who the patient is.

Headers come from anywhere. A file is read no further than its pixels, values that make no sense are as if they were
not there, and a file that is no DICOM at all is passed over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from brainseg_gui.imaging.formats.dicom_guard import ItemCounter, looks_like_dicom
from brainseg_gui.imaging.formats.dicom_values import (
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


@dataclass(frozen=True)
class SliceHeader:
    """What a file, or a frame of one, says of the slice in it.

    Parameters
    ----------
    path, frame
        The file, and which of its frames counted from 0; None where it holds one slice.
    series, instance
        UIDs; empty where there are none.
    position_mm, orientation
        ``ImagePositionPatient`` (3) and ``ImageOrientationPatient`` (6: direction of a row, of a column), in LPS;
        empty where they are missing or make no sense.
    spacing_mm
        Between rows and between columns; empty where it is missing.
    shape
        Rows and columns.
    slope, intercept
        ``intensity = slope * stored + intercept``.
    numbers
        Numbers that tell volumes of one series apart, by name: echo, b value, time point, acquisition.
    image_type
        Values of ``ImageType``, in capitals.
    words
        Text that describes the sequence, by keyword.
    times
        TE, TR and TI in ms, flip angle in degrees, field in T, thickness in mm, by keyword; those that are there.
    order
        ``InstanceNumber``, or the number of the frame.
    transfer_syntax
        UID of how the pixels are packed.
    samples
        Values per pixel: 1 for grey, 3 for colour.
    frames
        How many the file holds.
    acquisition
        ``AcquisitionNumber``; 0 where there is none.
    burned_in
        Whether it says that annotations are burned into its pixels.
    """

    path: Path
    frame: int | None
    series: str
    instance: str
    position_mm: Vector
    orientation: Vector
    spacing_mm: Vector
    shape: tuple[int, int]
    slope: float = 1.0
    intercept: float = 0.0
    numbers: Mapping[str, float] = field(default_factory=dict)
    image_type: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)
    order: int = 0
    transfer_syntax: str = ""
    samples: int = 1
    frames: int = 1
    acquisition: int = 0
    burned_in: bool = False

    @property
    def modality(self) -> str:
        """``MR``, ``CT``, …; empty where it does not say."""
        return self.words.get("Modality", "")

    @property
    def description(self) -> str:
        """What the series is called, else its protocol."""
        return self.words.get("SeriesDescription") or self.words.get("ProtocolName", "")


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
