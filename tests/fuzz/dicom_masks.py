"""Every bad mask in DICOM and in 3D Slicer's format, for `measure`: segments, contours, layers."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from brainseg_gui.exchange.dicom.segmentation import write_segmentation
from brainseg_gui.exchange.dicom.structure_set import write_structure_set
from brainseg_gui.imaging.formats.reading import read_label_map
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from tests.exchange.dicom_series import AXES, drawn, labels_on, series_in_memory, tilted
from tests.fuzz.measure import Trial, WrongAnswer
from tests.fuzz.mutations import spoiled_bytes
from tests.fuzz.nifti_bytes import writing

Spoil = Callable[[Any], object]
_FLIPS = 1500


@cache
def trials(seed: int) -> Sequence[Trial]:
    """About 7,000 inputs, the same for the same seed."""
    good = Trial("good", "a segmentation in order", writing(_good("seg"), "a.dcm"), open_on_series)
    return (good, *_damaged(seed), *_lies(), *_bombs())


def open_on_series(path: Path) -> None:
    """A mask over the images that it was drawn on."""
    grid = _series().stored_grid
    labels = read_label_map(path, grid, scheme_named("brats2020"))
    if labels.values.dtype != np.uint8 or labels.values.shape != grid.grid.shape:
        raise WrongAnswer(f"a mask of {labels.values.dtype} and {labels.values.shape}")
    if any(not note.isprintable() for note in labels.notes) or (labels.said and not labels.said.title.isprintable()):
        raise WrongAnswer(f"words that cannot be shown: {labels.notes!a}")


@cache
def _series() -> Any:
    return series_in_memory(tilted(AXES[0]), (9, 8, 6))


@cache
def _good(kind: str) -> bytes:
    labels = labels_on(_series(), drawn(_series()))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{'seg.nrrd' if kind == 'nrrd' else 'dcm'}"
        if kind == "nrrd":
            from brainseg_gui.imaging.formats.image_format import ImageHeader

            write_labels(path, labels, ImageHeader(path, _series().stored_grid.shape, _series().stored_grid))
        else:
            (write_segmentation if kind == "seg" else write_structure_set)(path, labels, _series())
        return path.read_bytes()


def _damaged(seed: int) -> Iterator[Trial]:
    for kind, family in (
        ("seg", "bytes of segmentations"),
        ("rt", "bytes of structure sets"),
        ("nrrd", "bytes of .seg.nrrd"),
    ):
        name = "a.seg.nrrd" if kind == "nrrd" else "a.dcm"
        for words, raw in spoiled_bytes(_good(kind), seed, 200, _FLIPS):
            yield Trial(family, words, writing(raw, name), open_on_series)


def _spoiled(kind: str, spoil: Spoil) -> bytes:
    from pydicom import config, dcmread

    config.settings.reading_validation_mode = config.settings.writing_validation_mode = config.IGNORE
    content = dcmread(io.BytesIO(_good(kind)))
    spoil(content)
    stream = io.BytesIO()
    content.save_as(stream)
    return stream.getvalue()


def _lie(kind: str, words: str, spoil: Spoil) -> Trial:
    family = "lies in segmentations" if kind == "seg" else "lies in structure sets"
    return Trial(family, words, writing(partial(_spoiled, kind, spoil), "a.dcm"), open_on_series)


def _set(keyword: str, value: Any, *place: str) -> Spoil:
    """Give an element of the first item of nested sequences another value."""

    def spoil(content: Any) -> None:
        for sequence in place:
            content = content[sequence].value[0]
        if isinstance(value, list):  # pydicom writes no numbers that are none
            raw = "\\".join(value).encode()
            raw += b" " * (len(raw) % 2)
            content[keyword] = RawDataElement(Tag(keyword), "DS", len(raw), raw, 0, False, True)
        else:
            setattr(content, keyword, value)

    return spoil


_PER_FRAME, _SHARED = "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"
_CONTOUR = ("ROIContourSequence", "ContourSequence")
_NUMBERS = (0, -1, 1, 2, 255, 65535, 2**31 - 1)
_REALS = ("nan", "inf", "-inf", "1e300", "-1e300", "0", "-1", "1e-300", "", "x", "1e6", "999999999999999")


def _lies() -> Iterator[Trial]:
    for number in _NUMBERS:
        unsigned = max(number, 0) % 65536
        for keyword in ("Rows", "Columns", "BitsAllocated", "BitsStored", "MaximumFractionalValue"):
            yield _lie("seg", f"{keyword} {number}", _set(keyword, unsigned))
        yield _lie("seg", f"NumberOfFrames {number}", _set("NumberOfFrames", str(number)))
        yield _lie("seg", f"SegmentNumber {number}", _set("SegmentNumber", unsigned, "SegmentSequence"))
        place = (_PER_FRAME, "SegmentIdentificationSequence")
        yield _lie("seg", f"a frame of segment {number}", _set("ReferencedSegmentNumber", unsigned, *place))
        yield _lie("rt", f"ROINumber {number}", _set("ROINumber", str(number), "StructureSetROISequence"))
        yield _lie("rt", f"contours of {number}", _set("ReferencedROINumber", str(number), "ROIContourSequence"))
    for real in _REALS:
        position = _set("ImagePositionPatient", ["0", real, "0"], _PER_FRAME, "PlanePositionSequence")
        yield _lie("seg", f"a frame at {real!a}", position)
        for keyword in ("SliceThickness", "SpacingBetweenSlices"):
            yield _lie("seg", f"{keyword} {real!a}", _set(keyword, [real], _SHARED, "PixelMeasuresSequence"))
        yield _lie("seg", f"PixelSpacing {real!a}", _set("PixelSpacing", [real, "1"], _SHARED, "PixelMeasuresSequence"))
        turned = _set("ImageOrientationPatient", [real, "0", "0", "0", "1", "0"], _SHARED, "PlaneOrientationSequence")
        yield _lie("seg", f"a direction of {real!a}", turned)
        yield _lie("rt", f"a point at {real!a}", _set("ContourData", [real, "0", "0"] * 4, *_CONTOUR))
        yield _lie("rt", f"one coordinate {real!a}", _set("ContourData", [real], *_CONTOUR))
        yield _lie("rt", f"slabs of {real!a}", _set("ContourSlabThickness", [real], *_CONTOUR))
    for name in ("\x1b[2J", "\u202eabc", "x" * 5000, "", "a\nb", "label 999 of brats2020", "label 0 of x", "../../x"):
        for keyword in ("SegmentLabel", "SegmentDescription"):
            yield _lie("seg", f"{keyword} {name[:20]!a}", _set(keyword, name, "SegmentSequence"))
        for keyword in ("ROIName", "ROIDescription"):
            yield _lie("rt", f"{keyword} {name[:20]!a}", _set(keyword, name, "StructureSetROISequence"))
    for keyword in ("SegmentSequence", _PER_FRAME, _SHARED, "PixelData", "SOPClassUID", "SegmentationType"):
        yield _lie("seg", f"without {keyword}", lambda content, keyword=keyword: content.pop(keyword, None))
    for keyword in ("StructureSetROISequence", "ROIContourSequence", "RTROIObservationsSequence", "SOPClassUID"):
        yield _lie("rt", f"without {keyword}", lambda content, keyword=keyword: content.pop(keyword, None))
    for kind in ("FRACTIONAL", "LABELMAP", "x"):
        yield _lie("seg", f"of the type {kind}", _set("SegmentationType", kind))
    for geometry in ("POINT", "OPEN_PLANAR", "CLOSEDPLANAR_XOR", ""):
        yield _lie("rt", f"a contour that is {geometry}", _set("ContourGeometricType", geometry, *_CONTOUR))
    for syntax in ("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2"):
        raw = _good("seg").replace(b"1.2.840.10008.1.2.1\0", syntax.encode().ljust(20, b"\0")[:20], 1)
        yield Trial("lies in segmentations", f"packed as {syntax}", writing(raw, "a.dcm"), open_on_series)


def _bombs() -> Iterator[Trial]:
    """Little that would become much."""

    def far_apart(content: Any) -> None:
        content.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient = [9e5, 9e5, 9e5]

    def repeated(content: Any, times: int) -> None:
        region = content.ROIContourSequence[0]
        region.ContourSequence = list(region.ContourSequence) * times

    def to_and_fro(content: Any) -> None:
        first = content.ROIContourSequence[0].ContourSequence[0]
        ends = np.array(first.ContourData, float).reshape(-1, 3)[:2]
        first.ContourData = np.tile([*ends[0], *ends[1]], 20_000).round(3).astype(str).tolist()

    def cycle(content: Any) -> None:
        content.ROIContourSequence[0].ContourSequence[0].ROIContourSequence = list(content.ROIContourSequence)[1:]

    yield Trial("bombs", "frames far apart", writing(partial(_spoiled, "seg", far_apart), "a.dcm"), open_on_series)
    spoil = partial(repeated, times=50)
    yield Trial("bombs", "contours × 50", writing(partial(_spoiled, "rt", spoil), "a.dcm"), open_on_series, 2**24)
    yield Trial("bombs", "to and fro", writing(partial(_spoiled, "rt", to_and_fro), "a.dcm"), open_on_series, 2**26)
    yield Trial("bombs", "contours in contours", writing(partial(_spoiled, "rt", cycle), "a.dcm"), open_on_series)
    for depth in (100, 5000):
        yield Trial("bombs", f"nested {depth} deep", writing(partial(_nested, depth), "a.dcm"), open_on_series, 2**24)
    items = b"\xfe\xff\x00\xe0\x00\x00\x00\x00" * 500_000
    raw = _good("rt") + b"\x06\x30\x39\x00" + len(items).to_bytes(4, "little") + items
    yield Trial("bombs", "half a million empty items", writing(raw, "a.dcm"), open_on_series, 2**24)


def _nested(depth: int) -> bytes:
    """Items in items, none of which says how long it is."""
    begin = b"\x06\x30\x39\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    end = b"\xfe\xff\x0d\xe0\x00\x00\x00\x00\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    return _good("rt") + begin * depth + end * depth
