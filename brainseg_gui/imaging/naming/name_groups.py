"""Cases of one folder, told apart by what their files' names begin, or end, with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from brainseg_gui.imaging.naming.conventions import VOLUMES
from brainseg_gui.imaging.naming.found_file import FoundFile, Group


def groups_by_name(folder: Path, files: list[FoundFile]) -> list[Group]:
    """The cases of a folder whose files no convention names."""
    if len(files) == 1 and files[0].kind is None and files[0].match is None:  # it may be 4-D
        files = [replace(files[0], kind=VOLUMES)]
    by_prefix = _prefixes(files)
    if len(by_prefix) == 1:
        ((name, members),) = by_prefix.items()
        return [Group(folder, name, tuple(members))] if members else []
    return [Group(folder, name, tuple(members)) for name, members in sorted(by_prefix.items())]


def _prefixes(files: list[FoundFile]) -> dict[str, list[FoundFile]]:
    """Files by prefix, when one folder holds several cases; else a single group.

    Only modalities tell cases apart: a folder with two FLAIR files holds two cases, one with oddly named masks
    does not.
    """
    images = [found for found in files if found.is_image]
    names = {found.prefix for found in images}
    if len(names) < 2 or len(images) == len({found.kind for found in images}):
        return _suffixes(files, images) or {"": files}
    groups: dict[str, list[FoundFile]] = {name: [] for name in names}
    for found in files:
        if found.prefix in groups:
            groups[found.prefix].append(found)
    return _with_extensions(groups)


def _with_extensions(groups: Mapping[str, list[FoundFile]]) -> dict[str, list[FoundFile]]:
    """Where only one case has several modalities, images whose names go on from its name are others of it."""
    kinds = {name: {found.kind for found in files if found.is_image} for name, files in groups.items()}
    whole = [name for name in groups if len(kinds[name]) > 1]
    if len(whole) != 1 or not all(name == whole[0] or _goes_on(name, whole[0]) for name in groups):
        return dict(groups)
    return {"": [found for files in groups.values() for found in files]}


def _goes_on(name: str, start: str) -> bool:
    return bool(start) and name.startswith(start) and name[len(start)] in "-_. "


def _suffixes(files: list[FoundFile], images: list[FoundFile]) -> dict[str, list[FoundFile]]:
    """Cases of names that begin with the modality: T1_001, T2_001, T1_002, T2_002."""
    names = {found.suffix for found in images}
    counts = [sum(found.suffix == name for found in images) for name in names]
    if len(images) == len({found.kind for found in images}) or "" in names or min(counts, default=0) < 2:
        return {}
    return {name: [found for found in files if found.suffix == name] for name in names}
