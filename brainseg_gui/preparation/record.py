"""``preparation.json``: how a prepared case was made, so that it can be judged, repeated, and gone back from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui import __version__
from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.file_mark import FileMark
from brainseg_gui.imaging.formats.image_format import ImageHeader
from brainseg_gui.imaging.grid import Affine, StoredGrid, is_singular
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.plain_files import read_json, visible
from brainseg_gui.plain_values import listed_in, number_in, object_in, path_in, text_in, whole_in
from brainseg_gui.preparation import RECORD
from brainseg_gui.preparation.raw_examination import RawExamination
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.steps.work import PlacedSeries, PreparationWork, Space, Wishes

FORMAT = "brainseg preparation 1"
_LIBRARIES = ("SimpleITK", "numpy", "scipy", "pydicom", "nibabel")
_MOST_FILES, _MOST_VOXELS, _MOST_DOUBTS = 100_000, 2**31, 1000
_RIGID = 1e-3  # of rounding, where a motion was written and read


@dataclass(frozen=True, eq=False)
class PreparedSeries:
    """A series that a prepared case was made of.

    Parameters
    ----------
    header
        How its file, or the first of its files, stores its voxels.
    files
        All of its files as they were when they were read.
    alignment
        Where it lies in the space of the prepared case.
    certainty, reason
        How sure it was that the series is of that modality, and why.
    burned_in
        Whether its header says that annotations are burned into its pixels.
    """

    modality: Modality
    name: str
    header: ImageHeader
    files: Mapping[Path, FileMark]
    alignment: Alignment
    certainty: str = ""
    reason: str = ""
    burned_in: bool = False

    def still_there(self) -> bool:
        """Whether its files are as they were."""
        try:
            return all(mark.fits(path) for path, mark in self.files.items())
        except OSError:
            return False


@dataclass(frozen=True, eq=False)
class Preparation:
    """What a ``preparation.json`` says that is needed again.

    Parameters
    ----------
    reference
        The modality that the others were brought onto.
    said
        Series that a person chose, by modality.
    doubts
        Sentences on what a person should look at.
    others
        The names of series that were there and not used.
    all_files
        `RawExamination.files_digest` as it was; empty in records from before it was noted.
    place
        The folder or file of the raw examination.
    """

    name: str
    reference: Modality
    series: tuple[PreparedSeries, ...]
    wishes: Wishes
    said: Mapping[Modality, str]
    stripped: bool
    program: str
    doubts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    all_files: str = ""
    place: Path = Path()

    @property
    def placed(self) -> PlacedSeries | None:
        """Where its series lie; None where the record holds no reference."""
        places = {one.modality: one.header.path for one in self.series}
        if self.reference not in places:
            return None
        return PlacedSeries(places[self.reference], {one.header.path: one.alignment for one in self.series})

    @property
    def not_registered(self) -> tuple[Modality, ...]:
        """What lies where its files place it because the search failed and nobody put it elsewhere."""
        return tuple(one.modality for one in self.series if one.alignment.problem and not one.alignment.by_hand)

    @property
    def nothing_fits(self) -> bool:
        """Whether no two of several series fit each other, so that nothing tells which of them lies right."""
        return len(self.series) > 2 and len(self.not_registered) == len(self.series) - 1

    def put_by_hand(self, there: Set[Path]) -> PlacedSeries | None:
        """Those of its series that a person put where they lie.

        Parameters
        ----------
        there
            The files of an examination: what was made of others, or of what changed since, says nothing of it.
        """
        same = [one for one in self.series if one.files.keys() <= there and one.still_there()]
        reference = next((one.header.path for one in same if one.modality is self.reference), None)
        if reference is None:
            return None
        return PlacedSeries(reference, {one.header.path: one.alignment for one in same if one.alignment.by_hand})

    def lies_as(self, placed: PlacedSeries) -> bool:
        """Whether its series lie where they are said to, by the word of the same: a search, or a person."""
        own = self.placed
        if own is None or own.reference != placed.reference or own.alignments.keys() != placed.alignments.keys():
            return False
        pairs = [(one, placed.alignments[path]) for path, one in own.alignments.items()]
        return all(np.array_equal(a.to_series, b.to_series) and a.by_hand == b.by_hand for a, b in pairs)

    def is_of(self, examination: RawExamination) -> bool:
        """Whether an examination holds the series that it was made of, each with the same files, and no other ones."""
        there = [{path.resolve() for path in one.files} for one in examination.series]
        used = [set(one.files) for one in self.series]
        if not all(files in there for files in used):
            return False
        if self.all_files:
            return self.all_files == examination.files_digest
        others = [one.name for one, files in zip(examination.series, there, strict=True) if files not in used]
        return sorted(others) == sorted(self.others)

    def still_fits(self, wishes: Wishes, said: Mapping[Modality, str]) -> bool:
        """Whether doing it again would give the same: as asked for, by this version, of files that did not change."""
        same = (self.wishes, self.program) == (wishes, __version__)
        if not same or {m: w.casefold() for m, w in said.items()} != self.said:
            return False
        return all(one.still_there() for one in self.series)


def as_json(
    work: PreparationWork, marks: Mapping[Modality, Mapping[Path, FileMark]], said: Mapping[Modality, str]
) -> str:
    """The record of a preparation that is done.

    Parameters
    ----------
    marks
        By modality: each file of its series as it was read.
    said
        What a person said of the roles.
    """
    found = work.brain_found
    content = {
        "format": FORMAT,
        "program": __version__,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "name": work.examination.name,
        "place": str(work.examination.place.resolve()),
        "wishes": {
            "space": work.wishes.space.value,
            "strip": work.wishes.strip,
            "even_out": work.wishes.even_out,
            "deface": work.wishes.deface,
        },
        "said": {modality.value: word.casefold() for modality, word in said.items()},
        "reference": work.reference.value,
        "grid": {"shape": list(work.grid.shape), "affine": work.grid.affine.tolist()},
        "series": [_series_entry(work, modality, marks[modality]) for modality in work.native],
        "other_series": [one.name for one in work.examination.series if one.number not in _taken(work)],
        "all_files": work.examination.files_digest,
        "set_aside": {one.name: one.why for one in work.examination.aside},
        "brain": None
        if work.brain is None or found is None
        else {
            "network": found.network,
            "volume_ml": round(found.volume_ml, 1),
            "certainty": {modality.value: round(value, 4) for modality, value in found.certainty.items()},
        },
        "steps": [
            {"name": one.name, "seconds": round(one.seconds, 2), "said": list(one.sentences)} for one in work.done
        ],
        "doubts": list(work.doubts),
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _taken(work: PreparationWork) -> set[int]:
    return {work.series_of(modality).number for modality in work.native}


def _series_entry(work: PreparationWork, modality: Modality, marks: Mapping[Path, FileMark]) -> dict[str, Any]:
    series, role = work.series_of(modality), work.choice.chosen[modality].role
    stored = series.header.stored_grid
    return {
        "modality": modality.value,
        "series": series.name,
        "certainty": role.certainty.value,
        "reason": role.reason,
        "burned_in": series.burned_in,
        "grid": {"shape": list(stored.shape), "affine": stored.affine.tolist()},
        "registration": _motion_entry(work.alignments[modality]),
        "files": [
            {"path": str(path.resolve()), "bytes": mark.size, "modified_ns": mark.modified_ns, "sha256": mark.sha256}
            for path, mark in marks.items()
        ],
    }


def _motion_entry(motion: Alignment) -> dict[str, Any]:
    return {
        "to_series": motion.to_series.tolist(),
        "still": motion.is_still,
        "rotation_deg": round(motion.rotation_deg, 3),
        "shift_mm": round(motion.shift_mm, 3),
        "overlap": round(motion.overlap, 4),
        "information": round(motion.information, 4),
        "chance": round(motion.chance, 4),
        "problem": motion.problem,
        "nudged_by_hand": motion.by_hand,
        "found_before": _motion_entry(motion.found) if motion.found is not None else None,
        "refused": motion.refused.tolist() if motion.refused is not None else None,
    }


def read_preparation(folder: Path) -> Preparation:
    """What the record in a folder says.

    Raises
    ------
    CaseError
        If there is none, or it makes no sense.
    """
    path = folder / RECORD
    try:
        content = object_in(read_json(path))
        if content.get("format") != FORMAT:
            raise ValueError(f"it is not of the format “{FORMAT}”")
        return _preparation(content)
    except OSError as error:
        raise CaseError("it holds no prepared case", "Prepare it with brainseg prepare", folder) from error
    except (ValueError, TypeError, KeyError) as error:
        said = visible(str(error), 200)
        raise CaseError(f"the record cannot be used ({said})", "Prepare the examination again", path) from error


def _preparation(content: Mapping[str, Any]) -> Preparation:
    wished = object_in(content["wishes"])
    deface = bool(wished.get("deface"))  # before there was such a wish, no face was removed
    wishes = Wishes(Space(wished["space"]), bool(wished["strip"]), bool(wished["even_out"]), deface)
    series = tuple(_series(object_in(entry)) for entry in listed_in(content["series"], len(Modality)))
    said = {Modality(key): text_in(word) for key, word in object_in(content["said"]).items()}
    name, program, reference = text_in(content["name"]), text_in(content["program"]), Modality(content["reference"])
    stripped = content["brain"] is not None and wishes.strip
    doubts = tuple(text_in(one) for one in listed_in(content["doubts"], _MOST_DOUBTS))
    others = tuple(text_in(one) for one in listed_in(content.get("other_series", []), _MOST_FILES))
    all_files = text_in(content.get("all_files", ""))  # before it was noted, the names of other series tell
    place = path_in(content.get("place", ""))
    return Preparation(name, reference, series, wishes, said, stripped, program, doubts, others, all_files, place)


def _series(entry: Mapping[str, Any]) -> PreparedSeries:
    files = {path_in(one["path"]): _mark(one) for one in listed_in(entry["files"], _MOST_FILES)}
    grid, motion = object_in(entry["grid"]), object_in(entry["registration"])
    i, j, k = (whole_in(count) for count in listed_in(grid["shape"], 3))
    if not 0 < i * j * k <= _MOST_VOXELS:
        raise ValueError("a series in it has no bearable number of voxels")
    stored = StoredGrid((i, j, k), _affine(grid["affine"]))
    header = ImageHeader(next(iter(files), Path()), stored.shape, stored)
    alignment, before = _motion(motion), motion.get("found_before")
    if before is not None:
        alignment = replace(alignment, found=_motion(object_in(before)))
    words = (text_in(entry["certainty"]), text_in(entry["reason"]))
    burned_in = entry.get("burned_in") is True  # in records from before it was noted, nobody looked
    name = text_in(entry["series"])
    return PreparedSeries(Modality(entry["modality"]), name, header, files, alignment, *words, burned_in)


def _motion(entry: Mapping[str, Any]) -> Alignment:
    names = ("rotation_deg", "shift_mm", "overlap", "information", "chance")
    turned, shift, overlap, here, chance = (number_in(entry[name]) for name in names)
    refused = _rigid(entry["refused"]) if entry.get("refused") is not None else None  # older records have none
    found = Alignment(_rigid(entry["to_series"]), turned, shift, overlap, here, chance, text_in(entry["problem"]))
    return replace(found, refused=refused)


def _rigid(rows: Sequence[Any]) -> Affine:
    motion = _affine(rows)
    turn, below = motion[:3, :3], motion[3] - (0, 0, 0, 1)
    if max(np.abs(turn @ turn.T - np.eye(3)).max(), np.abs(below).max()) > _RIGID or np.linalg.det(turn) < 0:
        raise ValueError("a motion in it is not rigid")
    return motion


def _mark(entry: Mapping[str, Any]) -> FileMark:
    modified_ns = entry["modified_ns"]
    if not isinstance(modified_ns, int) or abs(modified_ns) >= 2**63:
        raise TypeError("a time in it is none")
    return FileMark(whole_in(entry["bytes"]), modified_ns, text_in(entry["sha256"]))


def _affine(rows: Sequence[Any]) -> Affine:
    values = np.array([[number_in(value) for value in listed_in(row, 4)] for row in listed_in(rows, 4)], np.float64)
    if values.shape != (4, 4) or is_singular(values):
        raise ValueError("a matrix in it is none of a place in space")
    return values
