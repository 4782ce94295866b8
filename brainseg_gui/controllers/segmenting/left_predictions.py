"""Saving the predictions of cases that were left, each beside its own images."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from brainseg_gui.annotation.saving.mask_paths import PREDICTION, OutputTree
from brainseg_gui.annotation.saving.save_mask import SaveRequest, save_mask
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.unsaved_predictions import LeftCase, UnsavedPredictions


def save_left(
    kept: UnsavedPredictions, cases: Sequence[LeftCase], tree: OutputTree | None, known: Sequence[CaseSource]
) -> Generator[Progress, None, list[CaseSource]]:
    """Save them, reading each case once more: its images say where a mask lies, and whether they are still these.

    Parameters
    ----------
    tree
        The folder that mirrors the cases, where the person chose one.
    known
        Cases whose folders must not get masks of others.

    Returns
    -------
    list of CaseSource
        The cases that are in files now.

    Raises
    ------
    BrainsegError
        If one cannot be saved; the sentence names it. Those before it are saved, and only they.
    """
    saved = []
    for number, left in enumerate(cases):
        yield Progress("saving predictions", number / len(cases), left.source.case_id)
        case = yield from read_case(replace(left.source, reference=None))
        if case.stamps != left.stamps:
            raise BrainsegError(
                "the images were written anew since the prediction was made, which is not saved among them",
                "Open the case and segment it again",
                left.source.folder,
            )
        yield from _save_all(case, kept, tree, known)
        saved.append(left.source)
    return saved


def _save_all(
    case: Case, kept: UnsavedPredictions, tree: OutputTree | None, known: Sequence[CaseSource]
) -> Generator[Progress, None, None]:
    for layer in kept.layers_of(case):
        request = SaveRequest(case, layer.labels, PREDICTION, tree=tree, known=known)
        yield from save_mask(request, None, layer.author, layer.sure_ml)
