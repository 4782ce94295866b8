"""The task of segmenting one case, wherever it runs: its worker keeps the network, and writes the mask itself."""

from __future__ import annotations

import contextlib
import threading
import traceback
from collections.abc import Callable
from functools import cache
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.errors import BrainsegError, EngineError, ModelError, SaveError
from brainseg_gui.execution.fitness import keep_to_share, unfit_for, worker_name
from brainseg_gui.imaging.labels import regions
from brainseg_gui.inference.cohorts.case_record import CaseRecord, ModelIdentity
from brainseg_gui.inference.cohorts.cohort import CohortSegmentation, HasMask, Refused, Segmented
from brainseg_gui.inference.cohorts.mask_entry import AbandonedError, MaskEntry
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.models.model_folder import ModelFolder, verify_weights

_ONE_CASE = threading.Lock()  # however many threads a worker has: it holds one case and one network in its memory


def segment_task(record: dict[str, Any]) -> dict[str, Any]:
    """Segment the case of a record; see `segment_case`."""
    return segment_case(record, _engine)


def segment_case(record: dict[str, Any], engine_of_worker: Callable[[], Engine]) -> dict[str, Any]:
    """Segment the case of a record.

    Returns
    -------
    dict
        What `reply_of` says, with ``known`` where the mask was there already; or ``failed``, a sentence, with
        ``input`` (whether the case is at fault), ``kept`` (a mask is there that no run made), ``again`` and the
        ``trace``; or ``unfit``.
    """
    if sentence := unfit_for(record["program"], __version__):
        return {"unfit": sentence}
    try:
        task = CaseRecord.of_record(record)
        model = _verified(task.settings.model)
    except ModelError as error:
        return {"unfit": f"the worker {worker_name()} cannot use the model: {str(error).removesuffix('.')}"}
    except BrainsegError as error:
        return {"unfit": f"the worker {worker_name()} cannot do it: {str(error).removesuffix('.')}"}
    with _ONE_CASE:
        keep_to_share()
        try:
            return _done(task, model, engine_of_worker())
        except Exception as error:  # noqa: BLE001  a fault of one case must not lose the others
            return _failed(task, error)


def reply_of(done: Segmented) -> dict[str, Any]:
    """What is replied of a case: what `described` says, ``doubts``, and those of its notes that are ``of_network``."""
    return {**described(done), "doubts": list(done.case.doubts), "of_network": list(done.result.notes)}


def described(done: Segmented) -> dict[str, Any]:
    """What is told of a case that was segmented, as values of JSON."""
    case, labels, result = done.case, done.labels, done.result
    return {
        "case": case.case_id,
        "output": str(done.job.output),
        "seconds": {stage: round(value, 3) for stage, value in done.seconds.items()},
        "device": result.device,
        "precision": result.precision,
        "model": result.model,
        "scheme": labels.scheme.name,
        "volumes_ml": {region.key: round(labels.volume_ml(region), 3) for region in regions()},
        "expected_dice": {
            key: {"dice": round(of.dice, 3), "error": round(of.error, 3)} for key, of in result.expected_dice.items()
        },
        "notes": [*case.notes, *result.notes],
    }


def _done(task: CaseRecord, model: ModelFolder, engine: Engine) -> dict[str, Any]:
    """What is replied of a case, which is segmented unless its mask is there already."""
    settings, entry = task.settings, MaskEntry(task)
    work = CohortSegmentation(
        engine,
        model,
        settings.options,
        overwrite=settings.overwrite,
        regrid=settings.regrid,
        votes=task.votes,
        entry_of=lambda _: entry,
    )
    end = None
    with contextlib.closing(work.run([task.job])) as steps:
        for step in steps:
            end = step.partial
    if isinstance(end, Segmented):
        return reply_of(end)
    if isinstance(end, HasMask):
        return dict(end.told) if end.told is not None else {**_failed(task, end.error), "kept": True}
    return _failed(task, end.error if isinstance(end, Refused) else RuntimeError("nothing was done"))


def _failed(task: CaseRecord, error: Exception) -> dict[str, Any]:
    of_input = isinstance(error, BrainsegError) and not isinstance(error, (EngineError, SaveError, AbandonedError))
    return {
        "failed": Refused(task.job, error).sentence,
        "input": of_input,
        "again": isinstance(error, (EngineError, SaveError, OSError)) and not task.job.is_taken,
        "worker": worker_name(),
        "trace": "".join(traceback.format_exception(error)),
    }


@cache
def _engine() -> Engine:
    """The worker's only one; it ends with the worker, however that ends."""
    return Engine()


@cache
def _verified(identity: ModelIdentity) -> ModelFolder:
    """A model, looked at once by each worker, before its first case."""
    model = identity.find()
    verify_weights(model)
    return model
