"""The network's own process: ``python -m brainseg_gui.inference.engine.child``, fed through its standard input.

It ends by itself when the program that started it is gone.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Generator
from typing import TYPE_CHECKING

from brainseg_gui.errors import BrainsegError
from brainseg_gui.faults.process_guard import guard_process
from brainseg_gui.inference.engine.messages import (
    Attached,
    Channel,
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
    Request,
    SegmentRequest,
    Stop,
    Stopped,
)
from brainseg_gui.inference.engine.priority import behind_others
from brainseg_gui.inference.engine.shared_block import SharedBlock
from brainseg_gui.inference.models.head_model import HeadModel
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.options import STARTING, SegmentOptions
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    from brainseg_gui.inference.network.load import ReadyNetwork

Wanted = tuple[ModelFolder | HeadModel, SegmentOptions]


class Child:
    """Answers requests one after the other; a thread listens, so that a stop is heard at work."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._requests: queue.SimpleQueue[Load | SegmentRequest | FeatureRequest | Predict] = queue.SimpleQueue()
        self._stopped_serial = 0
        self._network: ReadyNetwork | None = None
        self._loaded: Wanted | None = None
        self._heads: list[tuple[Wanted, ReadyNetwork]] = []  # three at most, all of them small
        self._tumours: list[tuple[Wanted, ReadyNetwork]] = []  # the last one that segments

    def run(self) -> None:
        """Answer until the program is gone."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        while True:
            request = self._requests.get()
            try:
                with behind_others(getattr(request, "quietly", False)):
                    self._answer(request)
            except BrainsegError as error:
                self._channel.send(Failed(request.serial, error, traceback.format_exc()))
            except Exception:  # noqa: BLE001  whatever it is, the program tells it and the process lives on
                self._channel.send(Failed(request.serial, None, traceback.format_exc()))

    def _answer(self, request: Load | SegmentRequest | FeatureRequest | Predict) -> None:
        if isinstance(request, Load):
            self._load(request)
        elif isinstance(request, Predict):
            self._predict(request)
        else:
            self._work(request)

    def _listen(self) -> None:
        while (request := self._receive()) is not None:
            if isinstance(request, Stop):
                self._stopped_serial = request.serial
            else:
                self._requests.put(request)
        os._exit(0)  # the program is gone; the network may be busy for minutes

    def _receive(self) -> Request | None:
        request: Request | None = self._channel.receive()
        return request

    def _load(self, request: Load) -> None:
        wanted = (request.model, request.options)
        if self._network is None or self._loaded != wanted:
            self._network = self._loaded = None
            self._report(request.serial, Progress(STARTING, 0.1, "importing what runs the network"))
            self._network = self._kept(wanted) or self._made(request.serial, wanted)
            self._loaded = wanted
        self._channel.send(Loaded(request.serial))

    def _kept(self, wanted: Wanted) -> ReadyNetwork | None:
        """A network that was loaded before: those of heads take turns, also with the one that segments."""
        return next((network for known, network in (*self._heads, *self._tumours) if known == wanted), None)

    def _made(self, serial: int, wanted: Wanted) -> ReadyNetwork:
        import scipy.ndimage  # noqa: F401  now, or the first mask would wait for it

        from brainseg_gui.inference.network.load import load

        if not isinstance(wanted[0], HeadModel):
            self._tumours = []  # two large ones may be too many
        work = load(*wanted)
        while True:
            try:
                self._report(serial, next(work))
            except StopIteration as end:
                network: ReadyNetwork = end.value
                break
        if isinstance(wanted[0], HeadModel):
            self._heads = [*self._heads[-2:], (wanted, network)]
        else:
            self._tumours = [(wanted, network)]
        return network

    def _predict(self, request: Predict) -> None:
        if self._network is None:
            raise RuntimeError("a prediction was asked for before a network was loaded")
        self._channel.send(Predicted(request.serial, self._network.predict(request.batch)))

    def _work(self, request: SegmentRequest | FeatureRequest) -> None:
        if self._network is None or self._loaded is None or isinstance(self._loaded[0], HeadModel):
            raise RuntimeError("work came before a model was loaded")
        block = SharedBlock.attach(request.layout)
        self._channel.send(Attached(request.serial))
        make = self._segmented if isinstance(request, SegmentRequest) else self._features
        work = make(request.serial, block, self._loaded[0].passport, self._network)
        while self._stopped_serial != request.serial:
            try:
                self._report(request.serial, next(work))
            except StopIteration as end:
                self._channel.send(end.value)
                return
        work.close()
        self._channel.send(Stopped(request.serial))

    def _segmented(
        self, serial: int, block: SharedBlock, passport: Passport, network: ReadyNetwork
    ) -> Generator[Progress, None, Reply]:
        from brainseg_gui.inference.segment import segment_volumes

        done = yield from segment_volumes(block.volumes(), passport, network, block.mask, levels=block.levels)
        notes, device = (*network.notes, *done.notes), network.device.words
        precision, sure = network.precision, done.sure_ml
        return Finished(serial, done.seconds, device, precision, notes, done.overlap, done.kept, sure)

    def _features(
        self, serial: int, block: SharedBlock, passport: Passport, network: ReadyNetwork
    ) -> Generator[Progress, None, Reply]:
        from brainseg_gui.inference.case_features import features_of

        return FeaturesFound(serial, (yield from features_of(block.volumes(), passport, network)))

    def _report(self, serial: int, progress: Progress) -> None:
        self._channel.send(Report(serial, progress))


def main() -> None:
    """Talk over standard input and output; whatever else prints goes to standard error."""
    guard_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the shell is for the program
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    Child(Channel(sys.stdin.buffer, replies)).run()


if __name__ == "__main__":
    main()
