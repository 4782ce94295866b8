"""Which files belong to one case: by a convention of names, by the beginning of their names, by folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from brainseg_gui.imaging.formats.known_formats import stem
from brainseg_gui.imaging.naming.case_tree import FolderListing
from brainseg_gui.imaging.naming.convention_groups import groups_by_convention
from brainseg_gui.imaging.naming.conventions import MASK
from brainseg_gui.imaging.naming.file_words import words_of
from brainseg_gui.imaging.naming.found_file import Group, found_at
from brainseg_gui.imaging.naming.mask_folders import with_masks
from brainseg_gui.imaging.naming.modality_folders import carried_up, joined
from brainseg_gui.imaging.naming.name_groups import groups_by_name
from brainseg_gui.imaging.naming.visit_names import with_visits


def groups_of(folders: Sequence[FolderListing]) -> list[Group]:
    """The cases among the files of some folders; files of no case are in none."""
    left = {here.folder: with_visits([found_at(path) for path in here.files]) for here in folders}
    groups = groups_by_convention(left)
    carried = carried_up(left)
    for files_of in (left, carried):
        for folder, files in files_of.items():
            groups += groups_by_name(folder, files)
    dangling = {here.folder: here.dangling for here in folders if here.dangling}
    whole = [_with_dangling(group, dangling) for group in joined(groups)] if dangling else joined(groups)
    pool = [found for files in (*left.values(), *carried.values()) for found in files if found.kind == MASK]
    return with_masks([group for group in whole if group.kinds], pool)


def _with_dangling(group: Group, dangling: Mapping[Path, tuple[Path, ...]]) -> Group:
    links = [path for folder in {found.path.parent for found in group.files} for path in dangling.get(folder, ())]
    prefixes = {found.prefix for found in group.files}
    mine = [path for path in links if len(prefixes) == 1 or words_of(stem(path)).prefix in prefixes]
    return replace(group, dangling=tuple(sorted(mine)))
