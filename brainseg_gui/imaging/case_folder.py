"""Which file is what: case folders, loose files, cohorts and Decathlon files, by name alone."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from brainseg_gui.errors import BrainsegError, CaseError, printable
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.nifti_header import is_nifti, read_header, stem
from brainseg_gui.imaging.other_formats import other_format

# The last word of a file's name that tells its modality; the order matters: T1ce before T1.
_WORDS: Mapping[Modality | str, str] = {
    Modality.T1CE: r"t1[-_ ]?(?:ce|c|gd|post|km|contrast)|t1wce|ce[-_]?gad(?:olinium)?_t1w|t1gad",
    Modality.FLAIR: r"t2[-_]?flair|flair|t2f|fla",
    Modality.T2: r"t2w?",
    Modality.T1: r"t1(?:n|w|pre)?",
    "mask": r"seg(?:m|mentation)?|mask|labels?|gt",
}
_TRAILING = r"(?:[-_. ](?:bet|brain|stripped|ss|reg|bias|n4|norm|0000|w))*$"
_PATTERNS = {kind: re.compile(rf"(?:^|[-_. ])(?:{words}){_TRAILING}", re.IGNORECASE) for kind, words in _WORDS.items()}

# A mask of the brain, not of the tumour: "X_brain_mask", "X_brain_parenchyma_segmentation", "X_mask_bet".
_BRAIN = r"(?:brain|head|skull|bet|(?:brain[-_ ]?)?parenchyma)"
_BRAIN_MASK = re.compile(
    rf"(?:^|[-_. ]){_BRAIN}[-_. ]?(?:{_WORDS['mask']}){_TRAILING}|(?:^|[-_. ])mask[-_. ]?{_BRAIN}$", re.IGNORECASE
)

_LOOKED_AT = 50  # files, and folders, of one without NIfTI
DECATHLON_CHANNELS = (Modality.FLAIR, Modality.T1, Modality.T1CE, Modality.T2)


def kind_of(path: Path) -> Modality | str | None:
    """What a file's name says it is: a modality, ``"mask"`` (of a tumour, not of the brain), or None."""
    name = stem(path)
    kind = next((kind for kind, pattern in _PATTERNS.items() if pattern.search(name)), None)
    return None if kind == "mask" and _BRAIN_MASK.search(name) else kind


def prefix_of(path: Path) -> str:
    """A file's name without the word that tells its modality: the case it belongs to."""
    name = stem(path)
    for pattern in _PATTERNS.values():
        if match := pattern.search(name):
            return name[: match.start()]
    return name


def find_case(path: Path) -> CaseSource:
    """Find the files of one case.

    Parameters
    ----------
    path
        A case folder, or one of its files, or a Decathlon file.

    Raises
    ------
    CaseError
        If no modality is found; says what was found and what is missing.
    """
    if path.is_dir():
        cases = _cases_of(path, _nifti_files(path))
        if len(cases) == 1:
            return cases[0]
        if not cases:
            raise _nothing_found(path)
        raise CaseError(f"it holds {len(cases)} cases", "Open it as a cohort, or choose one case's files", path)
    if not path.exists():
        raise CaseError("there is no such file or folder", "Check the name, or mount the drive", path)
    return source_of_files([path])


def source_of_files(paths: Sequence[Path]) -> CaseSource:
    """Make one case of loose files; a single file brings the files of its case along.

    Raises
    ------
    CaseError
        If one of them is no NIfTI image, or their names begin as those of several patients.
    """
    for path in paths:
        if not is_nifti(path):
            if known := other_format([path]):
                raise CaseError(f"it is {known[0]}, not NIfTI", known[1], path)
            raise CaseError("it is not a NIfTI file (.nii or .nii.gz)", "Choose NIfTI files", path)
    _check_one_patient(paths)
    first = paths[0]
    if len(paths) == 1:
        siblings = [p for p in _nifti_files(first.parent) if prefix_of(p) == prefix_of(first)]
        paths = siblings if kind_of(first) is not None and len(siblings) > 1 else paths
    source = _assign(prefix_of(first) or first.parent.name, first.parent, paths)
    if source.modalities:
        return source
    return decathlon_source(first) or _only_images(paths)


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


def decathlon_source(path: Path) -> CaseSource | None:
    """The case of a 4-D Decathlon file, or None when the file is not 4-D.

    Raises
    ------
    CaseError
        If it is 4-D, but not four volumes.
    ImageError
        If the file cannot be read.
    """
    dim = [int(n) for n in read_header(path)["dim"]]
    if dim[0] < 4 or dim[4] <= 1:
        return None
    if dim[4] != len(DECATHLON_CHANNELS):
        raise CaseError(
            f"it is a 4-D image with {dim[4]} volumes; a Decathlon case has four (FLAIR, T1, T1ce, T2)",
            "Give one 3-D file per modality",
            path,
        )
    return _four_volumes(path)


def _listed(path: Path) -> CaseSource | None:
    """The case of a Decathlon file in a cohort; a bad file is listed too and says so when it is opened."""
    try:
        return decathlon_source(path)
    except BrainsegError:
        return _four_volumes(path)


def _four_volumes(path: Path) -> CaseSource:
    labels = path.parent.parent / path.parent.name.replace("images", "labels") / path.name
    reference = labels if labels != path and labels.is_file() else None
    return CaseSource(printable(stem(path)), path.parent, dict.fromkeys(DECATHLON_CHANNELS, path), reference)


def find_cohort(folder: Path) -> tuple[CaseSource, ...]:
    """All cases below a folder, by name, without reading any image.

    Sub-folders with at least one modality are cases; so are groups of files that share a prefix, and the files
    of a Decathlon ``imagesTr`` folder. A sub-folder that is no case itself may hold cases (``HGG``, ``LGG``, or
    patients with their visits); cases of one name in several of them are told apart by the folders' names.

    Raises
    ------
    CaseError
        If there is none.
    """
    if not folder.is_dir():
        raise CaseError("there is no such folder", "Check the name, or mount the drive", folder)
    found = list(_cases_of(folder, _nifti_files(folder)))
    for child in sorted(_folders(folder)):
        with contextlib.suppress(BrainsegError):  # a folder that cannot be read hides no other case
            cases = _cases_of(child, _nifti_files(child))
            found.extend(cases or _cases_in(child))
    if not found:
        raise _nothing_found(folder)
    return _told_apart(found, folder)


def _told_apart(cases: Sequence[CaseSource], folder: Path) -> tuple[CaseSource, ...]:
    """Cases by the names of all their folders where two have one name: P1_visit1 and P2_visit1."""
    if len({case.case_id for case in cases}) == len(cases):
        return tuple(cases)
    return tuple(replace(case, case_id=_long_id(case, folder)) for case in cases)


def _long_id(case: CaseSource, folder: Path) -> str:
    parts = [printable(part) for part in case.folder.relative_to(folder).parts]
    return "_".join(parts if parts and parts[-1] == case.case_id else [*parts, case.case_id])


def _cases_of(folder: Path, files: Sequence[Path]) -> tuple[CaseSource, ...]:
    if folder.name.startswith("images") and files and not any(kind_of(path) for path in files):
        return tuple(source for path in files if (source := _listed(path)) is not None)
    groups = _groups(files)
    if len(groups) <= 1:
        source = _assign(folder.name, folder, files)
        if source.modalities:
            return (source,)
        if len(files) == 1 and (four := decathlon_source(files[0])) is not None:
            return (four,)
        return ()
    sources = (_assign(prefix, folder, group) for prefix, group in sorted(groups.items()))
    return tuple(source for source in sources if source.modalities)


def _groups(files: Sequence[Path]) -> dict[str, list[Path]]:
    """Files by prefix, when one folder holds several cases; else a single group.

    Only modalities tell cases apart: a folder with two FLAIR files holds two cases, one with oddly named masks
    does not.
    """
    kinds = {path: kind for path in files if isinstance(kind := kind_of(path), Modality)}
    groups: dict[str, list[Path]] = {prefix_of(path): [] for path in kinds}
    if len(groups) < 2 or len(kinds) == len(set(kinds.values())):
        return {"": list(files)}
    for path in files:
        if (prefix := prefix_of(path)) in groups:
            groups[prefix].append(path)
    return groups


def _assign(case_id: str, folder: Path, files: Iterable[Path]) -> CaseSource:
    modalities: dict[Modality, Path] = {}
    masks: list[Path] = []
    unused: list[Path] = []
    for path in files:
        kind = kind_of(path)
        if kind == "mask":
            masks.append(path)
        elif isinstance(kind, Modality) and kind not in modalities:
            modalities[kind] = path
        else:
            unused.append(path)
    prefixes = {prefix_of(path) for path in modalities.values()}
    masks.sort(key=lambda path: (prefix_of(path) not in prefixes, path.name))
    reference = masks[0] if masks else None
    ordered = {m: modalities[m] for m in Modality if m in modalities}
    return CaseSource(printable(case_id), folder, ordered, reference, (*unused, *masks[1:]))


def _cases_in(folder: Path) -> list[CaseSource]:
    """Cases in the sub-folders of a folder that is none itself."""
    return [case for child in sorted(_folders(folder)) for case in _cases_of(child, _nifti_files(child))]


def _nifti_files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            files = [Path(entry.path) for entry in entries if is_nifti(Path(entry.name)) and answers(entry.is_file)]
            return sorted(path for path in files if not path.name.startswith("."))  # "._NAME" of macOS archives
    except OSError as error:
        raise CaseError(f"the folder cannot be read ({error.strerror})", "Check its permissions", folder) from error


def _some_files(folder: Path) -> Iterator[Path]:
    """Files at and below a folder, from as many folders and of as many files as can be looked at in no time."""
    below = ((Path(place), sorted(names)) for place, _, names in islice(os.walk(folder), _LOOKED_AT))
    return islice((place / name for place, names in below for name in names if not name.startswith(".")), _LOOKED_AT)


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if answers(entry.is_dir) and not entry.name.startswith(".")]


def answers(kind: Callable[[], bool]) -> bool:
    """Whether something is a file (`is_file`) or a folder; a link in a circle, or where nobody may look, is neither."""
    try:
        return kind()
    except OSError:
        return False


def _shortened(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:28]}…{name[-28:]}"


def _nothing_found(folder: Path) -> CaseError:
    files = _nifti_files(folder)
    if not files and (known := other_format(_some_files(folder))):
        return CaseError(f"no NIfTI file is in this folder, but {known[0]} images", known[1], folder)
    if not files:
        return CaseError(
            "no NIfTI file is in this folder",
            "Choose a folder with files such as NAME_t1.nii.gz, NAME_flair.nii.gz",
            folder,
        )
    names = ", ".join(_shortened(path.name) for path in files[:4]) + (", …" if len(files) > 4 else "")
    return CaseError(
        f"none of the {len(files)} NIfTI files names a modality ({names})",
        "Assign the files with File › Assign files, or rename them to NAME_t1, NAME_t1ce, NAME_t2, NAME_flair",
        folder,
    )
