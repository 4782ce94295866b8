"""What the parts of a journal must look like: nothing that is read is believed.

Ours, not pydantic: journals are looked through while the window opens, and importing that costs 150 ms of processor
time; what an edit may be depends on its journal's grid; and a damaged record needs no sentence for each field.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from brainseg_gui.annotation.slab import Slab
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.formats.mask_note import looks_of
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import LabelScheme

LONGEST_TEXT = 300

_LARGEST_GRID = 2**30  # voxels: a gigabyte


class JournalError(BrainsegError):
    """A journal that cannot be read or written."""


class Damaged(ValueError):  # noqa: N818  it describes the bytes
    """Bytes that are no journal, or no longer."""


@dataclass(frozen=True)
class JournalHeader:
    """What a journal belongs to.

    Parameters
    ----------
    study
        Digest of the study (`study.study_digest`).
    shape
        Shape of its grid.
    scheme
        What the numbers mean.
    title
        Name of the annotation for people; the journal is private to the user.
    start
        What the annotation was started from, in words.
    start_digest
        Digest of the voxels that it was started from.
    created
        When, in seconds since 1970.
    program
        Version of the program.
    opened_from
        The folder or file that the study was opened from, or empty; it may have moved since.
    start_author, start_model_sha256
        Who or what made what the annotation was started from, and the network's weights; empty in older journals.
    """

    study: str
    shape: Voxel
    scheme: LabelScheme
    title: str
    start: str = ""
    start_digest: str = ""
    created: float = 0.0
    program: str = ""
    opened_from: str = ""
    start_author: str = ""
    start_model_sha256: str = ""


def parsed_json(text: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises
    ------
    Damaged
        If it is none.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Damaged("a description is damaged") from error
    if not isinstance(found, dict):
        raise Damaged("a description is damaged")
    return found


def header_of(fields: Mapping[str, Any]) -> JournalHeader:
    """The header of its JSON.

    Raises
    ------
    Damaged
        If it is none.
    """
    shape = fields["shape"]
    if len(shape) != 3 or not all(is_whole(n) and n > 0 for n in shape) or math.prod(shape) > _LARGEST_GRID:
        raise Damaged("its grid is impossible")
    scheme = fields["scheme"]
    labels = {int(value): text_of(key) for value, key in scheme["labels"].items()}
    if not all(0 < value < 256 for value in labels):
        raise Damaged("its label scheme is impossible")
    looks = looks_of(scheme.get("looks", {}))
    study = text_of(fields["study"])
    if not re.fullmatch("[0-9a-f]{8,64}", study):  # it names the lock file
        raise Damaged("its study is impossible")
    return JournalHeader(
        study=study,
        shape=(shape[0], shape[1], shape[2]),
        scheme=LabelScheme(text_of(scheme["name"]), text_of(scheme["title"]), MappingProxyType(labels), looks=looks),
        title=text_of(fields["title"]),
        start=text_of(fields["start"]),
        start_digest=text_of(fields["start_digest"]),
        created=time_of(fields["created"]),
        program=text_of(fields["program"]),
        opened_from=text_of(fields.get("place", "")),
        start_author=text_of(fields.get("start_author", "")),
        start_model_sha256=text_of(fields.get("start_model_sha256", "")),
    )


def slab_in(found: Any, shape: Voxel) -> Slab:
    """A box within the grid.

    Raises
    ------
    Damaged
        If it is none.
    """
    parts = [slice(start, stop) for start, stop in found]
    ends = zip(parts, shape, strict=False)
    if len(parts) != 3 or not all(
        is_whole(p.start) and is_whole(p.stop) and 0 <= p.start < p.stop <= n for p, n in ends
    ):
        raise Damaged("an edit lies outside the grid")
    return parts[0], parts[1], parts[2]


def voxel_in(found: Any, shape: Voxel) -> Voxel:
    """A voxel of the grid.

    Raises
    ------
    Damaged
        If it is none.
    """
    if len(found) != 3 or not all(is_whole(v) and 0 <= v < n for v, n in zip(found, shape, strict=True)):
        raise Damaged("an edit's centre lies outside the grid")
    return found[0], found[1], found[2]


def is_whole(value: object) -> bool:
    """Whether it is a whole number, and not a truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def text_of(value: object) -> str:
    """A text of bearable length.

    Raises
    ------
    Damaged
        If it is none.
    """
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise Damaged("a text is damaged")
    return value


def time_of(value: object) -> float:
    """Seconds since 1970; 0 where it is none."""
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e11 else 0.0
