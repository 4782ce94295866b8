"""Which file is what: case folders, loose files, cohorts and 4-D files, by name alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from brainseg_gui.errors import CaseError, printable
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.formats.known_formats import (
    MASK_ENDING,
    endings,
    format_at,
    is_image,
    other_format,
    stem,
    titles,
)
from brainseg_gui.imaging.formats.mask_note import wrote_mask
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.case_files import check_volumes, source_of
from brainseg_gui.imaging.naming.case_groups import groups_of
from brainseg_gui.imaging.naming.case_ids import id_of, ids_of, told_apart
from brainseg_gui.imaging.naming.case_tree import FolderListing, answers, listed, tree
from brainseg_gui.imaging.naming.file_words import kind_of, prefix_of
from brainseg_gui.imaging.naming.found_file import Group

__all__ = ["answers", "find_case", "find_cohort", "kind_of", "prefix_of", "source_of_files"]

_LOOKED_AT = 50  # files, and folders, of one without images


def find_case(path: Path, *, deep: bool = True) -> CaseSource:
    """Find the files of one case.

    Parameters
    ----------
    path
        A case folder, or one of its files, or a 4-D file.
    deep
        Look below the folder too.

    Raises
    ------
    CaseError
        If no modality is found; says what was found and what is missing.
    """
    if path.is_dir():
        return _only_case(path, deep=deep)
    if not path.exists():
        raise CaseError("there is no such file or folder", "Check the name, or mount the drive", path)
    return source_of_files([path])


def _only_case(folder: Path, *, deep: bool) -> CaseSource:
    """The case of a folder: the one whose files lie in it, else the only one below it."""
    unread = tree(folder)
    below = [next(unread)]  # each folder is listed once: it may hold tens of thousands of files, on a slow drive
    sources = _sources(below)
    if not sources:
        below += unread
        sources = _sources(below) if deep and len(below) > 1 else []
    if len(sources) > 1:
        raise CaseError(f"it holds {len(sources)} cases", "Open it as a cohort, or choose one case's files", folder)
    if not sources:
        raise _nothing_found(folder, below)
    return _checked(sources[0])


def _sources(folders: Sequence[FolderListing]) -> list[CaseSource]:
    found = [
        source
        for group, case_id in ids_of(groups_of(folders), folders)
        if (source := source_of(group, case_id)) is not None
    ]
    return sorted(found, key=lambda source: (source.folder, source.case_id))


def _checked(source: CaseSource) -> CaseSource:
    if source.volumes:
        check_volumes(next(iter(source.modalities.values())), source)
    return source


def source_of_files(paths: Sequence[Path]) -> CaseSource:
    """Make one case of loose files; a single file brings the files of its case along.

    Raises
    ------
    CaseError
        If one of them is no image that is read, or their names begin as those of several patients.
    """
    for path in paths:
        if not is_image(path):
            raise _no_image(path)
    _check_one_patient(paths)
    first = paths[0]
    if len(paths) == 1 and not isinstance(kind_of(first), Modality) and wrote_mask(first):
        return _case_of_mask(first)
    group = _group_with(first) if len(paths) == 1 else None
    if group is None:
        group = next(iter(groups_of([FolderListing(first.parent, tuple(paths))])), None)
    source = source_of(group, id_of(group)) if group is not None else None
    return _checked(source) if source is not None else _only_images(paths)


def _no_image(path: Path) -> CaseError:
    known = format_at(path)
    if known is None:
        return CaseError(f"it is not a {titles()} file ({endings()})", f"Choose {titles()} files", path)
    if known.reader is not None:
        remedy = f"Give it a name that ends in {endings([known])}"
        return CaseError(f"it holds {known.title}, but its name does not say so", remedy, path)
    return CaseError(f"it is {known.title}, not {titles()}", known.remedy, path)


def _case_of_mask(path: Path) -> CaseSource:
    """The case that a mask of the program lies beside: it is no image, whatever else lies there."""
    sources = _sources([listed(path.parent)])
    named = [source for source in sources if re.match(rf"{re.escape(source.case_id)}[-_. ]", stem(path))]
    if not named and len(sources) != 1:
        raise CaseError(
            "it is a mask, and the images of its case do not lie beside it",
            "Open the case's folder, then add the mask with File › Add mask",
            path,
        )
    return _checked(max(named or sources, key=lambda source: len(source.case_id)))


def _group_with(path: Path) -> Group | None:
    """The case beside a file that it is part of."""
    groups = groups_of([listed(path.parent)])
    return next((group for group in groups if any(found.path == path for found in group.files)), None)


def _check_one_patient(paths: Sequence[Path]) -> None:
    """Images of two patients would look like one case; who knows better can assign the files."""
    starts = sorted({prefix_of(path) for path in paths if isinstance(kind_of(path), Modality)})
    # "P1" and "P1_late" may be of one patient, "P1" and "P10" are not
    others = [start for start in starts[1:] if not re.match(rf"{re.escape(starts[0])}[-_. ]", start)]
    if starts and starts[0] and others:
        raise CaseError(
            f"the names of these files begin as those of {len(others) + 1} patients "
            f"({printable(', '.join(map(_shortened, [starts[0], *others][:4])))})",
            "Open the files of one patient, or assign them if they belong together",
            paths[0].parent,
        )


def _only_images(paths: Sequence[Path]) -> CaseSource:
    """Of images whose names say nothing the first opens as T1; the person can re-assign all of them."""
    first, *others = paths
    return CaseSource(printable(stem(first)), first.parent, {Modality.T1: first}, unused=tuple(others))


def find_cohort(folder: Path) -> tuple[CaseSource, ...]:
    """All cases below a folder at any depth, by name, without reading any image.

    Files belong together that follow a row of ``conventions.toml``, that share a folder and the beginning of their
    names, or that lie in a folder for each modality. Cases of one name in several folders are told apart by the
    folders' names.

    Raises
    ------
    CaseError
        If there is none.
    """
    if not folder.is_dir():
        raise CaseError("there is no such folder", "Check the name, or mount the drive", folder)
    return cohort_among(list(tree(folder)), folder)


def cohort_among(below: Sequence[FolderListing], folder: Path) -> tuple[CaseSource, ...]:
    """What `find_cohort` finds, of folders that are listed already: `folder` and those below it."""
    found = _sources(below)
    if not found:
        raise _nothing_found(folder, below)
    return told_apart(found, folder)


def _some_files(folder: Path) -> Iterator[Path]:
    """Files at and below a folder, from as many folders and of as many files as can be looked at in no time."""
    below = ((Path(place), sorted(names)) for place, _, names in islice(os.walk(folder), _LOOKED_AT))
    return islice((place / name for place, names in below for name in names if not name.startswith(".")), _LOOKED_AT)


def _shortened(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:28]}…{name[-28:]}"


def _nothing_found(folder: Path, below: Sequence[FolderListing]) -> CaseError:
    files = [path for here in below for path in here.files]
    dangling = [path for here in below for path in here.dangling]
    if dangling and not files:
        return _only_links(folder, dangling)
    if not files and (known := other_format(_some_files(folder))):
        return CaseError(f"no {titles()} file is in this folder, but {known.title} images", known.remedy, folder)
    if not files:
        return CaseError(
            f"no {titles()} file is in this folder",
            f"Choose a folder with files such as NAME_t1{MASK_ENDING}, NAME_flair{MASK_ENDING}",
            folder,
        )
    names = ", ".join(_shortened(path.name) for path in files[:4]) + (", …" if len(files) > 4 else "")
    return CaseError(
        f"none of the {len(files)} {titles()} files names a modality ({names})",
        "Assign the files with File › Assign files, or rename them to NAME_t1, NAME_t1ce, NAME_t2, NAME_flair",
        folder,
    )


def _only_links(folder: Path, dangling: Sequence[Path]) -> CaseError:
    first = dangling[0]
    return CaseError(
        f"its {len(dangling)} {titles()} files are links to what is not there ({_shortened(first.name)} leads to "
        f"{_shortened(os.fsdecode(os.readlink(first)))})",
        "Mount the drive, or fetch the files (datalad get, git annex get)",
        folder,
    )
