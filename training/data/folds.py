"""Which cases are held back: a part that is split off, or one fold of a cross-validation.

The file of folds is two levels of lists of names: a page of checks; pydantic, 150 ms to import, would be more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from brainseg_gui.imaging.naming.patients import patients_of
from brainseg_gui.plain_files import read_json
from brainseg_gui.runs.config import Data
from training.data.data_set import TrainingCase
from training.errors import TrainingError

Parts = tuple[list[TrainingCase], list[TrainingCase]]


def hold_back(cases: Sequence[TrainingCase], config: Data, seed: int) -> Parts:
    """Cases to train on and cases that are held back, as a configuration asks.

    Raises
    ------
    TrainingError
        If there is no such fold, or it leaves nothing on one of the sides.
    """
    by_patient = config.split_by == "patient"
    if config.folds_file:
        return _listed_fold(cases, Path(config.folds_file).expanduser(), config.fold, by_patient=by_patient)
    if config.folds:
        return fold_of(cases, config.folds, config.fold, seed, by_patient=by_patient)
    return split(cases, config.split, seed, by_patient=by_patient)


def split(cases: Sequence[TrainingCase], fraction: float, seed: int, *, by_patient: bool) -> Parts:
    """Split off a part for validation; the same seed and cases give the same parts.

    Parameters
    ----------
    fraction
        Part of the patients (or cases) that is split off; above 0 at least one, but never all.
    by_patient
        Keep all studies of a patient on one side.
    """
    owners = _owners(cases, by_patient=by_patient)
    names = sorted(set(owners))
    count = round(fraction * len(names))
    if fraction > 0:
        count = min(max(count, 1), len(names) - 1)
    held_back = set(np.random.default_rng(seed).permutation(names)[:count].tolist())
    return _parted(cases, [owner in held_back for owner in owners])


def fold_of(cases: Sequence[TrainingCase], folds: int, fold: int, seed: int, *, by_patient: bool) -> Parts:
    """Hold back one of several folds: each patient is in one, and each has small and large tumours alike.

    Patients are ordered by their largest tumour; of each `folds` that follow each other every fold gets one, by lot.
    """
    owners = _owners(cases, by_patient=by_patient)
    largest: dict[str, float] = {}
    for case, owner in zip(cases, owners, strict=True):
        largest[owner] = max(largest.get(owner, 0.0), case.tumour_ml)
    if fold >= folds or len(largest) < folds:
        sentence = f"fold {fold} of {folds} cannot be made of {len(largest)} patients; folds are counted from 0"
        raise TrainingError(sentence, "Change data.fold or data.folds")
    ordered = sorted(largest, key=lambda name: (largest[name], name))
    random = np.random.default_rng(seed)
    lots = np.concatenate([random.permutation(folds) for _ in range(-(-len(ordered) // folds))])
    number = dict(zip(ordered, lots.tolist(), strict=False))
    return _parted(cases, [number[owner] == fold for owner in owners])


def _listed_fold(cases: Sequence[TrainingCase], path: Path, fold: int, *, by_patient: bool) -> Parts:
    """What a file of folds holds back; its other cases are trained on, and so are those that it does not name."""
    folds = read_folds(path)
    if fold >= len(folds):
        raise TrainingError(
            f"it holds {len(folds)} folds, counted from 0, and no fold {fold}", "Change data.fold", path
        )
    named = set(folds[fold]["val"])
    owners = _owners(cases, by_patient=by_patient)
    held_back = {owner for case, owner in zip(cases, owners, strict=True) if case.case_id in named}
    training, validation = _parted(cases, [owner in held_back for owner in owners])
    if missing := named - {case.case_id for case in validation}:
        sentence = f"fold {fold} holds back {min(missing)}, which is not among the cases"
        raise TrainingError(sentence, "Name the folder that it lies in, or correct the file", path)
    return training, validation


def read_folds(path: Path) -> list[Mapping[str, list[str]]]:
    """Folds as nnU-Net keeps them in ``splits_final.json``: a list of ``{"train": [case, …], "val": [case, …]}``.

    Raises
    ------
    TrainingError
        If it cannot be read, or holds something else.
    """
    remedy = "Give a splits_final.json as nnU-Net writes it"
    try:
        content: Any = read_json(path)
    except OSError as error:
        raise TrainingError(f"it cannot be read ({error.strerror or error})", remedy, path) from error
    except ValueError as error:
        raise TrainingError("it is not JSON", remedy, path) from error
    if not isinstance(content, list) or not all(_is_fold(fold) for fold in content):
        raise TrainingError('it does not hold a list of {"train": […], "val": […]} with names of cases', remedy, path)
    for number, fold in enumerate(content):
        if shared := set(fold["train"]) & set(fold["val"]):
            sentence = f"fold {number} both trains on {min(shared)} and holds it back"
            raise TrainingError(sentence, "Correct the file", path)
    return content


def _is_fold(fold: Any) -> bool:
    if not isinstance(fold, dict) or not {"train", "val"} <= set(fold):
        return False
    return all(isinstance(fold[key], list) and all(isinstance(n, str) for n in fold[key]) for key in ("train", "val"))


def _owners(cases: Sequence[TrainingCase], *, by_patient: bool) -> list[str]:
    patients, _ = patients_of([case.source for case in cases])
    return [patients[case.source.identity] if by_patient else case.case_id for case in cases]


def _parted(cases: Sequence[TrainingCase], held_back: Sequence[bool]) -> Parts:
    """The two sides.

    Raises
    ------
    TrainingError
        If studies of one patient come on both: the network would be scored on whom it knows.
    """
    pairs = list(zip(cases, held_back, strict=True))
    training, validation = [case for case, held in pairs if not held], [case for case, held in pairs if held]
    patients, _ = patients_of([case.source for case in cases])
    ours, theirs = ({patients[case.source.identity]: case.case_id for case in side} for side in (training, validation))
    if both := sorted(set(ours) & set(theirs)):
        patient, more = both[0], f"; so would {len(both) - 1} more" if len(both) > 1 else ""
        names = f"{ours[patient]}, {theirs[patient]}"
        sentence = f"{Path(patient).name} would be trained on and validated on ({names}){more}"
        raise TrainingError(sentence, "Set data.split_by to patient")
    return training, validation
