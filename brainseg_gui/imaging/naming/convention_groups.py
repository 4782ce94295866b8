"""Cases whose images follow a row of the table of conventions, with what lies beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from brainseg_gui.imaging.formats.known_formats import stem
from brainseg_gui.imaging.naming.conventions import CHANNEL, VOLUMES
from brainseg_gui.imaging.naming.file_words import words_of
from brainseg_gui.imaging.naming.found_file import FoundFile, Group

_MOST_CHANNELS = 16
BESIDE = 50
"""The first of the level of files that lie beside those that a row names."""


def groups_by_convention(left: dict[Path, list[FoundFile]]) -> list[Group]:
    """Cases whose images follow a row; what they take is left no more."""
    by_key: dict[tuple[Path, str, str], list[FoundFile]] = {}
    for files in left.values():
        for found in _numbered(files):
            if found.match is not None:
                key = (found.match.base, found.match.convention.name, found.match.case_id)
                by_key.setdefault(key, []).append(found)
    groups = [_row_group(files) for files in by_key.values() if any(found.is_image for found in files)]
    taken = {found.path for group in groups for found in group.files}
    for folder, files in left.items():
        left[folder] = [_by_words(found) for found in files if found.path not in taken]
    owners = Counter(folder for group in groups for folder in {found.path.parent for found in group.files})
    return [_with_leftovers(group, owners, left) for group in groups]


def _numbered(files: Iterable[FoundFile]) -> list[FoundFile]:
    """Files whose channel is their name's last number; where there are too many numbers, these are the cases'."""
    files = list(files)
    several: dict[str, int] = {}
    for found in files:
        if found.kind == CHANNEL:
            several[found.prefix] = several.get(found.prefix, 0) + 1
    return [
        found if found.kind != CHANNEL or several[found.prefix] <= _MOST_CHANNELS else _as_volumes(found)
        for found in files
    ]


def _as_volumes(found: FoundFile) -> FoundFile:
    match = found.match
    if match is None:
        return found
    parts = {**match.parts, "patient": stem(found.path)}
    return replace(found, kind=VOLUMES, prefix=stem(found.path), match=replace(match, kind=VOLUMES, parts=parts))


def _by_words(found: FoundFile) -> FoundFile:
    """A file of a row that has no images here: a mask among others, known by its words."""
    if found.match is None or not found.match.whole:
        return found
    said = words_of(stem(found.path))
    return replace(found, kind=said.kind, prefix=said.prefix, suffix=said.suffix, match=None, level=(0, 0, 0))


def _row_group(files: list[FoundFile]) -> Group:
    first = min((found for found in files if found.is_image), key=lambda found: (found.level, found.path))
    match = first.match
    whole = match is not None and match.whole
    return Group(first.path.parent, match.case_id if match is not None and whole else "", tuple(files), match)


def _with_leftovers(group: Group, owners: Mapping[Path, int], left: dict[Path, list[FoundFile]]) -> Group:
    """With the files beside its images that no row knows; where other cases lie there, those that begin as they do."""
    folders = {found.path.parent for found in group.files if found.is_image}
    more: list[FoundFile] = []
    for folder in sorted(folders):
        beside = left.get(folder, [])
        if owners[folder] > 1:
            starts = {words_of(stem(found.path)).prefix for found in group.files if found.is_image} - {""}
            beside = [found for found in beside if found.prefix in starts]
        more += [replace(found, level=(BESIDE, *found.level[1:])) for found in beside]
        left[folder] = [found for found in left.get(folder, []) if found not in beside]
    return replace(group, files=(*group.files, *more))
