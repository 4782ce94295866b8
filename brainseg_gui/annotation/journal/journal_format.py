"""How a journal lies on disk.

    "BRSGJRNL", version, length of the header, its CRC-32, the header (JSON)
    then records: length, CRC-32, kind, length of the meta data, meta data (JSON), payload (zlib)

Kinds: ``S`` all voxels (always the first record), ``E`` an edit, ``M`` a move in the history, ``K`` the state at
this point is kept in a file, ``F`` the file that the mask lies in or is about to be written to. Whatever follows the
first record that is cut or damaged does not count.

Nothing read from a journal is believed: lengths are compared with the file's, shapes and boxes with each other,
and nothing is decompressed beyond its announced size.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from brainseg_gui.annotation.edits import Edit, EditSource, compress, expand
from brainseg_gui.annotation.journal.journal_fields import (
    LONGEST_TEXT,
    Damaged,
    JournalError,
    JournalHeader,
    header_of,
    is_whole,
    parsed_json,
    slab_in,
    text_of,
    time_of,
    voxel_in,
)
from brainseg_gui.annotation.slab import Values, slab_size
from brainseg_gui.imaging.formats.mask_note import looks_fields
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import LabelScheme

VERSION = 2  # 1 had no file records
SNAPSHOT, EDIT, MOVE, KEPT, FILE = b"S", b"E", b"M", b"K", b"F"

_MAGIC = b"BRSGJRNL"
_HEADER = struct.Struct("<8sHII")
_RECORD = struct.Struct("<II")
_META = struct.Struct("<cI")
_LARGEST_META = 2**20
_LONGEST_PATH = 4096


@dataclass(frozen=True)
class Record:
    """One record as read: `end` is the offset of the byte after it."""

    kind: bytes
    meta: Mapping[str, Any]
    payload: bytes
    end: int


def header_bytes(header: JournalHeader) -> bytes:
    """The beginning of a journal."""
    fields = {
        "study": header.study,
        "shape": list(header.shape),
        "scheme": _scheme_fields(header.scheme),
        "title": header.title[:LONGEST_TEXT],
        "start": header.start[:LONGEST_TEXT],
        "place": header.opened_from if len(header.opened_from) <= LONGEST_TEXT else "",
        "start_digest": header.start_digest,
        "start_author": header.start_author[:LONGEST_TEXT],
        "start_model_sha256": header.start_model_sha256[:LONGEST_TEXT],
        "created": header.created,
        "program": header.program[:LONGEST_TEXT],
    }
    raw = json.dumps(fields).encode()
    return _HEADER.pack(_MAGIC, VERSION, len(raw), zlib.crc32(raw)) + raw


def _scheme_fields(scheme: LabelScheme) -> dict[str, Any]:
    labels = {str(value): key for value, key in scheme.labels.items()}
    looks = {"looks": looks_fields(scheme)} if scheme.looks else {}
    return {"name": scheme.name, "title": scheme.title, "labels": labels, **looks}


def snapshot_record(values: Values) -> bytes:
    """All voxels, (I, J, K)."""
    return _record(SNAPSHOT, {}, compress(values.tobytes(order="F")))


def edit_record(edit: Edit) -> bytes:
    """One finished edit."""
    meta = {
        "name": edit.name[:LONGEST_TEXT],
        "slab": [[int(part.start), int(part.stop)] for part in edit.slab],  # numpy's numbers are no JSON
        "voxels": int(edit.voxels),
        "centre": [int(v) for v in edit.centre],
        "sparse": edit.sparse,
        "tool": edit.source.tool[:LONGEST_TEXT],
        "axis": None if edit.source.axis is None else int(edit.source.axis),
        "layer": edit.source.layer[:LONGEST_TEXT],
        "made": edit.source.made,
    }
    return _record(EDIT, meta, edit.payload)


def move_record(position: int, made: float) -> bytes:
    """Undo, redo or a jump: how many of the journal's edits are applied from now on."""
    return _record(MOVE, {"position": position, "made": made}, b"")


def kept_record(made: float) -> bytes:
    """The state at this point is kept in a file, or is what the annotation was started from."""
    return _record(KEPT, {"made": made}, b"")


def file_record(path: str, digest: str) -> bytes:
    """The file of the mask (empty where it has no name yet), and the digest of the voxels that it holds or will get."""
    return _record(FILE, {"path": path, "digest": digest}, b"")


def file_of(record: Record) -> tuple[str, str]:
    """Path and digest of a file record.

    Raises
    ------
    Damaged
        If it makes no sense.
    """
    path, digest = record.meta.get("path"), record.meta.get("digest")
    if not isinstance(path, str) or "\0" in path or len(path) > _LONGEST_PATH:
        raise Damaged("the name of a file is damaged")
    return path, text_of(digest)


def read_header(raw: bytes) -> tuple[JournalHeader, int]:
    """The header, and the offset of the first record.

    Raises
    ------
    Damaged
        If it is no journal.
    JournalError
        If a newer version of the program wrote it.
    """
    if len(raw) < _HEADER.size:
        raise Damaged("it is too short")
    magic, version, length, checksum = _HEADER.unpack_from(raw)
    if magic != _MAGIC:
        raise Damaged("it is no journal")
    if not 1 <= version <= VERSION:
        raise JournalError(
            f"this journal was written by a newer brainseg (format {version}, this one reads {VERSION})",
            "Update brainseg to restore what it holds",
        )
    text = raw[_HEADER.size : _HEADER.size + length]
    if length > _LARGEST_META or len(text) != length or zlib.crc32(text) != checksum:
        raise Damaged("its header is damaged")
    try:
        return header_of(parsed_json(text)), _HEADER.size + length
    except Damaged:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Damaged("its header is not complete") from error


def read_records(raw: bytes, start: int) -> Iterator[Record]:
    """The records from `start` up to the first that is cut or damaged."""
    offset = start
    while offset + _RECORD.size <= len(raw):
        length, checksum = _RECORD.unpack_from(raw, offset)
        body = raw[offset + _RECORD.size : offset + _RECORD.size + length]
        if len(body) != length or length < _META.size or zlib.crc32(body) != checksum:
            return
        kind, meta_length = _META.unpack_from(body)
        text = body[_META.size : _META.size + meta_length]
        offset += _RECORD.size + length
        if meta_length > _LARGEST_META or len(text) != meta_length:
            return
        try:
            meta = parsed_json(text)
        except Damaged:
            return
        yield Record(kind, meta, body[_META.size + meta_length :], offset)


def edit_of(record: Record, shape: Voxel) -> Edit:
    """The edit of a record; its payload is not looked at (`Edit.check` does).

    Raises
    ------
    Damaged
        If it does not fit the grid.
    """
    meta = record.meta
    try:
        slab, centre = slab_in(meta["slab"], shape), voxel_in(meta["centre"], shape)
        voxels, sparse, axis = meta["voxels"], meta["sparse"], meta["axis"]
        if not (is_whole(voxels) and 0 < voxels <= slab_size(slab) and isinstance(sparse, bool)):
            raise Damaged("an edit announces more voxels than it has")
        if sparse and 5 * voxels >= slab_size(slab):
            raise Damaged("an edit lists more voxels than it is allowed to")
        if axis not in (None, 0, 1, 2):
            raise Damaged("an edit lies in a plane that does not exist")
        source = EditSource(text_of(meta["tool"]), axis, text_of(meta["layer"]), time_of(meta["made"]))
        return Edit(text_of(meta["name"]), slab, voxels, centre, source, sparse, record.payload)
    except (KeyError, TypeError) as error:
        raise Damaged("an edit is not complete") from error


def position_of(record: Record, edits: int) -> int:
    """Where a move leads.

    Raises
    ------
    Damaged
        If there is no such point.
    """
    position = record.meta.get("position")
    if not isinstance(position, int) or not 0 <= position <= edits:
        raise Damaged("a move leads to a point that does not exist")
    return position


def snapshot_of(record: Record, shape: Voxel) -> Values:
    """The voxels of a snapshot, (I, J, K), Fortran order.

    Raises
    ------
    Damaged
        If it is damaged or has another size.
    """
    try:
        raw = expand(record.payload, math.prod(shape))
    except ValueError as error:
        raise Damaged(str(error)) from error
    return np.frombuffer(bytearray(raw), dtype=np.uint8).reshape(shape, order="F")


def made_at(record: Record) -> float:
    """When a record was made, in seconds since 1970; 0 where it does not say."""
    return time_of(record.meta.get("made", 0.0))


def _record(kind: bytes, meta: Mapping[str, Any], payload: bytes) -> bytes:
    text = json.dumps(meta).encode()
    body = _META.pack(kind, len(text)) + text + payload
    return _RECORD.pack(len(body), zlib.crc32(body)) + body
