"""The table of formats, and what names alone tell. Nothing here imports what reads a file.

Formats of other packages are looked for when the table is first asked: the start of the program asks none.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import cast

from brainseg_gui.imaging.formats.image_format import Codec, ImageFormat, MaskReader
from brainseg_gui.plugins.declared import PlugIn, plug_ins

_START_BYTES = 512
_SAVE_AGAIN = "Save as .nii.gz, from ITK-SNAP or 3D Slicer for example"
FROM_DICOM = "Make a case of it: Segment › Prepare, or brainseg prepare"


def _nifti() -> Codec:
    from brainseg_gui.imaging.formats import nifti

    return nifti


def _nrrd() -> Codec:
    from brainseg_gui.imaging.formats import nrrd

    return nrrd


def _segments() -> MaskReader:
    from brainseg_gui.imaging.formats import slicer_segments

    return slicer_segments


def _meta_image() -> Codec:
    from brainseg_gui.imaging.formats import meta_image

    return meta_image


def _mgh() -> Codec:
    from brainseg_gui.imaging.formats import mgh

    return mgh


def _dicom() -> MaskReader:
    from brainseg_gui.imaging.formats.dicom import masks

    return masks


def _is_nifti(start: bytes) -> bool:
    return start[344:347] in (b"n+1", b"ni1") or start[4:7] in (b"n+2", b"ni2")


def _is_dicom(start: bytes) -> bool:
    return start[128:132] == b"DICM"


def _is_nrrd(start: bytes) -> bool:
    return start.startswith(b"NRRD000")


def _of_plug_ins() -> Iterator[ImageFormat]:
    """Formats that other packages read; a package is imported when the first such file is."""
    for plug_in in plug_ins("formats"):
        if _ENDING.fullmatch(plug_in.name) and plug_in.name not in _READ_HERE:
            title = f"{plug_in.name} ({plug_in.package})"
            yield ImageFormat(title, (plug_in.name,), reader=partial(_loaded, plug_in))


def _loaded(plug_in: PlugIn) -> Codec:
    from brainseg_gui.plugins.loading import load

    return cast(Codec, load(plug_in))


_ENDING = re.compile(r"(\.[a-z0-9]{1,12}){1,2}")
_BUILT_IN = (
    ImageFormat("NIfTI", (".nii.gz", ".nii"), _is_nifti, reader=_nifti, writer=_nifti),
    ImageFormat("NRRD", (".nrrd", ".seg.nrrd", ".nhdr"), _is_nrrd, _nrrd, _nrrd, _segments, detached=(".nhdr",)),
    ImageFormat("MetaImage", (".mha", ".mhd"), reader=_meta_image, writer=_meta_image, detached=(".mhd",)),
    ImageFormat("FreeSurfer", (".mgz", ".mgh"), reader=_mgh, writer=_mgh),
    ImageFormat("DICOM", (".dcm", ".ima", ".dicom"), _is_dicom, mask_reader=_dicom, remedy=FROM_DICOM),
    ImageFormat("Analyze", (".hdr", ".img"), remedy=_SAVE_AGAIN),
    ImageFormat("MINC", (".mnc",), remedy="Convert with mnc2nii"),
)
_READ_HERE = {suffix for known in _BUILT_IN if known.reader is not None for suffix in known.suffixes}
WRITTEN = tuple(known for known in _BUILT_IN if known.writer is not None)
MASK_ENDING = WRITTEN[0].suffixes[0]  # of a mask whose name nobody chose


@cache
def known_formats() -> tuple[ImageFormat, ...]:
    """Every format that a name or a file can tell, also those that are not read."""
    return (*_BUILT_IN, *_of_plug_ins())


@cache
def formats_read() -> tuple[ImageFormat, ...]:
    """The formats of images."""
    return tuple(known for known in known_formats() if known.reader is not None)


@cache
def mask_formats() -> tuple[ImageFormat, ...]:
    """The formats of masks: those of images, and those that hold masks alone."""
    return tuple(known for known in known_formats() if known.reader is not None or known.mask_reader is not None)


@cache
def _by_suffix() -> dict[str, ImageFormat]:
    """Endings of all formats, the longest first: ``.seg.nrrd`` is more than ``.nrrd``."""
    found = {suffix: known for known in known_formats() for suffix in known.suffixes}
    return dict(sorted(found.items(), key=lambda item: len(item[0]), reverse=True))


@cache
def suffixes_read() -> tuple[str, ...]:
    """Endings of images, the longest first."""
    return tuple(suffix for suffix, known in _by_suffix().items() if known.reader is not None)


def is_image(path: Path) -> bool:
    """Whether the name is that of an image or mask that can be read."""
    return names_image(path.name)


def names_image(name: str) -> bool:
    """The same of a bare name."""
    return name.lower().endswith(suffixes_read())


def suffix_of(path: Path) -> str:
    """The ending that tells the format, as it is written; empty where the name does not tell one that is read.

    >>> suffix_of(Path("P1_t1.NII.gz")), suffix_of(Path("notes.txt"))
    ('.NII.gz', '')
    """
    name, lower = path.name, path.name.lower()
    return next((name[-len(suffix) :] for suffix in suffixes_read() if lower.endswith(suffix)), "")


def stem(path: Path) -> str:
    """File name without the ending of its format.

    >>> stem(Path("BraTS-GLI-00000-000-seg.nii.gz")), stem(Path("notes.txt"))
    ('BraTS-GLI-00000-000-seg', 'notes')
    """
    return path.name.removesuffix(suffix) if (suffix := suffix_of(path)) else path.stem


def is_detached(path: Path) -> bool:
    """Whether the name is that of a header whose voxels lie in another file beside.

    >>> is_detached(Path("t1.mhd")), is_detached(Path("t1.mha"))
    (True, False)
    """
    known = format_of(path)
    return known is not None and path.name.lower().endswith(known.detached)


def format_of(path: Path) -> ImageFormat | None:
    """The format that the name tells, read or not; the drive is not asked."""
    name = path.name.lower()
    return next((known for suffix, known in _by_suffix().items() if name.endswith(suffix)), None)


def format_at(path: Path) -> ImageFormat | None:
    """The format that the name tells; where its ending has no letter, as of a UID, that of what the file holds."""
    known = format_of(path)
    if known is None and not any(letter.isalpha() for letter in path.suffix):
        start = _start_of(path)
        return next((other for other in known_formats() if other.is_start is not None and other.is_start(start)), None)
    return known


def other_format(files: Iterable[Path]) -> ImageFormat | None:
    """The first format among these files that is an image's and not read; None if there is none."""
    return next((known for path in files if (known := format_at(path)) and known.reader is None), None)


def titles(formats: Iterable[ImageFormat] | None = None) -> str:
    """Formats in words, such as ``NIfTI or NRRD``; those of images where none are given."""
    return _either([known.title for known in formats or formats_read()])


def endings(formats: Iterable[ImageFormat] | None = None) -> str:
    """Endings in words, such as ``.nii.gz or .nii``; those of images where no formats are given."""
    return _either([suffix for known in formats or formats_read() for suffix in known.suffixes])


def file_filter(formats: Iterable[ImageFormat] | None = None) -> str:
    """Filter of a file dialog: each format, or each of images, after all of them where there are several."""
    formats = formats or formats_read()
    rows = [f"{known.title} ({_patterns([known])})" for known in formats]
    return ";;".join([f"Images ({_patterns(formats)})", *rows] if len(rows) > 1 else rows)


def _patterns(formats: Iterable[ImageFormat]) -> str:
    return " ".join(f"*{suffix}" for known in formats for suffix in known.suffixes)


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _start_of(path: Path) -> bytes:
    """The first bytes of a regular file, unpacked; none where it cannot be read."""
    try:
        if not path.is_file():  # opening a pipe would wait for its other end
            return b""
        with path.open("rb") as stream:
            start = stream.read(_START_BYTES)
        return zlib.decompressobj(31).decompress(start, _START_BYTES) if start[:2] == b"\x1f\x8b" else start
    except (OSError, zlib.error):
        return b""
