"""What a case is known again by, so that nobody whom a network was trained on scores it: also in a resampled copy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.naming.conventions import row_of_id
from brainseg_gui.plain_files import open_file
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.record_reading import read_preparation

_LETTERS = 16  # of a digest that stands beside that of the images: a passport holds many


@dataclass(frozen=True)
class CaseMarks:
    """Digests of one case.

    Parameters
    ----------
    images
        Of the bytes of all its images, whatever they are called.
    further
        Of each image, of each series that it was prepared of, and of its patient where its id is one of a public data
        set: that is the same everywhere, as "P01" is not.
    """

    images: str
    further: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        """All of them."""
        return self.further | {self.images}


def marks_of(source: CaseSource) -> CaseMarks:
    """The marks of a case.

    Raises
    ------
    CaseError
        If one of its images cannot be read.
    """
    digests = sorted(_file_digest(path) for path in set(source.modalities.values()))
    images = hashlib.blake2b(b"".join(digests), digest_size=16).hexdigest()
    files = {digest.hex() for digest in digests} | _prepared_of(source)
    return CaseMarks(images, frozenset(digest[:_LETTERS] for digest in files | _patient(source)))


def _prepared_of(source: CaseSource) -> set[str]:
    """A digest for each series: that of one of its files, which is the same wherever the series lies."""
    if not (source.folder / RECORD).is_file():
        return set()
    try:
        series = read_preparation(source.folder).series
    except CaseError:  # whatever is the matter with the record, the images are there
        return set()
    return {min(mark.sha256 for mark in one.files.values()) for one in series if one.files}


def _patient(source: CaseSource) -> set[str]:
    found = row_of_id(source.case_id)
    return {hashlib.blake2b(f"patient {found[1].casefold()}".encode()).hexdigest()} if found is not None else set()


def _file_digest(path: Path) -> bytes:
    try:
        with open_file(path) as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError as error:
        raise CaseError(f"it cannot be read ({error.strerror or error})", "Check the drive", path) from error
