"""An examination to give away: its series as the scanner gave them, without the face and without their headers.

The folder is a case of raw series again. Of the source it holds voxels and places alone: neither names of files nor of
series, nor what headers say of a person.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui import __version__
from brainseg_gui.errors import SaveError, listed
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.doubts import refuse_burned_in
from brainseg_gui.preparation.face import MARGIN_MM, Face, without_face
from brainseg_gui.preparation.heads.finder import BrainFinder
from brainseg_gui.preparation.looking import bare_brain
from brainseg_gui.preparation.native import file_name
from brainseg_gui.preparation.prepare_place import looked_at
from brainseg_gui.preparation.prepared_case import check_can_be_made, in_the_making, write_image
from brainseg_gui.preparation.raw_examination import choose_series, examine
from brainseg_gui.preparation.steps.defacing import DEFACING, doubts_of_face, face_of
from brainseg_gui.preparation.steps.prepare import prepare
from brainseg_gui.preparation.steps.work import PreparationWork, Wishes
from brainseg_gui.progress import Progress, scaled
from brainseg_gui.storage.writing import write_text

FORMAT = "brainseg defacing 1"
DEFACING_RECORD = "defacing.json"
WRITING = "writing the copy"
WISHES = Wishes(strip=False)
"""What has to be known of an examination before its face can be removed."""


@dataclass(frozen=True)
class DefacedExamination:
    """Series that were written without a face.

    Parameters
    ----------
    removed_ml
        How much of each series the face fills; 0 where its skull is off, or the face lies outside of it.
    left_out
        How many series were taken for nothing and stayed behind.
    """

    folder: Path
    removed_ml: Mapping[Modality, float]
    left_out: int
    doubts: tuple[str, ...]

    @property
    def words(self) -> str:
        """What was removed, without the volumes: most of what lies before a brain is air."""
        faced = [modality.title for modality, ml in self.removed_ml.items() if ml]
        bare = [modality.title for modality, ml in self.removed_ml.items() if not ml]
        gone = [f"the face was removed from {listed(faced)}"] if faced else []
        return "; ".join([*gone, *([f"there is no face in {listed(bare)}"] if bare else [])])


def deface_place(
    place: Path, output: Path, said: Mapping[Modality, str], finder: BrainFinder | None, name: str = ""
) -> Generator[Progress, None, DefacedExamination]:
    """Write the series of an examination without their face into a new folder.

    Parameters
    ----------
    output
        The folder that gets one for the examination.
    said
        Which series is what, where a person says it.
    name
        What the folder is called; as the place where it is empty.

    Yields
    ------
    Progress
        Closing the generator leaves nothing.

    Raises
    ------
    BrainsegError
        If no brain is found, names are burned into an image, or something cannot be read or written.
    """
    examination = yield from scaled(examine(place), 0.0, 0.05)
    folder = output / file_name(name or examination.name, set())
    check_new_name(folder)
    examination = yield from scaled(looked_at(examination, said, finder), 0.05, 0.15)
    choice = choose_series(examination, said)
    refuse_burned_in(choice, examination)
    work = yield from scaled(prepare(examination, choice, WISHES, finder), 0.15, 0.85)
    return (yield from scaled(write_defaced(work, folder), 0.85, 1.0))


def check_new_name(folder: Path) -> None:
    """Refuse a name that something has, and a place where nothing can be written.

    Raises
    ------
    SaveError
        If that is so.
    """
    check_can_be_made(folder)
    if os.path.lexists(folder):
        raise SaveError("there is something of this name", "Choose another folder", folder)


def write_defaced(work: PreparationWork, folder: Path) -> Generator[Progress, None, DefacedExamination]:
    """Write the native series of a preparation without their face; see `deface_place`."""
    check_new_name(folder)
    refuse_burned_in(work.choice, work.examination)
    face, removed = face_of(work), dict[Modality, float]()
    with in_the_making(folder) as making:
        for number, modality in enumerate(work.native):
            first, middle, last = ((number + share) / len(work.native) for share in (0.0, 0.2, 1.0))
            removing = in_background(partial(_removed, work, modality, face), DEFACING)
            bare, removed[modality] = yield from waited_for(removing, Progress(DEFACING, first, modality.title))
            yield Progress(WRITING, middle, modality.title)  # also of what is written before anybody waits for it
            writing = write_image(bare, making / f"{folder.name}_{modality.value}{MASK_ENDING}", WRITING)
            yield from scaled(writing, middle, last)
        defaced = DefacedExamination(folder, removed, _left_out(work), (*work.doubts, *doubts_of_face(work)))
        write_text(making / DEFACING_RECORD, _as_json(work, defaced), chosen=False)
    return defaced


def _removed(work: PreparationWork, modality: Modality, face: Face) -> tuple[Volume, float]:
    """A series without the face, and how many ml of it that took."""
    volume, placed = work.native[modality], work.grid_of(modality)
    if bare_brain(volume) is not None:
        return volume, 0.0
    return without_face(volume, face, placed), float(np.count_nonzero(face.on(placed))) * placed.voxel_ml


def _left_out(work: PreparationWork) -> int:
    return len(work.examination.series) - len(work.native)


def _as_json(work: PreparationWork, defaced: DefacedExamination) -> str:
    found = work.brain_found
    content: dict[str, Any] = {
        "format": FORMAT,
        "program": __version__,
        "method": "what lies before the brain's front, a margin away from it, seen from below the forehead",
        "margin_mm": MARGIN_MM,
        "brain": None if found is None else {"network": found.network, "volume_ml": round(found.volume_ml, 1)},
        "removed_ml": {modality.value: round(ml, 1) for modality, ml in defaced.removed_ml.items()},
        "series_left_out": defaced.left_out,
        "to_be_looked_at": len(defaced.doubts),
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"
