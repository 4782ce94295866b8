"""Series that lie in files of their own: NIfTI, NRRD, MetaImage, FreeSurfer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from brainseg_gui.errors import ImageError, printable
from brainseg_gui.imaging.formats.image_format import ImageHeader
from brainseg_gui.imaging.formats.known_formats import is_detached, stem
from brainseg_gui.imaging.formats.mask_note import wrote_mask
from brainseg_gui.imaging.formats.reading import read_header
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.file_words import kind_of
from brainseg_gui.plain_files import read_json, visible
from brainseg_gui.plain_values import LARGEST
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.dicom.stacks import FEWEST_SLICES
from brainseg_gui.preparation.roles import Certainty, Role, role_of
from brainseg_gui.preparation.series import FileNotes, Series, SetAside

_SECONDS = ("EchoTime", "RepetitionTime", "InversionTime")
_WORDS = ("SeriesDescription", "ProtocolName", "ContrastBolusAgent", "ScanningSequence")
_PACKED = (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar")
_INGREDIENT = "ContrastBolusIngredient"  # where dcm2niix keeps the agent


def files_at(place: Path) -> Iterator[Path]:
    """The file, or those below a folder but for what this program prepared; no link to a folder is followed."""
    if place.is_file():
        yield place
    for parent, folders, names in os.walk(place, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        if RECORD in names:
            folders.clear()
            continue
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def is_packed(name: str) -> bool:
    """Whether a file is an archive, by its name."""
    return name.lower().endswith(_PACKED)


def series_of_file(path: Path) -> Series | SetAside:
    """What a file holds: a series, or why it is none."""
    name = printable(stem(path))
    if why := _no_series(path):
        return SetAside(name, why)
    try:
        header = read_header(path)
    except ImageError as error:
        return SetAside(name, visible(f"{error.what}. {error.remedy}", 300))
    if len(header.shape) != 3:
        return SetAside(name, f"it holds {header.shape[-1]} volumes, not one. Split it, with fslsplit for example")
    if (fewest := min(header.shape)) < FEWEST_SLICES:
        return SetAside(name, f"it has {fewest} slices: a localiser, or a part of a series")
    notes = _notes_of(path, name)
    return Series(0, name, notes, _role_of(path, notes), header, _files_of(header))


def _no_series(path: Path) -> str:
    if kind_of(path) == "mask" or wrote_mask(path):
        return "it is a mask"
    return ""


def _role_of(path: Path, notes: FileNotes) -> Role:
    """Names that a convention or its words know go first; then what is known of scanners' names."""
    kind = kind_of(path)
    if isinstance(kind, Modality):
        return Role(kind, Certainty.SURE, "its name says so")
    return role_of(notes)


def _notes_of(path: Path, name: str) -> FileNotes:
    """A converter's note (dcm2niix, BIDS) tells times in seconds and the name of the series."""
    try:
        told = read_json(path.with_name(f"{stem(path)}.json"))
    except (OSError, ValueError):
        told = {}
    told = told if isinstance(told, dict) else {}
    words = {key: printable(told[key][:200]) for key in _WORDS if isinstance(told.get(key), str)}
    if isinstance(agent := told.get(_INGREDIENT), str):
        words.setdefault("ContrastBolusAgent", printable(agent[:200]))
    described = " ".join(filter(None, (name, words.get("SeriesDescription"), words.get("ProtocolName"))))
    return FileNotes(described, words, _times(told))


def _times(told: Mapping[str, object]) -> dict[str, float]:
    numbers = {key: told.get(key) for key in _SECONDS}
    return {key: 1000.0 * v for key, v in numbers.items() if isinstance(v, int | float) and abs(v) <= LARGEST}


def _files_of(header: ImageHeader) -> tuple[Path, ...]:
    """The file, and the one beside it that holds its voxels where there are two."""
    if not is_detached(header.path):
        return (header.path,)
    beside = (header.path.with_suffix(ending) for ending in (".raw", ".zraw", ".raw.gz"))
    return (header.path, *(path for path in beside if path.is_file()))
