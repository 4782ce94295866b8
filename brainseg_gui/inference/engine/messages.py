"""What the program and the network's process say to each other."""

from __future__ import annotations

import pickle
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.inference.engine.shared_block import BlockLayout
from brainseg_gui.inference.models.head_model import HeadModel
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    from brainseg_gui.inference.case_features import CaseFeatures


@dataclass(frozen=True)
class Load:
    """Have this model ready, behind other programs if `quietly`; answered by `Loaded` or `Failed`."""

    serial: int
    model: ModelFolder | HeadModel
    options: SegmentOptions
    quietly: bool = False


@dataclass(frozen=True)
class SegmentRequest:
    """Segment the volumes of a block with the loaded model; answered by `Finished`, `Stopped` or `Failed`."""

    serial: int
    layout: BlockLayout


@dataclass(frozen=True)
class FeatureRequest:
    """Features of the volumes of a block by the loaded model; answered by `FeaturesFound`, `Stopped` or `Failed`.

    With `quietly` other programs go first.
    """

    serial: int
    layout: BlockLayout
    quietly: bool = False


@dataclass(frozen=True, eq=False)
class Predict:
    """Run the loaded network of heads once; answered by `Predicted` or `Failed`. The field is small enough to send."""

    serial: int
    batch: NDArray[np.float32]


@dataclass(frozen=True)
class Stop:
    """Give up the work with this serial number."""

    serial: int


@dataclass(frozen=True)
class Report:
    """Progress of a request; `done` counts within the request."""

    serial: int
    progress: Progress


@dataclass(frozen=True)
class Loaded:
    """The model is ready."""

    serial: int


@dataclass(frozen=True)
class Attached:
    """The block is open in the network's process: its name in the file system is not needed any more."""

    serial: int


@dataclass(frozen=True)
class Finished:
    """The mask is in the block; so are probabilities, in the box `kept`, if there was room for them."""

    serial: int
    seconds: Mapping[str, float]
    device: str
    precision: str
    notes: tuple[str, ...]
    overlap: Mapping[str, float]
    kept: tuple[slice, slice, slice] | None = None
    sure_ml: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FeaturesFound:
    """What is kept of a case, so that clicks need the loaded model no more."""

    serial: int
    features: CaseFeatures


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a network of heads gave."""

    serial: int
    output: NDArray[np.float32]


@dataclass(frozen=True)
class Stopped:
    """The work was given up; the process is idle."""

    serial: int


@dataclass(frozen=True)
class Failed:
    """The request failed; the process is idle. `error` is None for a bug, told by its traceback."""

    serial: int
    error: BrainsegError | None
    traceback: str


Request = Load | SegmentRequest | FeatureRequest | Predict | Stop
Reply = Report | Loaded | Attached | Finished | FeaturesFound | Predicted | Stopped | Failed

_LENGTH = struct.Struct("<Q")


class Channel:
    """Pickled messages over two byte streams; both ends are this program."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        self._reader = reader
        self._writer = writer
        self._sending = threading.Lock()

    def send(self, message: Request | Reply) -> None:
        """Send one message.

        Raises
        ------
        OSError
            If the other end is gone.
        """
        content = pickle.dumps(message)
        with self._sending:
            self._writer.write(_LENGTH.pack(len(content)) + content)
            self._writer.flush()

    def receive(self) -> Any:
        """Wait for the next message; None when the other end is gone."""
        head = self._reader.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        length = _LENGTH.unpack(head)[0]
        content = self._reader.read(length)
        return pickle.loads(content) if len(content) == length else None
