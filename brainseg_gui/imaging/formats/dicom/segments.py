"""Segmentation objects of DICOM: PS3.3 A.51. A frame for each slice of each segment; slices may be missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import Cancelled, ImageError, printable
from brainseg_gui.imaging.formats.dicom.file import DicomContent
from brainseg_gui.imaging.formats.dicom.geometry import sliced_grid
from brainseg_gui.imaging.formats.dicom.guard import OtherPictureError, check_pictures
from brainseg_gui.imaging.formats.dicom.labels import DicomLabel, code_of, said_by, wanted_numbers
from brainseg_gui.imaging.formats.dicom.values import (
    Vector,
    first_number_of,
    sequence_of,
    text_of,
    vector_of,
    whole_of,
)
from brainseg_gui.imaging.formats.image_format import ShouldStop, StoredMask
from brainseg_gui.imaging.formats.overlaps import flattened, numbered
from brainseg_gui.imaging.formats.promises import LARGEST_BYTES
from brainseg_gui.imaging.grid import StoredGrid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_AGAIN = "Export it again from the program that made it"
_NOT_PROMISED = "its pixels are not what its header promises"
_UNEVEN = 0.1  # of the distance between slices, or of a pixel
_ORIENTED = 1e-3
_ALWAYS_FITS = 2**27  # voxels; a larger grid has to be filled in part: frames far apart would take any memory
_SPARSE = 64  # voxels for each byte
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
_LONG_FORMS = (b"OB", b"OW", b"UN")

ReadFrame = Callable[[int], NDArray[np.uint8]]


@dataclass(frozen=True, eq=False)
class _Frame:
    """A frame: its place in the file, its segment (0: every one), and where it lies."""

    number: int
    segment: int
    position_mm: Vector


def read_segments(
    path: Path, content: DicomContent, *, labels: bool, should_stop: ShouldStop | None = None
) -> StoredMask:
    """The segments of an object as a mask on the grid that its frames span.

    Parameters
    ----------
    labels
        Whether its pixels are the numbers of segments, instead of one frame for each segment.

    Raises
    ------
    ImageError
        If it does not make sense.
    """
    header = content.header
    described = _described(path, header)
    frames = list(_frames(path, header, labels=labels))
    if wrong := {frame.segment for frame in frames} - {label.number for label in described} - {0}:
        raise ImageError(f"a frame is of segment {min(wrong)}, which it does not describe", _AGAIN, path)
    grid, places = _grid(path, content, frames)
    read = _frame_reader(path, content, len(frames), should_stop)
    numbers = numbered(path, wanted_numbers(described))
    parts = []
    for number, label in zip(numbers, described, strict=True):
        chosen = [(frame.number, places[frame.position_mm]) for frame in frames if frame.segment in (0, label.number)]
        wanted = label.number if labels else None
        parts.append((number, partial(_voxels, grid.shape, chosen, read, wanted)))
    values, notes = flattened(path, grid.shape, parts, [label.name for label in described])
    if text_of(header, "SegmentationType") == "FRACTIONAL":
        notes = (*notes, f"{printable(path.name)}: its segments are fractions; a half and more is taken")
    return StoredMask(grid.to_ras(values), grid, notes, said_by(path, described, numbers), is_part=True)


def _voxels(
    shape: tuple[int, int, int], chosen: Sequence[tuple[int, int]], read: ReadFrame, wanted: int | None
) -> NDArray[np.bool_]:
    found = np.zeros(shape, np.bool_, order="F")
    for number, place in chosen:
        plane = read(number)
        found[:, :, place] |= (plane > 0 if wanted is None else plane == wanted).T
    return found


def _described(path: Path, header: Dataset) -> list[DicomLabel]:
    described = [_label(item) for item in sequence_of(header, "SegmentSequence")]
    described = [label for label in described if label.number > 0]  # a label map may describe its background
    if not described or len({label.number for label in described}) != len(described):
        raise ImageError("it does not describe its segments", _AGAIN, path)
    return described


def _label(item: Dataset) -> DicomLabel:
    return DicomLabel(
        whole_of(item, "SegmentNumber") or 0,
        text_of(item, "SegmentLabel"),
        _colour(item),
        code_of(item, "SegmentedPropertyTypeCodeSequence"),
        text_of(item, "SegmentDescription"),
    )


def _colour(item: Dataset) -> str:
    """The colour of a segment as ``#rrggbb``: DICOM has CIELab, scaled to 16 bits; empty where there is none."""
    scaled = vector_of((item,), "RecommendedDisplayCIELabValue", 3)
    if not scaled or not all(0 <= value <= 65535 for value in scaled):
        return ""
    from highdicom.color import CIELabColor

    # CIELab has colours that no screen shows: the nearest one is taken
    parts = CIELabColor.from_dicom_value([int(value) for value in scaled]).to_rgb(clip=True)
    return "#" + "".join(f"{min(max(int(part), 0), 255):02x}" for part in parts)


def _frames(path: Path, header: Dataset, *, labels: bool) -> Iterator[_Frame]:
    groups = sequence_of(header, "PerFrameFunctionalGroupsSequence")
    if not groups or len(groups) != whole_of(header, "NumberOfFrames"):
        raise ImageError("it does not say what each of its frames is", _AGAIN, path)
    shared = sequence_of(header, "SharedFunctionalGroupsSequence")[:1]
    for number, group in enumerate(groups):
        position = vector_of(_items([group, *shared], "PlanePositionSequence"), "ImagePositionPatient", 3)
        named = first_number_of(_items([group, *shared], "SegmentIdentificationSequence"), "ReferencedSegmentNumber")
        segment = 0 if labels or named is None else int(named)
        if not position or (not segment and not labels):
            raise ImageError(f"frame {number + 1} does not say where it lies, or of what it is", _AGAIN, path)
        yield _Frame(number, segment, position)


def _shared(header: Dataset, sequence: str) -> list[Dataset]:
    """Items of a functional group, those that all frames share first."""
    groups = [*sequence_of(header, "SharedFunctionalGroupsSequence")[:1]]
    return _items([*groups, *sequence_of(header, "PerFrameFunctionalGroupsSequence")], sequence)


def _items(groups: Sequence[Dataset], sequence: str) -> list[Dataset]:
    return [item for group in groups for item in sequence_of(group, sequence)[:1]]


def _grid(path: Path, content: DicomContent, frames: Sequence[_Frame]) -> tuple[StoredGrid, Mapping[Vector, int]]:
    """The grid that the frames span, and which of its slices lies at each of their positions."""
    header = content.header
    measures, oriented = _shared(header, "PixelMeasuresSequence"), _shared(header, "PlaneOrientationSequence")
    orientation, spacing = vector_of(oriented, "ImageOrientationPatient", 6), vector_of(measures, "PixelSpacing", 2)
    if not orientation or not spacing or min(spacing) <= 0:
        raise ImageError("it does not say where its slices lie", _AGAIN, path)
    others = [vector_of((item,), "ImageOrientationPatient", 6) for item in oriented[1:]]
    if any(np.abs(np.array(other or orientation) - orientation).max() > _ORIENTED for other in others):
        raise ImageError("its slices are not parallel", "Export the segments of each series alone", path)
    normal = np.cross(orientation[:3], orientation[3:])
    positions = sorted({frame.position_mm for frame in frames}, key=lambda position: float(np.dot(position, normal)))
    step_mm = _step(path, measures, np.array(positions) @ normal)
    places = _places(path, np.array(positions), normal, step_mm, min(spacing))
    shape = (whole_of(header, "Columns") or 0, whole_of(header, "Rows") or 0, places[-1] + 1)
    most = min(LARGEST_BYTES, max(_ALWAYS_FITS, _SPARSE * len(content.raw)))
    if min(shape) < 1 or shape[0] * shape[1] * shape[2] > most:
        raise ImageError(f"its frames span {shape[0]}×{shape[1]}×{shape[2]} voxels", _AGAIN, path)
    try:
        grid = sliced_grid(shape, orientation, spacing, normal * step_mm, positions[0])
    except ValueError as error:
        raise ImageError(f"its position in space is unusable ({error})", _AGAIN, path) from error
    return grid, dict(zip(positions, places, strict=True))


def _step(path: Path, measures: Sequence[Dataset], heights: NDArray[np.float64]) -> float:
    """The distance between slices: as it says, where its frames lie so; else the smallest between two of them."""
    said = [first_number_of(measures, keyword) or 0.0 for keyword in ("SpacingBetweenSlices", "SliceThickness")]
    usable = [value for value in said if 0 < value < np.inf]
    steps = np.diff(heights)
    if not len(steps):
        return usable[0] if usable else 1.0
    between = [value for value in usable if np.abs(steps / value - np.rint(steps / value)).max() < _UNEVEN]
    step_mm = between[0] if between and between[0] <= steps.min() * (1 + _UNEVEN) else float(steps.min())
    if step_mm <= 1e-3:
        raise ImageError("its slices lie on top of each other", _AGAIN, path)
    return step_mm


def _places(
    path: Path, positions: NDArray[np.float64], normal: NDArray[np.float64], step_mm: float, pixel_mm: float
) -> list[int]:
    """Which slice each position is, from 0."""
    offsets = positions - positions[0]
    heights = offsets @ normal / step_mm
    sideways = np.linalg.norm(offsets - np.outer(heights * step_mm, normal), axis=1)
    places = np.rint(heights)
    if np.abs(heights - places).max() > _UNEVEN or sideways.max() > _UNEVEN * pixel_mm:
        raise ImageError("its slices lie unevenly", "Export the segments of each series alone", path)
    if places[-1] >= 2**31 or len(set(places.tolist())) != len(places):
        raise ImageError("its slices lie where no patient does, or on top of each other", _AGAIN, path)
    return [int(place) for place in places]


# pixels


def _frame_reader(path: Path, content: DicomContent, count: int, should_stop: ShouldStop | None) -> ReadFrame:
    """What reads a frame, (rows, columns), with a half for the threshold of fractions."""
    header = content.header
    shape = (whole_of(header, "Rows") or 0, whole_of(header, "Columns") or 0)
    bits = whole_of(header, "BitsAllocated") or 0
    least = 1
    if text_of(header, "SegmentationType") == "FRACTIONAL":
        least = max(1, -(-(whole_of(header, "MaximumFractionalValue") or 255) // 2))
    if bits not in (1, 8) or min(shape) < 1:
        raise ImageError(f"its pixels take {bits} bits each", "Export it again with 1 or 8 bits", path)
    native = str(getattr(header.file_meta, "TransferSyntaxUID", _NATIVE[0])) in _NATIVE
    read = _plain(path, content, shape, bits, count) if native else _packed(path, content, shape, count)

    def frame(number: int) -> NDArray[np.uint8]:
        if should_stop is not None and should_stop():
            raise Cancelled
        found = read(number)
        return found if least == 1 else np.where(found >= least, found, 0)

    return frame


def _plain(path: Path, content: DicomContent, shape: tuple[int, int], bits: int, count: int) -> ReadFrame:
    """Frames of bits, or bytes, one after the other; those of bits need not begin at a byte."""
    at = content.pixels_at
    start = at + (12 if content.raw[at + 4 : at + 6] in _LONG_FORMS else 8)
    each = shape[0] * shape[1]
    raw = np.frombuffer(content.raw, np.uint8)[start:]
    if len(raw) * (8 // bits) < each * count:
        raise ImageError("it ends before its last frame", "Copy it again from its source", path)

    def frame(number: int) -> NDArray[np.uint8]:
        first = number * each
        if bits == 8:
            return raw[first : first + each].reshape(shape)
        some = np.unpackbits(raw[first // 8 : (first + each + 7) // 8], bitorder="little")
        return some[first % 8 : first % 8 + each].reshape(shape)

    return frame


def _packed(path: Path, content: DicomContent, shape: tuple[int, int], count: int) -> ReadFrame:
    """Frames that are compressed, unpacked all at once by pydicom."""
    import io

    from pydicom import dcmread

    if shape[0] * shape[1] * count > LARGEST_BYTES // 4:
        raise ImageError("unpacked it is too large", "Export it without compression", path)
    try:
        found = dcmread(io.BytesIO(content.raw), force=True)
        check_pictures(found, str(found.file_meta.TransferSyntaxUID), shape, count)
        values: Any = found.pixel_array
    except OtherPictureError as error:
        raise ImageError(_NOT_PROMISED, _AGAIN, path) from error
    except Exception as error:  # pydicom raises whatever damaged pixels suggest
        raise ImageError("its pixels cannot be unpacked", "Export it without compression", path) from error
    planes = np.asarray(values).reshape(-1, *np.shape(values)[-2:])
    if planes.shape != (count, *shape):
        raise ImageError(_NOT_PROMISED, _AGAIN, path)
    return lambda number: planes[number].astype(np.uint8)
