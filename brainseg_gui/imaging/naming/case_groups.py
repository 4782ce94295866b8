"""Which files belong to one case: by the rows of the table, by the beginning of their names, by folders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from brainseg_gui.imaging.formats.known_formats import stem, suffix_of
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.case_tree import FolderListing
from brainseg_gui.imaging.naming.conventions import CHANNEL, MASK, VOLUMES, Kind, words
from brainseg_gui.imaging.naming.file_words import words_of
from brainseg_gui.imaging.naming.found_file import FoundFile, Group, found_at

_MOST_CHANNELS = 16
_SEQUENCES = 3  # of one visit "post" or "T1", from which that means a visit: after contrast agent there is a T1 alone
_BEFORE_SEQUENCE = re.compile(r"(.+[-_. ](?:pre|post)|(?:.+[-_. ])?t\d)[-_. ](.+)", re.IGNORECASE)
BESIDE = 50  # the first of the level of files that lie beside those that a row names


def groups_of(folders: Sequence[FolderListing]) -> list[Group]:
    """The cases among the files of some folders; files of no case are in none."""
    left = {here.folder: _with_visits([found_at(path) for path in here.files]) for here in folders}
    groups = _by_rows(left)
    carried = _carried(left)
    for folder, files in left.items():
        groups += _in_folder(folder, files)
    for folder, files in carried.items():
        groups += _in_folder(folder, files)
    dangling = {here.folder: here.dangling for here in folders if here.dangling}
    joined = [_with_dangling(group, dangling) for group in _joined(groups)] if dangling else _joined(groups)
    pool = [found for files in (*left.values(), *carried.values()) for found in files if found.kind == MASK]
    return _with_masks([group for group in joined if group.kinds], pool)


def _with_visits(files: list[FoundFile]) -> list[FoundFile]:
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


# --- by the rows of the table ---------------------------------------------------------------------------------------


def _by_rows(left: dict[Path, list[FoundFile]]) -> list[Group]:
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


# --- by folders -----------------------------------------------------------------------------------------------------


def _carried(left: dict[Path, list[FoundFile]]) -> dict[Path, list[FoundFile]]:
    """Files that a folder's name tells the kind of, as if they lay in the folder above."""
    carriers = {folder: kind for folder, files in left.items() if files and (kind := _carries(folder, files, left))}
    carried: dict[Path, list[FoundFile]] = {}
    for folder, kind in carriers.items():
        beside = [other for other in carriers if other.parent == folder.parent]
        if not any(
            isinstance(carriers[other], Modality) for other in beside
        ):  # labels of images with names of their own
            left[folder] = [_of_kind(found, kind, alone=False) for found in left[folder]]
            continue
        alone = all(len(left[other]) == 1 for other in beside) and len({_stems(left[other]) for other in beside}) > 1
        files = [_of_kind(found, kind, alone=alone) for found in left[folder]]
        carried.setdefault(folder.parent, []).extend(files)
    for folder in carriers:
        if folder.parent in carried:
            left[folder] = []
    return carried


def _stems(files: Sequence[FoundFile]) -> str:
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


def _joined(groups: list[Group]) -> list[Group]:
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


# --- by the beginning of names --------------------------------------------------------------------------------------


def _in_folder(folder: Path, files: list[FoundFile]) -> list[Group]:
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


def _with_dangling(group: Group, dangling: Mapping[Path, tuple[Path, ...]]) -> Group:
    links = [path for folder in {found.path.parent for found in group.files} for path in dangling.get(folder, ())]
    prefixes = {found.prefix for found in group.files}
    mine = [path for path in links if len(prefixes) == 1 or words_of(stem(path)).prefix in prefixes]
    return replace(group, dangling=tuple(sorted(mine)))


# --- masks in folders of their own ----------------------------------------------------------------------------------


def _with_masks(groups: list[Group], pool: Sequence[FoundFile]) -> list[Group]:
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
