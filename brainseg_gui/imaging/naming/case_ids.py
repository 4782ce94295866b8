"""What cases are called: by their row of the table, by their folders, by the beginning of their files' names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from brainseg_gui.errors import printable
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.naming.case_tree import FolderListing, answers
from brainseg_gui.imaging.naming.conventions import words
from brainseg_gui.imaging.naming.found_file import Group
from brainseg_gui.imaging.naming.patients import is_visit, is_visit_beside, may_be_visit, some_visits, visit_id

Beside = Callable[[Path], Sequence[str]]
"""The names of the folders in a folder that may be named after visits, or some of them."""


def ids_of(groups: Sequence[Group], listed: Sequence[FolderListing]) -> list[tuple[Group, str]]:
    """Each case among listed folders with its id; that of a visit's folder names the patient too, whatever was opened.

    A patient's folder that was not listed is listed here: one visit alone was opened.
    """
    several = Counter(group.folder for group in groups)
    below: dict[Path, list[str]] = {here.folder.absolute(): [] for here in listed}
    for folder in list(below):
        below.setdefault(folder.parent, []).append(folder.name)
    known = {here.folder.absolute() for here in listed}
    beside = cache(lambda patient: some_visits(below[patient] if patient in known else _folders_in(patient)))
    return [(group, _with_patient(group, _id_of(group, alone=several[group.folder] == 1), beside)) for group in groups]


def id_of(group: Group) -> str:
    """Id of a case that was asked for by a file: its folder may hold others."""
    return _id_of(group, alone=False)


def told_apart(cases: Sequence[CaseSource], folder: Path) -> tuple[CaseSource, ...]:
    """Cases by the names of all their folders where two have one name: siteA_P1_visit1 and siteB_P1_visit1."""
    if len({case.case_id for case in cases}) == len(cases):
        return tuple(cases)
    return tuple(replace(case, case_id=_long_id(case, folder)) for case in cases)


def _id_of(group: Group, *, alone: bool) -> str:
    """What its row of the table says, its folder's name, or the beginning of its files' names."""
    if group.match is not None and group.match.whole:
        return group.match.case_id
    prefixes = _prefixes(group)
    prefix = group.name or (prefixes.pop() if len(prefixes) == 1 else "")  # series named apart share no beginning
    folder = group.folder.resolve() if group.folder.name in ("", "..") else group.folder
    if alone and not _says_nothing(folder):
        return folder.name
    return prefix or next((place.name for place in (folder, *folder.parents) if not _says_nothing(place)), folder.name)


def _with_patient(group: Group, case_id: str, beside: Beside) -> str:
    """The id, with the name of the patient where it is that of a visit's folder and the one around is a patient's."""
    folder = next((place for place in (group.folder, *group.folder.parents) if not _says_nothing(place)), group.folder)
    if case_id != folder.name or not may_be_visit(case_id) or (group.match is not None and group.match.whole):
        return case_id
    patient = folder.absolute().parent
    if not patient.name or _says_nothing(patient) or is_visit(patient.name):
        return case_id
    others = _prefixes(group) - {""}  # baseline/P1_t1: the files name somebody else
    if not all(is_visit(one) or folder.name in one or patient.name in one for one in others):
        return case_id
    return visit_id(patient.name, case_id) if is_visit_beside(case_id, beside(patient)) else case_id


def _prefixes(group: Group) -> set[str]:
    return {found.prefix for found in group.files if found.is_image and found.prefix}


def _says_nothing(folder: Path) -> bool:
    """Whether a folder is named after what lies in it, not after a case."""
    return folder.name.lower() in words()["folders"] | words()["mask_folders"] or folder.name.startswith("images")


def _long_id(case: CaseSource, folder: Path) -> str:
    parts = [printable(part) for part in case.folder.relative_to(folder).parts]
    path = "_".join(parts)
    return path if path.endswith(case.case_id) else "_".join([*parts, case.case_id])


def _folders_in(folder: Path) -> tuple[str, ...]:
    try:
        with os.scandir(folder) as entries:
            return tuple(entry.name for entry in entries if answers(entry.is_dir))
    except OSError:
        return ()
