"""The task of segmenting one case, wherever it runs: its worker keeps the network, and writes the mask itself.

The files are hashed in the process that reads them, and the manifest's entry is written before the mask gets its name.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.errors import BrainsegError, CaseError, EngineError, ModelError, SaveError
from brainseg_gui.execution.claim import stands
from brainseg_gui.execution.fitness import unfit_for, worker_name
from brainseg_gui.execution.manifest import Entry, ManifestWriter, read_manifest
from brainseg_gui.free_memory import SHARE
from brainseg_gui.imaging.file_mark import Stamp, mark_of, stamp_of
from brainseg_gui.imaging.labels import regions
from brainseg_gui.inference.case_record import CaseRecord, ModelIdentity, inputs_of
from brainseg_gui.inference.cohort import CohortSegmentation, Refused, Segmented
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
        What `described` says, with ``known`` where the mask was there already; or ``failed``, a sentence, with
        ``input`` (whether the case is at fault), ``again`` and the ``trace``; or ``unfit``.
    """
    if sentence := unfit_for(record["program"], __version__):
        return {"unfit": sentence}
    task = CaseRecord.of_record(record)
    try:
        model = _verified(task.settings.model)
    except ModelError as error:
        return {"unfit": f"the worker {worker_name()} cannot use the model: {str(error).removesuffix('.')}"}
    with _ONE_CASE:
        _keep_to_share()
        try:
            return _CaseWork(task, model).run(engine_of_worker())
        except Exception as error:  # noqa: BLE001  a fault of one case must not lose the others
            return _failed(task, error)


def described(done: Segmented) -> dict[str, Any]:
    """What is told of a case that was segmented, as values of JSON."""
    case, labels, result = done.case, done.labels, done.result
    volumes = {r.key: int(labels.counts[labels.scheme.look_up(r)].sum()) * labels.grid.voxel_ml for r in regions()}
    return {
        "case": case.case_id,
        "output": str(done.job.output),
        "seconds": {stage: round(value, 3) for stage, value in done.seconds.items()},
        "device": result.device,
        "precision": result.precision,
        "model": result.model,
        "scheme": labels.scheme.name,
        "volumes_ml": {key: round(volume, 3) for key, volume in volumes.items()},
        "expected_dice": {
            key: {"dice": round(of.dice, 3), "error": round(of.error, 3)} for key, of in result.expected_dice.items()
        },
        "notes": [*case.notes, *result.notes],
    }


class _AbandonedError(BrainsegError):
    """The run that asked for a case has ended, or its files change meanwhile."""


class _CaseWork:
    """The work on one case."""

    def __init__(self, task: CaseRecord, model: ModelFolder) -> None:
        self.task, self.model = task, model
        self._before: Mapping[Path, Stamp] = {}
        self._replaces_ours = False

    def run(self, engine: Engine) -> dict[str, Any]:
        """Segment it, unless its mask is there already."""
        output = self.task.job.output
        if (there := self._made_already(self.task.entries)) is not None:
            return there
        self._before, self._replaces_ours = self._stamps(), self._is_ours()
        end = self._segmented(engine, overwrite=self.task.settings.overwrite or self._replaces_ours)
        if isinstance(end, Segmented):
            return {**described(end), "doubts": list(end.case.doubts)}
        # another client may have made the same one meanwhile
        entries = read_manifest(output.parent, output.name).get(output.name, [])
        return self._made_already(entries) or _failed(self.task, end.error)

    def _made_already(self, entries: Sequence[Entry]) -> dict[str, Any] | None:
        output, inputs = self.task.job.output, inputs_of(self.task.source)
        for entry in entries:
            if entry.is_current(self.task.key, inputs, output):
                if not entry.looks_current(self.task.key, inputs, output):
                    _writer(output.parent).append(entry.with_times_of_now(output))
                return {**entry.reply, "known": True}
        return None

    def _segmented(self, engine: Engine, *, overwrite: bool) -> Segmented | Refused:
        settings = self.task.settings
        work = CohortSegmentation(
            engine,
            self.model,
            settings.options,
            overwrite=overwrite,
            regrid=settings.regrid,
            votes=self.task.votes,
            before_named=self._enter,
        )
        end = None
        with contextlib.closing(work.run([self.task.job])) as steps:
            for step in steps:
                end = step.partial
        if isinstance(end, (Segmented, Refused)):
            return end
        return Refused(self.task.job, SaveError("the file exists", "Give --overwrite", self.task.job.output))

    def _enter(self, mask: Path) -> None:
        """Enter a mask into the manifest that has not its name yet."""
        output = self.task.job.output
        inputs = {str(path): mark_of(path) for path in self._before}
        if self._stamps() != self._before:
            raise _AbandonedError(
                "its images are being written", "Segment it when they are whole", self.task.source.folder
            )
        if not stands(self.task.settings.claim):
            raise _AbandonedError("the run that asked for it has ended; nothing was written", "", output)
        if self._replaces_ours and not self.task.settings.overwrite and not self._is_ours():
            raise _AbandonedError("somebody changed it meanwhile", "Give --overwrite, or move it away", output)
        reply = {"case": self.task.source.case_id, "output": str(output)}
        _writer(output.parent).append(Entry(output.name, self.task.key, inputs, mark_of(mask), reply))

    def _is_ours(self) -> bool:
        """Whether the mask that is there is one that a run made, and nobody changed since."""
        return any(entry.made_now(self.task.job.output) for entry in self.task.entries)

    def _stamps(self) -> dict[Path, Stamp]:
        try:
            return {path: stamp_of(path) for path in inputs_of(self.task.source)}
        except OSError as error:
            reason = f"a file of the case cannot be read ({error.strerror})"
            raise CaseError(reason, "Check the case", Path(str(error.filename))) from error


def _failed(task: CaseRecord, error: Exception) -> dict[str, Any]:
    of_input = isinstance(error, BrainsegError) and not isinstance(error, (EngineError, SaveError, _AbandonedError))
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
def _writer(folder: Path) -> ManifestWriter:
    return ManifestWriter(folder)


@cache
def _verified(identity: ModelIdentity) -> ModelFolder:
    """A model, looked at once by each worker, before its first case."""
    model = identity.find()
    verify_weights(model)
    return model


def _keep_to_share() -> None:
    """Tell the network's process how much memory a worker of Dask may take, whose nanny looks at the worker alone."""
    distributed = sys.modules.get("distributed")
    with contextlib.suppress(ValueError, AttributeError):  # no worker of Dask
        worker = distributed.get_worker() if distributed is not None else None
        if worker is not None and worker.nanny and worker.memory_manager.memory_limit:
            os.environ[SHARE] = str(worker.memory_manager.memory_limit)
