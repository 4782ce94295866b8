"""Names of sequences of visits: P1_pre_T2 and P1_T1_flair are of a visit, before a sequence's name."""

from __future__ import annotations

import re
from dataclasses import replace

from brainseg_gui.imaging.formats.known_formats import stem
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.conventions import Kind
from brainseg_gui.imaging.naming.file_words import words_of
from brainseg_gui.imaging.naming.found_file import FoundFile

_SEQUENCES = 3  # of one visit "post" or "T1", from which that means a visit: after contrast agent there is a T1 alone
_BEFORE_SEQUENCE = re.compile(r"(.+[-_. ](?:pre|post)|(?:.+[-_. ])?t\d)[-_. ](.+)", re.IGNORECASE)


def with_visits(files: list[FoundFile]) -> list[FoundFile]:
    """Where several sequences are named P1_pre_T2 or P1_post_T2, that is before or after an operation, no contrast.

    P1_T1_t1, P1_T1_t2 and P1_T1_flair are three sequences of a visit T1, not two that are weighted as T1.
    """
    other = {found.path: said for found in files if found.match is None and (said := _at_visit(found)) is not None}
    kinds: dict[str, set[Kind | None]] = {}
    for said in other.values():
        kinds.setdefault(said.prefix, set()).add(said.kind)
    return [
        said if (said := other.get(found.path)) is not None and len(kinds[said.prefix]) >= _SEQUENCES else found
        for found in files
    ]


def _at_visit(found: FoundFile) -> FoundFile | None:
    """A file as one of a visit "pre", "post" or "T1", if its name can be read so."""
    told = _BEFORE_SEQUENCE.fullmatch(stem(found.path))
    said = words_of(told[2]) if told is not None else None
    if told is None or said is None or said.prefix or not isinstance(said.kind, Modality):
        return None
    return replace(found, kind=said.kind, prefix=told[1], suffix=said.suffix)
