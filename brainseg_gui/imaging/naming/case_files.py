"""From the files of one case to its source: which file is taken for each modality and for the mask, and why."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from brainseg_gui.errors import BrainsegError, CaseError, printable
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.formats.known_formats import suffixes_read
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.naming.case_tree import answers
from brainseg_gui.imaging.naming.convention_groups import BESIDE
from brainseg_gui.imaging.naming.conventions import CHANNEL, MASK, VOLUMES, Match, match_of
from brainseg_gui.imaging.naming.dataset_json import DatasetJson, dataset_json_of
from brainseg_gui.imaging.naming.found_file import FoundFile, Group

DECATHLON_CHANNELS = (Modality.FLAIR, Modality.T1, Modality.T1CE, Modality.T2)
ASSUMED_ORDER = "The volumes are taken for"
_SHOWN = 3  # of the files that were not taken, by name


def source_of(group: Group, case_id: str) -> CaseSource | None:
    """The case of a group's files; None where none of them is an image.

    A file that cannot be read as 4-D is listed all the same, and says so when it is opened.
    """
    said = dataset_json_of(group.match.base) if group.match is not None and group.match.whole else DatasetJson()
    files, order, notes = _numbered(group, said)
    taken, why = _taken(files)
    if not taken:
        return None
    masks = _masks(files, group, taken)
    used = {found.path for found in (*taken.values(), *masks[:1])}
    scheme = said.scheme()
    return CaseSource(
        printable(case_id),
        group.folder,
        {m: taken[m].path for m in Modality if m in taken},
        masks[0].path if masks else None,
        tuple(dict.fromkeys(found.path for found in files if found.path not in used)),
        volumes=order,
        notes=(*notes, *why, *_masks_said(masks), *_unclear_said(group), *_links_said(group)),
        names=_names(group, taken),
        patient=_patient(group.match),
        convention=group.match.convention.name if group.match is not None else "",
        scheme=scheme.name if scheme is not None else "",
    )


def _patient(match: Match | None) -> str:
    """Whose it is, where the row tells people from cases: a loose one without visits takes any name for a patient's."""
    if match is None or (match.convention.loose and "visit" not in match.parts):
        return ""
    return match.patient


# --- channels and volumes -------------------------------------------------------------------------------------------


def _numbered(group: Group, said: DatasetJson) -> tuple[list[FoundFile], tuple[Modality | None, ...], list[str]]:
    """Files with the modality that their number or volumes stand for, the volumes' order, and what was assumed."""
    plain = [found for found in group.files if found.kind not in (CHANNEL, VOLUMES)]
    channels = [found for found in group.files if found.kind == CHANNEL and found.match is not None]
    if channels:
        order, notes = _order(group.match, said)
        named = [replace(found, kind=_modality_at(found, order)) for found in channels]
        return [*named, *plain], (), notes
    whole = [found for found in group.files if found.kind == VOLUMES]
    if not whole or any(found.is_image for found in plain):
        return [*plain, *(replace(found, kind=None) for found in whole)], (), []
    order, notes = _order(group.match, said)
    if _is_3d(whole[0].path):
        return plain, (), []
    return [*(replace(whole[0], kind=m) for m in order if m is not None), *whole[1:], *plain], order, notes


def _order(match: Match | None, said: DatasetJson) -> tuple[tuple[Modality | None, ...], list[str]]:
    if said.order:
        return said.order, []
    order = match.convention.order if match is not None and match.convention.order else DECATHLON_CHANNELS
    names = ", ".join(modality.title for modality in order)
    return order, [f"{ASSUMED_ORDER} {names}: no dataset.json beside them says so"]


def _modality_at(found: FoundFile, order: Sequence[Modality | None]) -> Modality | None:
    number = int(found.match.parts["channel"]) if found.match is not None else len(order)
    return order[number] if number < len(order) else None


def _is_3d(path: Path) -> bool:
    try:
        return len(_dimensions(path)) < 4
    except BrainsegError:
        return False  # opening it says what is wrong


def check_volumes(path: Path, source: CaseSource) -> None:
    """Refuse a 4-D file whose volumes are not as many as the modalities that they stand for.

    Raises
    ------
    CaseError
        Says how many there are.
    ImageError
        If it cannot be read.
    """
    count = (*_dimensions(path), 1)[3]
    if source.volumes and count != len(source.volumes):
        names = ", ".join(modality.title if modality else "another" for modality in source.volumes)
        text = f"it is a 4-D image with {count} volumes; a case like this has {len(source.volumes)} ({names})"
        raise CaseError(text, "Give one 3-D file per modality, or name the volumes in a dataset.json", path)


# --- which of several -----------------------------------------------------------------------------------------------


def _taken(files: Iterable[FoundFile]) -> tuple[dict[Modality, FoundFile], list[str]]:
    """The file of each modality, and sentences about those that lie there too.

    All modalities are taken from those made alike, where there are most of them: stripped before raw. What is missing
    there comes from the others in the same folder. Of two that are made alike the newest is taken.
    """
    images = [found for found in files if isinstance(found.kind, Modality)]
    alike: dict[tuple[Path, tuple[int, int, int]], list[FoundFile]] = {}
    for found in images:
        alike.setdefault((found.path.parent if found.level[0] else Path(), found.level), []).append(found)
    ranked = sorted(alike.items(), key=lambda item: (-len({found.kind for found in item[1]}), item[0][1], item[0][0]))
    taken: dict[Modality, FoundFile] = {}
    for _, members in ranked:
        for modality in Modality:
            several = [found for found in members if found.kind is modality]
            if several and modality not in taken and _belongs(several[0], ranked[0][1]):
                taken[modality] = _newest(several)
    return taken, _choices_said(images, taken)


def _belongs(found: FoundFile, best: Sequence[FoundFile]) -> bool:
    """Whether a file may stand in for one that is missing: a row of the table has them at the same place."""
    levels = {found.level[0], best[0].level[0]}
    return len(levels) == 1 or BESIDE in levels


def _newest(several: Sequence[FoundFile]) -> FoundFile:
    if len(several) == 1:
        return several[0]
    return max(sorted(several, key=lambda found: found.path, reverse=True), key=_changed)


def _changed(found: FoundFile) -> float:
    with suppress(OSError):
        return found.path.stat().st_mtime
    return 0.0


def _choices_said(images: Sequence[FoundFile], taken: Mapping[Modality, FoundFile]) -> list[str]:
    said = []
    for modality, found in sorted(taken.items(), key=lambda item: item[0].value):
        others = [other for other in images if other.kind is modality and other.path != found.path]
        if not others:
            continue
        names = ", ".join(printable(other.path.name) for other in others[:_SHOWN])
        more = ", …" if len(others) > _SHOWN else ""
        verb = "lies" if len(others) == 1 else "lie"
        name = printable(found.path.name)
        said.append(f"{modality.title}: {name} was taken{_why(found, others)}; {names}{more} {verb} there too")
    mixed = {found.level[1] for found in taken.values()}
    if -1 in mixed and len(mixed) > 1:
        whole = [modality.title for modality, found in taken.items() if found.level[1] != -1]
        said.append(f"{', '.join(whole)}: only these may still have a skull, by their names")
    return said


def _why(found: FoundFile, others: Sequence[FoundFile]) -> str:
    if any(other.level[0] != found.level[0] for other in others):
        return f", as {found.match.convention.title} names it" if found.match is not None else ""
    if found.level[1] < min(other.level[1] for other in others):
        return ", for it is without the skull"
    if all(other.level == found.level for other in others):
        return ", for it is the newest" if all(_changed(found) > _changed(other) for other in others) else ""
    return ""


# --- masks and links ------------------------------------------------------------------------------------------------


def _masks(files: Sequence[FoundFile], group: Group, taken: Mapping[Modality, FoundFile]) -> list[FoundFile]:
    """Masks, the one that goes with the images first."""
    rank = min((found.level[0] for found in taken.values()), default=0)
    prefixes = {found.prefix for found in taken.values()}
    masks = [found for found in files if found.kind == MASK]
    expected = [found for found in _expected(group) if found.path not in {mask.path for mask in masks}]

    def order(found: FoundFile) -> tuple[object, ...]:
        level = found.level[0]
        return found.match is None, level != rank, level, found.prefix not in prefixes, found.path.name

    return sorted(masks or expected, key=order)


def _expected(group: Group) -> list[FoundFile]:
    """The masks of a case that its row of the table puts into another folder."""
    if group.match is None:
        return []
    found, suffixes = [], (*suffixes_read(), *map(str.upper, suffixes_read()))
    for rank, place in group.match.siblings(MASK):
        paths = [place.with_name(place.name + suffix) for suffix in suffixes]
        found += [
            FoundFile(p, MASK, group.match.case_id, "", (rank, 0, 0), match_of(p)) for p in paths if answers(p.is_file)
        ]
    return found


def _masks_said(masks: Sequence[FoundFile]) -> list[str]:
    if len(masks) < 2:
        return []
    names = ", ".join(printable(mask.path.name) for mask in masks[1 : _SHOWN + 1]) + (
        ", …" if len(masks) > _SHOWN + 1 else ""
    )
    verb = "lies" if len(masks) == 2 else "lie"
    return [f"Mask: {printable(masks[0].path.name)} was taken; {names} {verb} there too"]


def _unclear_said(group: Group) -> list[str]:
    if not group.unclear:
        return []
    names = ", ".join(printable(path.name) for path in group.unclear[:_SHOWN])
    more = ", …" if len(group.unclear) > _SHOWN else ""
    return [f"Mask: none was taken; {names}{more} may be of another case of this name"]


def _links_said(group: Group) -> list[str]:
    said = []
    for path in group.dangling[:_SHOWN]:
        with suppress(OSError):
            said.append(
                f"{printable(path.name)} is a link to what is not there ({printable(os.fsdecode(os.readlink(path)))})"
            )
    return said


def _names(group: Group, taken: Mapping[Modality, FoundFile]) -> tuple[str, ...]:
    """Other names of the case: what its row of the table, its files and its folder call it."""
    names = [group.match.case_id] if group.match is not None else []
    names += [group.name, *(found.prefix for found in taken.values()), group.folder.name]
    return tuple(dict.fromkeys(printable(name) for name in names if name))


def _dimensions(path: Path) -> tuple[int, ...]:
    """Of what a file holds."""
    from brainseg_gui.imaging.formats.reading import read_header  # here: nibabel would delay the first picture

    return read_header(path).shape
