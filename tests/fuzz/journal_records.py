"""A journal in order, and how it is read."""

from __future__ import annotations

import json
import struct
import tempfile
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.journal import journal_format
from brainseg_gui.annotation.journal.journal_fields import JournalHeader
from brainseg_gui.annotation.journal.journal_folder import JournalFolder
from brainseg_gui.annotation.journal.journal_replay import read_note
from brainseg_gui.annotation.slab import Area
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from tests.fuzz.measure import WrongAnswer

SHAPE = (9, 8, 7)
STUDY = "ab" * 20


@cache
def journal_bytes() -> bytes:
    """A journal with a snapshot, five edits and an undo."""
    annotation = Annotation(LabelMap(np.zeros(SHAPE, np.uint8), Grid(SHAPE, np.eye(4)), scheme_named("brats2020")))
    with tempfile.TemporaryDirectory() as name:
        folder = JournalFolder(Path(name))
        lock = folder.lock(STUDY)
        journal = folder.begin(_header(), lock)
        for n in range(5):
            area = Area((slice(n, n + 3), slice(1, 4), slice(2, 3)), np.ones((3, 3, 1), bool))
            annotation.edit(area.becomes(1 + n % 3), "Brush", "brush", axis=2)
            journal.follow(annotation.history, annotation.settled)
        annotation.undo()
        journal.follow(annotation.history, annotation.settled)
        raw = journal.path.read_bytes()
        lock.release()
    return raw


def _header() -> JournalHeader:
    return JournalHeader(STUDY, SHAPE, scheme_named("brats2020"), "annotation", "prediction", "cd" * 20, 1e9, "0.1.0")


def journal_header() -> dict[str, Any]:
    """The description at its head."""
    length = struct.unpack_from("<8sHII", journal_bytes())[2]
    found: dict[str, Any] = json.loads(journal_bytes()[18 : 18 + length])
    return found


def journal_edit() -> dict[str, Any]:
    """The description of its first edit."""
    _, start = journal_format.read_header(journal_bytes())
    records = list(journal_format.read_records(journal_bytes(), start))
    return dict(next(record.meta for record in records if record.kind == journal_format.EDIT))


def journal_with(header: Any, edit: Any) -> bytes:
    """A journal with another head, and another first edit; all checksums are right."""
    text = json.dumps(header).encode()
    _, start = journal_format.read_header(journal_bytes())
    raw = struct.pack("<8sHII", b"BRSGJRNL", 1, len(text), zlib.crc32(text)) + text
    first = True
    for record in journal_format.read_records(journal_bytes(), start):
        meta = edit if record.kind == journal_format.EDIT and first else record.meta
        first = first and record.kind != journal_format.EDIT
        described = json.dumps(meta).encode()
        body = struct.pack("<cI", record.kind, len(described)) + described + record.payload
        raw += struct.pack("<II", len(body), zlib.crc32(body)) + body
    return raw


def with_sums(raw: bytes) -> bytes:
    """A journal whose checksums are made right, as far as its parts can be told from one another."""
    mended = bytearray(raw)
    if len(raw) < 18:
        return raw
    length = struct.unpack_from("<I", raw, 10)[0]
    struct.pack_into("<I", mended, 14, zlib.crc32(raw[18 : 18 + length]))
    place = 18 + length
    while place + 8 <= len(raw):
        length = struct.unpack_from("<I", raw, place)[0]
        struct.pack_into("<I", mended, place + 4, zlib.crc32(raw[place + 8 : place + 8 + length]))
        place += 8 + length
    return bytes(mended)


def read_journal(path: Path) -> None:
    """List a journal, restore it; nothing may be lost."""
    before = path.read_bytes() if path.is_file() and path.stat().st_size < 2**30 else b""
    folder = JournalFolder(path.parent)
    if path.is_file():
        folder.restorable()
        folder.unreadable()
    try:
        note = read_note(path)
        restored = folder.restore(path, note.header.study, note.header.shape)
        if restored.values.shape != note.header.shape or restored.history.position > len(restored.history):
            raise WrongAnswer("the restored state makes no sense")
    finally:
        if before and path.read_bytes() != before:
            raise WrongAnswer("reading changed the journal")
