"""What a case's files hold: whether two cases are the same, and whether a file is whole."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.case import CaseSource

_CHUNK = 2**20


@dataclass(frozen=True)
class FileContent:
    """What a file holds.

    Parameters
    ----------
    digest
        BLAKE2b of its bytes.
    unpacked
        CRC-32 and size of what it holds unpacked: the same for an image stored as ``.nii`` and as ``.nii.gz``.
    """

    digest: str
    unpacked: tuple[int, int]


def content_of(path: Path) -> FileContent:
    """Read a file's content once per size and time of change.

    Raises
    ------
    CaseError
        If it cannot be read.
    """
    try:
        status = path.stat()
        return _content(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise CaseError(f"it cannot be read ({error.strerror or error})", "Check the drive", path) from error


@lru_cache(maxsize=100_000)
def _content(path: Path, size: int, time_ns: int) -> FileContent:
    digest = hashlib.blake2b(digest_size=16)
    crc, last, packed = 0, b"", False
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            packed = packed or (not last and chunk[:2] == b"\x1f\x8b")
            digest.update(chunk)
            last = (last + chunk)[-8:]
            if not packed:
                crc = zlib.crc32(chunk, crc)
    if packed:  # a gzip file ends with the CRC and the size of what it holds
        return FileContent(digest.hexdigest(), (int.from_bytes(last[:4], "little"), int.from_bytes(last[4:], "little")))
    return FileContent(digest.hexdigest(), (crc, size % 2**32))


def is_cut_off(path: Path, promised: int) -> bool:
    """Whether a compressed file holds fewer bytes than its header promises.

    Its last four bytes tell the size; only where they disagree the file is unpacked.
    """
    with path.open("rb") as stream:
        if stream.read(2) != b"\x1f\x8b":
            return False
    if content_of(path).unpacked[1] == promised % 2**32:
        return False
    try:
        held = 0
        with gzip.open(path, "rb") as unpacked:
            while chunk := unpacked.read(_CHUNK):
                held += len(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return True
    return held < promised


def fingerprint(source: CaseSource) -> tuple[tuple[int, int], ...]:
    """What a case's images hold, whatever the files are called and however they are packed."""
    return tuple(sorted(content_of(path).unpacked for path in set(source.modalities.values())))


def digests(source: CaseSource) -> tuple[str, ...]:
    """Digests of a case's files: each modality's, then the mask's."""
    files = [source.modalities[modality] for modality in sorted(source.modalities, key=lambda m: m.value)]
    if source.reference is not None:
        files.append(source.reference)
    return tuple(content_of(path).digest for path in files)
