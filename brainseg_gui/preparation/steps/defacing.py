"""Removing the face from images whose skull stays."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from brainseg_gui.errors import CaseError
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.face import Face, face_before, without_face
from brainseg_gui.preparation.looking import bare_brain
from brainseg_gui.preparation.steps.work import PreparationWork, Stepped
from brainseg_gui.progress import Progress

DEFACING = "removing the face"


def deface(work: PreparationWork) -> Generator[Progress, None, Stepped]:
    """The prepared images without the face.

    Raises
    ------
    CaseError
        If no brain was found, so that nothing tells where the face is.
    """
    face = face_of(work)
    removing = in_background(partial(_removed, work, face), DEFACING)
    prepared, ml = yield from waited_for(removing, Progress(DEFACING, 0.1))
    return Stepped(replace(work, prepared=prepared).with_doubts(*doubts_of_face(work)), (_in_words(ml),))


def face_of(work: PreparationWork) -> Face:
    """Where the face is, in the space of the reference.

    Raises
    ------
    CaseError
        See `deface`.
    """
    if work.brain is None:
        raise CaseError(
            "the face cannot be removed, for no brain was found",
            "Remove it with another program",
            work.examination.place,
        )
    return face_before(work.brain, work.grid)


def doubts_of_face(work: PreparationWork) -> list[str]:
    """Series in which the face may lie elsewhere than in the reference."""
    lost = [m.title for m, one in work.alignments.items() if one.problem and not one.by_hand]
    return [f"The face may be left in {title}, which could not be registered: look at it" for title in lost]


def _removed(work: PreparationWork, face: Face) -> tuple[Mapping[Modality, Volume], float]:
    """The images, and how much of the grid the face fills."""
    prepared = {m: v if bare_brain(v) is not None else without_face(v, face, v.grid) for m, v in work.prepared.items()}
    return prepared, float(np.count_nonzero(face.on(work.grid))) * work.grid.voxel_ml


def _in_words(ml: float) -> str:
    return f"The skull stays, the face and what lies before it was removed ({ml:,.0f} ml)"
