"""The engine: runs networks in a process of its own, so that neither a crash nor a cancel touches the program.

Importing this module imports no network library.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Mapping
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import EngineError
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
    Report,
    SegmentRequest,
)
from brainseg_gui.inference.engine.process_keeper import ProcessKeeper
from brainseg_gui.inference.engine.replies import failure_of, replies_of, with_silence
from brainseg_gui.inference.engine.shared_block import SharedBlock
from brainseg_gui.inference.engine.turn import EngineTurn
from brainseg_gui.inference.expected_dice import expected_dice
from brainseg_gui.inference.images_used import cautions_of, images_used
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

ENDED_AFTER_S = 30.0  # of a process that does not use the processor: then it is ended
_LOADING_SHARE = 0.5  # of the whole work, when the model has to be loaded first


class Engine:
    """Runs networks in a child process that it starts, feeds, stops and, if it must, kills."""

    def __init__(self) -> None:
        self._keeper = ProcessKeeper()
        self._serials = count(1)
        self._turn = EngineTurn()

    @property
    def pid(self) -> int | None:
        """Process id of the network's process, or None when there is none."""
        return self._keeper.pid

    def start(self, model: ModelFolder | HeadModel | None = None, options: SegmentOptions | None = None) -> None:
        """Start the process and let it load a model, without waiting for it; not while it works for somebody.

        Parameters
        ----------
        model
            The model to have ready; the default model if None.
        options
            Where it is going to run.
        """
        request = Load(next(self._serials), model or default_model(), (options or SegmentOptions()).of_network)
        with contextlib.suppress(EngineError), self._turn.taken(gives_way=True):
            self._keeper.living().send(request)

    def segment(
        self, case: Case, model: ModelFolder, options: SegmentOptions
    ) -> Generator[Progress, None, SegmentResult]:
        """Segment a case.

        Yields
        ------
        Progress
            At least every tenth of a second, also while the process works for somebody else. Closing the generator
            cancels: the process is asked to stop, and killed if it is not idle within 0.35 s.

        Raises
        ------
        ModelError
            If the model cannot be used, or needs a modality that the case lacks.
        EngineError
            If the process dies or fails. The next call starts a new one.
        """
        require_modalities(case.volumes, model, case.source.folder)
        with (yield from self._turn.waited_for()):
            process = self._keeper.living()
            loading_s = yield from self._load(process, model, options)
            base = _LOADING_SHARE if loading_s else 0.0
            result = yield from self._work(process, case, model, base, keep=options.keep_probabilities)
            return replace(result, seconds={**loading_s, **result.seconds})

    def features(
        self, case: Case, model: ModelFolder, options: SegmentOptions | None = None, *, ahead: bool = False
    ) -> Generator[Progress, None, CaseFeatures]:
        """What is kept of a case, so that each click costs a small network on a patch and nothing more.

        Yields and raises as `segment`, but for an `EngineError` where the process works for somebody else.

        Parameters
        ----------
        ahead
            Nobody waits for it yet: it runs behind the other programs, and ends with `Cancelled` when the process is
            wanted for anything else.
        """
        require_modalities(case.volumes, model, case.source.folder)
        with self._turn.taken(gives_way=ahead):
            found = yield from self._turn.leaving(self._features(case, model, options or SegmentOptions(), ahead))
        return found

    def _features(
        self, case: Case, model: ModelFolder, options: SegmentOptions, ahead: bool
    ) -> Generator[Progress, None, CaseFeatures]:
        process = self._keeper.living()
        loading_s = yield from self._load(process, model, options, quietly=ahead)
        base, serial = _LOADING_SHARE if loading_s else 0.0, next(self._serials)
        images = images_used(case, model.passport)
        block = SharedBlock.create(images, case.grid)
        try:
            yield from _filled(block, images, base)
            process.send(FeatureRequest(serial, block.layout, quietly=ahead))
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
            If the process dies or fails.
        """
        with (yield from self._turn.waited_for()):
            process = self._keeper.living()
            yield from self._load(process, model, options or SegmentOptions())
            serial = next(self._serials)
            process.send(Predict(serial, np.ascontiguousarray(batch, np.float32)))
            yield Progress(INFERRING, _LOADING_SHARE)
            for reply in replies_of(process):
                if isinstance(reply, Failed) and reply.serial == serial:
                    raise failure_of(reply)
                if isinstance(reply, Predicted) and reply.serial == serial:
                    return reply.output
                if process.idle_s > ENDED_AFTER_S:
                    self._keeper.give_up(process)
                    break
                yield with_silence(Progress(INFERRING, _LOADING_SHARE), process)
        raise EngineError("the network's process stopped answering", "Try again")

    def close(self) -> None:
        """End the process, if there is one."""
        self._keeper.close()

    def _load(
        self,
        process: EngineProcess,
        model: ModelFolder | HeadModel,
        options: SegmentOptions,
        *,
        quietly: bool = False,
    ) -> Generator[Progress, None, dict[str, float]]:
        """Wait until the model is ready; a cancel leaves the process loading, it is not at work for the case."""
        serial = next(self._serials)
        process.send(Load(serial, model, options.of_network, quietly))
        seconds: dict[str, float] = {}
        shown, since = Progress(STARTING, 0.0), time.perf_counter()
        for reply in replies_of(process):
            if isinstance(reply, Report):
                now = time.perf_counter()
                seconds[shown.stage] = seconds.get(shown.stage, 0.0) + now - since
                shown, since = replace(reply.progress, done=reply.progress.done * _LOADING_SHARE), now
            elif isinstance(reply, Failed) and reply.serial == serial:
                raise failure_of(reply)
            elif isinstance(reply, Loaded) and reply.serial == serial:
                break
            if process.idle_s > ENDED_AFTER_S:
                self._keeper.give_up(process)
                raise EngineError("the network's process stopped answering", "Segment again")
            with self._keeper.ending_if_stuck(process):
                yield with_silence(shown, process)
        if shown.stage != STARTING:  # it was ready: nothing was loaded
            seconds[shown.stage] = seconds.get(shown.stage, 0.0) + time.perf_counter() - since
        return seconds

    def _work(
        self, process: EngineProcess, case: Case, model: ModelFolder, base: float, *, keep: bool
    ) -> Generator[Progress, None, SegmentResult]:
        started = time.perf_counter()
        images = images_used(case, model.passport)
        block = SharedBlock.create(images, case.grid, len(NETWORK_CLASSES) if keep else 0)
        serial = next(self._serials)
        try:
            yield from _filled(block, images, base)
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
        expected = expected_dice(finished.overlap, model.passport.expected_with(images))
        told = ((*cautions_of(case, model.passport), *finished.notes), probabilities, expected, finished.sure_ml)
        return SegmentResult(classes, seconds, device, precision, model.title, *told)

    def _wait(
        self, process: EngineProcess, serial: int, base: float, block: SharedBlock
    ) -> Generator[Progress, None, Finished | FeaturesFound]:
        shown = Progress(PREPARING, base)
        idle = False
        try:
            for reply in replies_of(process):
                if isinstance(reply, Report):
                    shown = replace(reply.progress, done=base + (1 - base) * reply.progress.done)
                elif isinstance(reply, Attached):
                    block.unlink()
                elif isinstance(reply, Failed) and reply.serial == serial:
                    idle = True
                    raise failure_of(reply)
                elif isinstance(reply, (Finished, FeaturesFound)) and reply.serial == serial:
                    idle = True
                    return reply
                if process.idle_s > ENDED_AFTER_S:
                    break
                yield with_silence(shown, process)
        finally:
            if not idle:
                self._keeper.stop(process, serial)
        raise EngineError("the network's process stopped answering", "Segment again")


def _filled(block: SharedBlock, volumes: Mapping[Modality, Volume], base: float) -> Generator[Progress, None, None]:
    for done in block.fill(volumes):
        yield Progress(PREPARING, base, f"sharing {done:.0%}")


def _kept(block: SharedBlock, finished: Finished, case: Case) -> ClassProbabilities | None:
    """The probabilities, copied out of the block."""
    levels, box = block.levels, finished.kept
    if levels is None or box is None:
        return None
    start = (box[0].start, box[1].start, box[2].start)
    return ClassProbabilities(np.array(levels[:, *box], order="K"), start, case.grid)
