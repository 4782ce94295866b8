"""Folders that are named after what lies in them: a modality's, or the masks'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path

from brainseg_gui.imaging.formats.known_formats import stem, suffix_of
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.conventions import MASK, Kind, words
from brainseg_gui.imaging.naming.file_words import words_of
from brainseg_gui.imaging.naming.found_file import FoundFile, Group


def carried_up(left: dict[Path, list[FoundFile]]) -> dict[Path, list[FoundFile]]:
    """Files that a folder's name tells the kind of, as if they lay in the folder above."""
    carriers = {folder: kind for folder, files in left.items() if files and (kind := _carries(folder, files, left))}
    carried: dict[Path, list[FoundFile]] = {}
    for folder, kind in carriers.items():
        beside = [other for other in carriers if other.parent == folder.parent]
        # labels alone are those of images with names of their own
        if not any(isinstance(carriers[other], Modality) for other in beside):
            left[folder] = [_of_kind(found, kind, alone=False) for found in left[folder]]
            continue
        alone = all(len(left[other]) == 1 for other in beside) and len({_stem(left[other]) for other in beside}) > 1
        files = [_of_kind(found, kind, alone=alone) for found in left[folder]]
        carried.setdefault(folder.parent, []).extend(files)
    for folder in carriers:
        if folder.parent in carried:
            left[folder] = []
    return carried


def _stem(files: Sequence[FoundFile]) -> str:
    return stem(files[0].path)


def _carries(folder: Path, files: Sequence[FoundFile], looked: Container[Path]) -> Kind | None:
    """The kind that a folder's name gives to all of its files, unless their own say otherwise; masks/siteA too."""
    name = folder.name.removesuffix(suffix_of(folder))
    around = folder.parent.name.lower() if folder.parent in looked else ""
    is_of_masks = not {name.lower(), around}.isdisjoint(words()["mask_folders"])
    kind = MASK if is_of_masks else words_of(name).kind
    if kind is None or any(found.kind not in (None, kind) for found in files):
        return None
    whole = any(found.kind is None for found in files) or len({found.prefix for found in files}) == len(files)
    return kind if whole else None


def _of_kind(found: FoundFile, kind: Kind, *, alone: bool) -> FoundFile:
    prefix = "" if alone else found.prefix if found.kind is not None and found.prefix else stem(found.path)
    return replace(found, kind=kind, prefix=prefix, suffix="")


def joined(groups: list[Group]) -> list[Group]:
    """Cases whose modalities lie in a folder each, put together."""
    single: dict[Path, list[Group]] = {}
    rest = []
    here = Counter(group.folder for group in groups)
    for group in groups:
        images = [found for found in group.files if found.is_image]
        alone = group.match is None and len(images) <= 1 and here[group.folder] == 1
        if alone:
            single.setdefault(_above(group.folder), []).append(group)
        else:
            rest.append(group)
    for parent, parts in single.items():
        rest += _one_case(parent, parts)
    return rest


def _above(folder: Path) -> Path:
    """The folder that holds a modality's folder; "NIFTI" and its like stand between."""
    return folder.parent.parent if folder.name.lower() in words()["folders"] else folder.parent


def _one_case(parent: Path, parts: list[Group]) -> list[Group]:
    kinds = [kind for part in parts for kind in part.kinds]
    prefixes = {found.prefix for part in parts for found in part.files if found.is_image}
    one_name = len(prefixes) == 1 and prefixes != {""}
    if len(kinds) < 2 or len(set(kinds)) < len(kinds) or not (one_name or all(_told_by_folder(part) for part in parts)):
        return parts
    files = tuple(found for part in parts for found in part.files)
    return [Group(parent, "", files)]


def _told_by_folder(part: Group) -> bool:
    names = (part.folder.name, part.folder.parent.name)
    return not part.kinds or any(words_of(name).kind in part.kinds for name in names)
