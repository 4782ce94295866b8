"""Masks that lie in folders of their own, given to the cases that they are named after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from brainseg_gui.imaging.naming.conventions import MASK, words
from brainseg_gui.imaging.naming.found_file import FoundFile, Group


def with_masks(groups: list[Group], pool: Sequence[FoundFile]) -> list[Group]:
    """Cases without a mask get those that are named after them in a folder of masks, if they can be of no other case.

    ``siteA/labels/001`` belongs to ``siteA/images/001``: all folders but those that say nothing have to be the same.
    A mask of another place is taken where only one case has its name, and one place is part of the other.
    """
    taken = {found.path for group in groups for found in group.files}
    by_name: dict[str, list[FoundFile]] = {}
    for found in pool:
        if found.path not in taken:
            by_name.setdefault(_owner(found), []).append(found)
    without = [group for group in groups if not any(found.kind == MASK for found in group.files)]
    names = {id(group): next((name for name in _names(group) if name in by_name), "") for group in without}
    claims = Counter(name for name in names.values() if name)
    return [_with_mask(group, by_name, name, claims) if (name := names.get(id(group))) else group for group in groups]


def _with_mask(group: Group, by_name: Mapping[str, list[FoundFile]], name: str, claims: Mapping[str, int]) -> Group:
    masks = by_name[name]
    place = _place(group.folder, name)
    mine = [found for found in masks if _place(found.path.parent, name) == place]
    if not mine and claims[name] == 1:
        mine = [found for found in masks if _is_part(_place(found.path.parent, name), place)]
    if mine:
        return replace(group, files=(*group.files, *mine))
    return replace(group, unclear=tuple(found.path for found in masks))


def _names(group: Group) -> list[str]:
    names = [group.name, *(found.prefix for found in group.files if found.is_image), group.folder.name]
    return [name for name in names if name]


def _owner(found: FoundFile) -> str:
    return found.prefix or found.path.parent.name


def _place(folder: Path, name: str) -> tuple[str, ...]:
    """The folders that a file lies in, without those that are named after what lies in them and without the case's."""
    silent = words()["folders"] | words()["mask_folders"]
    parts = [part.lower() for part in folder.parts]
    return tuple(p for p in parts if p not in silent and not p.startswith("images") and p != name.lower())


def _is_part(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether all folders of one place are among those of the other, in that order."""
    few, many = sorted((one, other), key=len)
    rest = iter(many)
    return all(part in rest for part in few)
