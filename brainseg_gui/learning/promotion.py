"""Making a better network the usual one, and taking that back: the networks and the order in which they came.

Promoted networks lie in the person's data, whatever becomes of their run folders. ``promoted.json`` beside them lists
them, each with the network that was usual before.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from brainseg_gui.errors import BrainsegError, SaveError
from brainseg_gui.inference.cohorts.case_record import ModelIdentity
from brainseg_gui.inference.models.ancestry import Ancestry, ancestry_as_json
from brainseg_gui.inference.models.model_folder import PASSPORT_NAME, ModelFolder, read_model_folder, verify_weights
from brainseg_gui.learning.comparing import known_verdict, trained_model
from brainseg_gui.learning.gate import Verdict
from brainseg_gui.learning.plan import LearningPlan, read_plan
from brainseg_gui.plain_files import read_json
from brainseg_gui.plain_values import listed_in, object_in, path_in
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.storage.lock_file import BusyError, briefly_locked
from brainseg_gui.storage.whole_folder import whole_folder
from brainseg_gui.storage.writing import make_private_folder, open_derived, write_text

_LIST = "promoted.json"
_MOST = 1000
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Promotion:
    """A network that became the usual one, the one that was, and the run that it came of."""

    model: Path
    before: Path
    run: Path


def promotions(models: Path) -> tuple[Promotion, ...]:
    """The promotions that stand, the last one last.

    Raises
    ------
    BrainsegError
        If the list is damaged.
    """
    path = models / _LIST
    try:
        entries = map(object_in, listed_in(read_json(path), _MOST))
        return tuple(Promotion(*(path_in(entry[key]) for key in ("model", "before", "run"))) for entry in entries)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrainsegError("the list of promoted networks is damaged", "Mend it, or move it away", path) from error


def promote(folder: RunFolder, models: Path, before: Path) -> Path:
    """Copy the network of a run to where promoted ones lie, with its ancestry, and note that it is the usual one now.

    Parameters
    ----------
    models
        Folder of promoted networks.
    before
        The model folder that was usual.

    Raises
    ------
    BrainsegError
        If the network was not compared, did not pass, is not the one that was, was compared with another one than the
        usual, or cannot be written.
    """
    plan, model, verdict = read_plan(folder), trained_model(folder), known_verdict(folder)
    if verdict is None:
        raise BrainsegError("it was not compared with the one before", "Compare the two first", folder.path)
    if not verdict.passed:
        raise BrainsegError(verdict.sentence, "Correct more cases, and learn again", folder.path)
    _check_compared_with(plan, before, folder)
    verify_weights(model)
    kept = models / f"{_NO_NAME.sub('-', model.passport.name)[:60]}-{model.passport.sha256[:8]}"
    try:
        make_private_folder(models)
        if not (kept / PASSPORT_NAME).is_file():
            _copy(model, kept, _about(plan, verdict))
    except OSError as error:
        raise SaveError(f"the network cannot be kept ({error.strerror or error})", "Check the disk", kept) from error
    read_model_folder(kept)
    _change(
        models, lambda known: (*(other for other in known if other.model != kept), Promotion(kept, before, folder.path))
    )
    return kept


def _check_compared_with(plan: LearningPlan, before: Path, folder: RunFolder) -> None:
    """To be better than some network is not to be better than the one in use: it may have changed meanwhile."""
    usual = read_model_folder(before)
    if ModelIdentity.of(usual).weights != plan.parent.weights:
        what = f"it was compared with {plan.parent_title}, and {usual.title} is in use"
        raise BrainsegError(what, "Learn again, from the one in use", folder.path)


def take_back(models: Path) -> Promotion:
    """Take the last promotion back; its network stays where it is.

    Raises
    ------
    BrainsegError
        If nothing was promoted, or the list cannot be written.
    """
    known = promotions(models)
    if not known:
        raise BrainsegError("no network was promoted", "Learn from corrected cases first", models)
    last = known[-1]
    _change(models, lambda now: tuple(promotion for promotion in now if promotion != last))
    return last


def _about(plan: LearningPlan, verdict: Verdict) -> dict[str, Any]:
    """What the passport of a promoted network tells beyond that of its run."""
    ancestry = Ancestry(
        plan.parent_title,
        plan.parent.weights,
        len(plan.trained_on),
        len(verdict.cases),
        round(verdict.before, 4),
        round(verdict.after, 4),
        round(verdict.overall.p if verdict.overall.p is not None else 1.0, 4),
        (*dict.fromkeys((*plan.known, *plan.trained_on.values(), *plan.further)),),
    )
    return {"ancestry": ancestry_as_json(ancestry), "results": ancestry.sentence}


def _copy(model: ModelFolder, kept: Path, about: dict[str, Any]) -> None:
    """Weights and passport, whole or not at all."""
    with whole_folder(kept, mode=0o700) as making:
        for name in model.digests:
            with open_derived(model.path / name, "rb") as stream, (making / name).open("xb") as copy:
                shutil.copyfileobj(stream, copy)
        content = {**object_in(read_json(model.path / PASSPORT_NAME)), **about}
        text = json.dumps(content, indent=1, ensure_ascii=False)
        write_text(making / PASSPORT_NAME, text, chosen=False)
        verify_weights(read_model_folder(making))


def _change(models: Path, change: Callable[[tuple[Promotion, ...]], tuple[Promotion, ...]]) -> None:
    path = models / _LIST
    try:
        with briefly_locked(path):
            entries = [{key: str(path) for key, path in asdict(p).items()} for p in change(promotions(models))]
            write_text(path, json.dumps(entries, indent=1) + "\n", chosen=False)
    except (OSError, BusyError) as error:
        raise SaveError("the list of promoted networks cannot be written", "Check the disk", path) from error
