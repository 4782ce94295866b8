"""The engine: runs networks in a process of its own, so that neither a crash nor a cancel touches the program.

Importing this module imports no network library.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError, EngineError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import NETWORK_CLASSES
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.probabilities import ClassProbabilities
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.engine.engine_process import EngineProcess
from brainseg_gui.inference.engine.messages import (
    Attached,
    Failed,
    FeatureRequest,
    FeaturesFound,
    Finished,
    Load,
    Loaded,
    Predict,
    Predicted,
    Reply,
    Report,
    SegmentRequest,
    Stop,
    Stopped,
)
from brainseg_gui.inference.engine.shared_block import SharedBlock
from brainseg_gui.inference.expected_dice import expected_dice
from brainseg_gui.inference.models.head_model import HeadModel
from brainseg_gui.inference.models.model_folder import ModelFolder, default_model
from brainseg_gui.inference.options import (
    INFERRING,
    MAPPING_BACK,
    PREPARING,
    STARTING,
    SegmentOptions,
    SegmentResult,
    require_modalities,
)
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    from brainseg_gui.inference.case_features import CaseFeatures

POLL_S = 0.05
STOP_WITHIN_S = 0.35  # and the caller may take 0.1 s to notice a wish to cancel
SILENT_AFTER_S = 30.0  # then the person is told; importing and a slow window can take half of that
IDLE_AFTER_S = 5.0  # without using the processor: it is stopped, or waits for what does not come
ENDED_AFTER_S = 30.0  # then it is ended
STUCK_AFTER_S = 15.0  # then a cancel does not wait for a model to be loaded
_LOADING_SHARE = 0.5  # of the whole work, when the model has to be loaded first


class Engine:
    """Runs networks in a child process that it starts, feeds, stops and, if it must, kills."""

    def __init__(self) -> None:
        self._process: EngineProcess | None = None
        self._given_up: list[EngineProcess] = []  # killed, and waited for at the end
        self._serials = count(1)
        self._changing = threading.Lock()
        self._working = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of the network's process, or None when there is none."""
        process = self._process
        return process.pid if process is not None and process.alive else None

    def start(self, model: ModelFolder | HeadModel | None = None, options: SegmentOptions | None = None) -> None:
        """Start the process and let it load a model, without waiting for it.

        Parameters
        ----------
        model
            The model to have ready; the default model if None.
        options
            Where it is going to run.
        """
        request = Load(next(self._serials), model or default_model(), (options or SegmentOptions()).of_network)
        self._living_process().send(request)

    def segment(
        self, case: Case, model: ModelFolder, options: SegmentOptions
    ) -> Generator[Progress, None, SegmentResult]:
        """Segment a case.

        Yields
        ------
        Progress
            At least every tenth of a second. Closing the generator cancels: the process is asked to stop, and
            killed if it is not idle within 0.35 s.

        Raises
        ------
        ModelError
            If the model cannot be used, or needs a modality that the case lacks.
        EngineError
            If the process dies or fails, or already works for somebody else. The next call starts a new one.
        """
        require_modalities(case.volumes, model, case.source.folder)
        with self._alone():
            process = self._living_process()
            loading_s = yield from self._load(process, model, options)
            base = _LOADING_SHARE if loading_s else 0.0
            result = yield from self._work(process, case, model, base, keep=options.keep_probabilities)
            return replace(result, seconds={**loading_s, **result.seconds})

    def features(
        self, case: Case, model: ModelFolder, options: SegmentOptions | None = None
    ) -> Generator[Progress, None, CaseFeatures]:
        """What is kept of a case, so that each click costs a small network on a patch and nothing more.

        Yields and raises as `segment`.
        """
        require_modalities(case.volumes, model, case.source.folder)
        with self._alone():
            process = self._living_process()
            loading_s = yield from self._load(process, model, options or SegmentOptions())
            base, serial = _LOADING_SHARE if loading_s else 0.0, next(self._serials)
            block = SharedBlock.create(_volumes_for(model, case), case.grid)
            try:
                yield from _filled(block, _volumes_for(model, case), base)
                process.send(FeatureRequest(serial, block.layout))
                found = yield from self._wait(process, serial, base, block)
            finally:
                block.unlink()
        if not isinstance(found, FeaturesFound):
            raise RuntimeError("the network's process answered another request")
        return found.features

    def predict(
        self, model: HeadModel, batch: NDArray[np.float32], options: SegmentOptions | None = None
    ) -> Generator[Progress, None, NDArray[np.float32]]:
        """Run a network of heads on its field.

        Parameters
        ----------
        model
            Where the brain is, or which contrast.
        batch
            (1, I, J, K, inputs).

        Yields
        ------
        Progress
            At least every tenth of a second. Closing the generator cancels; the network is not waited for.

        Raises
        ------
        ModelError
            If the model cannot be used.
        EngineError
            If the process dies or fails, or works for somebody else.
        """
        with self._alone():
            process = self._living_process()
            yield from self._load(process, model, options or SegmentOptions())
            serial = next(self._serials)
            process.send(Predict(serial, np.ascontiguousarray(batch, np.float32)))
            yield Progress(INFERRING, _LOADING_SHARE)
            for reply in _replies(process):
                if isinstance(reply, Failed) and reply.serial == serial:
                    raise _failure(reply)
                if isinstance(reply, Predicted) and reply.serial == serial:
                    return reply.output
                if process.idle_s > ENDED_AFTER_S:
                    self._give_up(process)
                    break
                yield _told(Progress(INFERRING, _LOADING_SHARE), process)
        raise EngineError("the network's process stopped answering", "Try again")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """The engine for one piece of work."""
        if not self._working.acquire(blocking=False):
            raise EngineError("a segmentation is already running", "Wait for it, or cancel it")
        try:
            yield
        finally:
            self._working.release()

    def close(self) -> None:
        """End the process, if there is one."""
        with self._changing:
            processes = [*self._given_up, *([self._process] if self._process is not None else [])]
            self._process, self._given_up = None, []
        for process in processes:
            process.close()
        atexit.unregister(self.close)

    def _living_process(self) -> EngineProcess:
        with self._changing:
            if self._process is not None and not self._process.alive:
                self._process.close()
                self._process = None
            if self._process is None:
                self._process = EngineProcess()
                atexit.register(self.close)
            return self._process

    def _load(
        self, process: EngineProcess, model: ModelFolder | HeadModel, options: SegmentOptions
    ) -> Generator[Progress, None, dict[str, float]]:
        """Wait until the model is ready; a cancel leaves the process loading, it is not at work for the case."""
        serial = next(self._serials)
        process.send(Load(serial, model, options.of_network))
        seconds: dict[str, float] = {}
        shown, since = Progress(STARTING, 0.0), time.perf_counter()
        for reply in _replies(process):
            if isinstance(reply, Report):
                now = time.perf_counter()
                seconds[shown.stage] = seconds.get(shown.stage, 0.0) + now - since
                shown, since = replace(reply.progress, done=reply.progress.done * _LOADING_SHARE), now
            elif isinstance(reply, Failed) and reply.serial == serial:
                raise _failure(reply)
            elif isinstance(reply, Loaded) and reply.serial == serial:
                break
            if process.idle_s > ENDED_AFTER_S:
                self._give_up(process)
                raise EngineError("the network's process stopped answering", "Segment again")
            with self._ending_if_stuck(process):
                yield _told(shown, process)
        if shown.stage != STARTING:  # it was ready: nothing was loaded
            seconds[shown.stage] = seconds.get(shown.stage, 0.0) + time.perf_counter() - since
        return seconds

    def _work(
        self, process: EngineProcess, case: Case, model: ModelFolder, base: float, *, keep: bool
    ) -> Generator[Progress, None, SegmentResult]:
        started = time.perf_counter()
        block = SharedBlock.create(_volumes_for(model, case), case.grid, len(NETWORK_CLASSES) if keep else 0)
        serial = next(self._serials)
        try:
            yield from _filled(block, _volumes_for(model, case), base)
            shared_s = time.perf_counter() - started
            process.send(SegmentRequest(serial, block.layout))
            finished = yield from self._wait(process, serial, base, block)
            if not isinstance(finished, Finished):
                raise RuntimeError("the network's process answered another request")
            started = time.perf_counter()
            classes = np.array(block.mask, order="K")
            probabilities = _kept(block, finished, case)
        finally:
            block.unlink()
        seconds = dict(finished.seconds)
        seconds[PREPARING] += shared_s
        seconds[MAPPING_BACK] += time.perf_counter() - started
        device, precision = finished.device, finished.precision
        expected = expected_dice(finished.overlap, model.passport.expected_dice)
        return SegmentResult(classes, seconds, device, precision, model.title, finished.notes, probabilities, expected)

    def _wait(
        self, process: EngineProcess, serial: int, base: float, block: SharedBlock
    ) -> Generator[Progress, None, Finished | FeaturesFound]:
        shown = Progress(PREPARING, base)
        idle = False
        try:
            for reply in _replies(process):
                if isinstance(reply, Report):
                    shown = replace(reply.progress, done=base + (1 - base) * reply.progress.done)
                elif isinstance(reply, Attached):
                    block.unlink()
                elif isinstance(reply, Failed) and reply.serial == serial:
                    idle = True
                    raise _failure(reply)
                elif isinstance(reply, (Finished, FeaturesFound)) and reply.serial == serial:
                    idle = True
                    return reply
                if process.idle_s > ENDED_AFTER_S:
                    break
                yield _told(shown, process)
        finally:
            if not idle:
                self._stop(process, serial)
        raise EngineError("the network's process stopped answering", "Segment again")

    @contextlib.contextmanager
    def _ending_if_stuck(self, process: EngineProcess) -> Iterator[None]:
        """A cancel leaves a process that loads alone, but not one that has said nothing for long: it may never."""
        try:
            yield
        except GeneratorExit:
            if process.silent_s > STUCK_AFTER_S:
                self._give_up(process)
            raise

    def _stop(self, process: EngineProcess, serial: int) -> None:
        """Ask politely, then kill."""
        deadline = time.perf_counter() + STOP_WITHIN_S
        with contextlib.suppress(EngineError):  # it is dead already: stopped
            process.send(Stop(serial))
            while (left := deadline - time.perf_counter()) > 0:
                reply = process.receive(left)
                if isinstance(reply, (Stopped, Finished, FeaturesFound, Failed)) and reply.serial == serial:
                    return
        self._give_up(process)

    def _give_up(self, process: EngineProcess) -> None:
        with self._changing:
            if self._process is process:
                self._process = None
            self._given_up = [*(other for other in self._given_up if other.alive), process]
        process.kill()


def _volumes_for(model: ModelFolder, case: Case) -> dict[Modality, Volume]:
    return {m: case.volumes[m] for m in model.passport.modalities if m in case.volumes}


def _filled(block: SharedBlock, volumes: Mapping[Modality, Volume], base: float) -> Generator[Progress, None, None]:
    for done in block.fill(volumes):
        yield Progress(PREPARING, base, f"sharing {done:.0%}")


def _told(shown: Progress, process: EngineProcess) -> Progress:
    """Progress as it is shown: of a process that has said nothing for long, that is told."""
    if process.silent_s < SILENT_AFTER_S and process.idle_s < IDLE_AFTER_S:
        return shown
    words = f"no word from the network for {process.silent_s:.0f} s"
    process.warn_once(words)
    return replace(shown, detail=f"{words}; Cancel starts it anew")


def _replies(process: EngineProcess) -> Iterator[Reply | None]:
    """Replies as they come, and None whenever none came for a moment."""
    while True:
        yield process.receive(POLL_S)


def _kept(block: SharedBlock, finished: Finished, case: Case) -> ClassProbabilities | None:
    """The probabilities, copied out of the block."""
    levels, box = block.levels, finished.kept
    if levels is None or box is None:
        return None
    start = (box[0].start, box[1].start, box[2].start)
    return ClassProbabilities(np.array(levels[:, *box], order="K"), start, case.grid)


def _failure(reply: Failed) -> BrainsegError:
    if reply.error is not None:
        return reply.error
    last = reply.traceback.strip().splitlines()[-1]
    error = EngineError(f"the network failed ({last})", "Nothing of the case is lost; try another model or device")
    error.add_note(reply.traceback)
    return error
