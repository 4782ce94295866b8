"""A network in ONNX, loaded and warm: one or several whose answers are averaged. Imports onnxruntime, and no Keras."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import onnxruntime

from brainseg_gui.errors import EngineError, ModelError
from brainseg_gui.free_memory import described_bytes, free_memory_bytes, usable_bytes, usable_cores
from brainseg_gui.inference.infer import Batch
from brainseg_gui.inference.memory import PeakMemory
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.inference.models.onnx.check import written_anew
from brainseg_gui.inference.models.onnx.file import fixed_lengths, read_networks, sizes_for
from brainseg_gui.inference.models.onnx.graph import Graph
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.network.warm_up import warm_up_shape
from brainseg_gui.inference.options import LOADING, SegmentOptions
from brainseg_gui.inference.sliding_window import Predict, Shape
from brainseg_gui.plain_files import visible
from brainseg_gui.progress import Progress

_NO_MEMORY = ("failed to allocate", "bad_alloc", "out of memory")


@dataclass(frozen=True)
class Processor:
    """Where it runs, in words."""

    words: str


class OnnxNetwork:
    """Networks of one passport, on the CPU. Fits `segment.Predictor`."""

    precision = "float32"
    notes: tuple[str, ...] = ()

    def __init__(self, graphs: Sequence[Graph], folder: ModelFolder) -> None:
        cores = usable_cores()
        self.device = Processor(f"CPU ({cores} core{'s' if cores > 1 else ''})")
        self.bytes_per_voxel = 0.0
        self._graphs, self._folder = graphs, folder
        self._sessions = [_session(graph, folder) for graph in graphs]

    @property
    def passport(self) -> Passport:
        """What the network expects."""
        return self._folder.passport

    @property
    def fixed_shape(self) -> Shape | None:
        """The only spatial shape that it takes, or None when it takes any."""
        lengths = fixed_lengths(self._graphs[0], self.passport)
        return None if None in lengths else cast(Shape, lengths)

    def predict(self, batch: Batch) -> Batch:
        """(1, …, C) to what the networks give, averaged, (1, …, channels)."""
        total = self._answers(self._sessions[0], batch)
        for session in self._sessions[1:]:
            total = total + self._answers(session, batch)
        return total / np.float32(len(self._sessions)) if len(self._sessions) > 1 else total

    @property
    def members(self) -> Sequence[Predict]:
        """Each network by itself, as `predict`."""
        return [partial(self._answers, session) for session in self._sessions]

    def _answers(self, session: Any, batch: Batch) -> Batch:
        if not self.passport.channels_first:
            return self._ran(session, batch)
        # (1, …, C) -> (1, C, …) and back
        return np.moveaxis(self._ran(session, np.ascontiguousarray(np.moveaxis(batch, -1, 1))), 1, -1)

    def predict_with_features(self, batch: Batch) -> tuple[Batch, Batch]:
        """Clicks look at the features of the program's own networks alone."""
        raise ModelError("a network in ONNX gives no features for clicks", "Choose another model", self._folder.path)

    def free_bytes(self) -> float:
        """Free memory of the computer."""
        return free_memory_bytes()

    def move_to_cpu(self) -> bool:
        """It is there already."""
        return False

    def warm_up(self) -> None:
        """Run once on a typical shape: memory is known then, and whether the network does what it promises."""
        shape = self._first_shape()
        self._refuse_giants(shape)
        batch = np.zeros((1, *shape, len(self.passport.inputs)), np.float32)
        with PeakMemory() as memory:
            self.predict(batch)
        self.bytes_per_voxel = memory.growth_bytes / float(np.prod(shape))

    def _first_shape(self) -> Shape:
        if self.fixed_shape is None and self.passport.windows is not None and self.passport.patch is not None:
            return self.passport.patch
        return warm_up_shape(self.passport, self.fixed_shape)

    def _refuse_giants(self, shape: Shape) -> None:
        sizes = sizes_for(self._graphs[0], self.passport, shape, self._folder.weights_path)
        if sizes.largest_bytes > usable_bytes():
            need, usable = described_bytes(sizes.largest_bytes), described_bytes(usable_bytes())
            sentence = f"its operator {sizes.largest_operator} alone needs {need} of memory, and {usable} can be used"
            raise ModelError(sentence, "Use a smaller network, or close other programs", self._folder.weights_path)

    def _ran(self, session: Any, given: Batch) -> Batch:
        try:
            return cast(Batch, session.run(None, {self._graphs[0].source.name: given})[0])
        except Exception as error:
            if any(words in str(error).lower() for words in _NO_MEMORY):
                raise MemoryError(str(error)) from error
            remedy = "See whether divisor in model.json is 2 to the number of its poolings, and patch its size"
            raise _not_run(self._folder, error, remedy) from error


def load_onnx_network(folder: ModelFolder, options: SegmentOptions) -> Generator[Progress, None, OnnxNetwork]:
    """Check the networks of a model folder, load what was checked, and run it once.

    Raises
    ------
    ModelError
        If a file is not the passport's, holds what is not known, or does not fit.
    EngineError
        If a GPU is asked for, or the memory is too small.
    """
    if options.device == "gpu":
        raise EngineError("networks in ONNX run on the CPU only", "Choose the device cpu or auto")
    yield Progress(LOADING, 0.3, folder.title)
    graphs = read_networks(folder)
    yield Progress(LOADING, 0.6, folder.title)
    network = OnnxNetwork(graphs, folder)
    yield Progress(LOADING, 0.7, "warming up")
    try:
        network.warm_up()
    except MemoryError as error:
        raise EngineError("the memory is too small for this network", "Close other programs") from error
    return network


def _session(graph: Graph, folder: ModelFolder) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    options.log_severity_level = 4  # its words come as exceptions too
    options.enable_mem_pattern = False  # windows and whole volumes have different sizes
    try:
        return onnxruntime.InferenceSession(written_anew(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise _not_run(folder, error, "Export it again, with opset_version=17") from error


def _not_run(folder: ModelFolder, error: Exception, remedy: str) -> ModelError:
    reason = visible(str(error).strip().rpartition("\n")[2].rstrip("."), 160) or type(error).__name__
    return ModelError(
        f"onnxruntime {onnxruntime.__version__} does not run the network ({reason})",
        remedy,
        folder.weights_path,
    )
