"""The whole way from volumes to classes: prepare, infer, map back. The button and validation run this code.

The network is anything that fits `Predictor`; nothing here knows Keras.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import EngineError
from brainseg_gui.imaging.box import Box
from brainseg_gui.imaging.grid import describe_shape
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import LARGEST_BRAIN_ML, Volume
from brainseg_gui.inference.answers import activated, mirrored
from brainseg_gui.inference.certainty import Levels, keep_probabilities
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.options import INFERRING, MAPPING_BACK, PREPARING, cautions
from brainseg_gui.inference.postprocess import Classes, Confidence, map_back, needs_confidence, postprocess
from brainseg_gui.inference.preprocess import Prepared, prepare
from brainseg_gui.inference.sliding_window import NNUNET, OWN, Predict, Shape, slide_each
from brainseg_gui.inference.sure_volumes import sure_volumes
from brainseg_gui.progress import Progress, scaled

_PREPARED = 0.4  # of the whole work, when the network starts
_INFERRED = 0.9
_WINDOW_EDGES = (192, 160, 128, 96, 64, 48, 32)
_USABLE_MEMORY = 0.8  # of what is free

Batch = NDArray[np.float32]


class Predictor(Protocol):
    """A network that is ready to run."""

    @property
    def bytes_per_voxel(self) -> float:
        """Estimated memory of one pass, per input voxel."""

    @property
    def fixed_shape(self) -> Shape | None:
        """The only spatial shape that it takes, or None when it takes any."""

    def predict(self, batch: Batch) -> Batch:
        """(1, …, C) to probabilities (1, …, channels).

        Raises
        ------
        MemoryError
            If the memory is too small for this shape.
        """

    def free_bytes(self) -> float:
        """Memory that is free where it runs, as far as known."""

    def move_to_cpu(self) -> bool:
        """Run on the CPU from now on; False when it does already."""


@runtime_checkable
class Ensemble(Protocol):
    """Several networks in one `Predictor`."""

    @property
    def members(self) -> Sequence[Predict]:
        """Each of them by itself."""


@dataclass(frozen=True)
class Outcome:
    """How a segmentation went.

    Parameters
    ----------
    seconds
        Per stage.
    notes
        Sentences about what had to be done differently.
    overlap
        By region, how far mask and probabilities agree; see `expected_dice.own_overlap`.
    kept
        Where probabilities were kept.
    sure_ml
        By region, the volumes between which it lies; see `sure_volumes`.
    """

    seconds: Mapping[str, float]
    notes: tuple[str, ...]
    overlap: Mapping[str, float]
    kept: Box | None = None
    sure_ml: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def segment_volumes(
    volumes: Mapping[Modality, Volume],
    passport: Passport,
    network: Predictor,
    classes: Classes,
    confidence: Confidence | None = None,
    levels: Levels | None = None,
) -> Generator[Progress, None, Outcome]:
    """Segment volumes on one RAS grid.

    Parameters
    ----------
    volumes
        Modalities of the passport; those that may be missing may be.
    passport
        What the network expects and gives.
    network
        The network.
    classes
        Receives 0 background, 1 NCR, 2 ED, 3 ET, RAS-ordered, (I, J, K); all 0 on entry.
    confidence
        Receives the probability of the class that won, before the passport's rules; as `classes`.
    levels
        Receives the probabilities of all classes; see `certainty.keep_probabilities`.

    Yields
    ------
    Progress
        `done` counts over all three stages.

    Raises
    ------
    ModelError
        If the images do not fit the passport.
    EngineError
        If no memory is large enough.
    """
    started = time.perf_counter()
    prepared = yield from scaled(prepare(volumes, passport), 0.0, _PREPARED)
    inferring = time.perf_counter()
    probabilities, notes = yield from scaled(infer(prepared.batch, passport, network), _PREPARED, _INFERRED)
    mapping = time.perf_counter()
    yield Progress(MAPPING_BACK, _INFERRED)
    if confidence is None and needs_confidence(passport.postprocess):
        confidence = np.zeros(classes.shape, np.float32, order="F")
    sampled = map_back(probabilities, prepared, passport, classes, confidence)
    kept = None
    if levels is not None:
        yield Progress(MAPPING_BACK, 0.94, "keeping probabilities")
        kept = keep_probabilities(probabilities, prepared, passport, classes, levels)
    yield Progress(MAPPING_BACK, 0.97, "cleaning up")
    grid = next(iter(volumes.values())).grid
    notes += (*cautions(volumes, passport), *_notes_on(prepared, grid.voxel_ml))
    drawn = classes.copy(order="K") if passport.postprocess else classes
    postprocess(classes, passport.postprocess, grid.voxel_ml, confidence, grid.spacing_mm)
    sure_ml = sure_volumes(probabilities, prepared, passport, drawn, classes, grid.voxel_ml)
    overlap = sampled.overlap(classes) if sampled is not None else {}
    stages = {
        PREPARING: inferring - started,
        INFERRING: mapping - inferring,
        MAPPING_BACK: time.perf_counter() - mapping,
    }
    return Outcome(stages, notes, overlap, kept, sure_ml)


def _notes_on(prepared: Prepared, voxel_ml: float) -> tuple[str, ...]:
    """What the person should know of images that are unlike those that networks are trained on."""
    brain_ml = 0.0 if prepared.brain is None else np.count_nonzero(prepared.brain) * voxel_ml
    if brain_ml <= LARGEST_BRAIN_ML:
        return ()
    return (
        f"The images hold {brain_ml / 1000:.1f} litres where a brain has less than 2. Strip the skull and set all that "
        "is not brain to 0: networks that were trained on brains alone go wrong on heads",
    )


def infer(
    batch: Batch, passport: Passport, network: Predictor
) -> Generator[Progress, None, tuple[Batch, tuple[str, ...]]]:
    """Run the network: the whole volume if the memory allows it, else in windows, on the CPU as the last resort.

    Returns
    -------
    tuple
        Probabilities, (1, …, channels), and sentences about fallbacks.
    """
    notes: list[str] = []
    while True:
        for window in plan_windows(batch, passport, network, notes):
            failed = bool(notes)
            try:
                probabilities = yield from _run(batch, passport, network, window)
            except MemoryError:
                notes.append(f"The memory was too small for {_words(window)}")
                continue
            if failed and window is not None:
                notes.append(f"{_words(window).capitalize()} were used")
            return activated(probabilities, passport.output), tuple(notes)
        if not network.move_to_cpu():
            raise EngineError("the memory is too small for this network, even in small windows", "Close other programs")
        notes.append("The network ran on the CPU instead")


def plan_windows(batch: Batch, passport: Passport, network: Predictor, notes: list[str]) -> list[Shape | None]:
    """Windows to try, largest first; None is the whole volume. Appends to `notes` if that cannot fit."""
    whole: Shape = (batch.shape[1], batch.shape[2], batch.shape[3])
    if network.fixed_shape is not None and passport.windows is None:
        return [None if network.fixed_shape == whole else network.fixed_shape]
    if passport.windows is not None and passport.patch is not None:
        return [passport.patch]
    windows = list(dict.fromkeys(_smaller_windows(whole, passport)))
    usable = network.free_bytes() * _USABLE_MEMORY
    if np.prod(whole) * network.bytes_per_voxel <= usable:
        return [None, *windows]
    fitting = [window for window in windows if np.prod(window) * network.bytes_per_voxel <= usable]
    chosen = fitting or windows[-1:] or [whole]
    need, free = np.prod(whole) * network.bytes_per_voxel / 2**30, usable / 2**30
    notes.append(f"The whole volume needs about {need:.1f} GiB of memory and {free:.1f} GiB can be used")
    return list(chosen)


def _smaller_windows(whole: Shape, passport: Passport) -> list[Shape]:
    edges: list[Shape] = [(n, n, n) for n in _WINDOW_EDGES]
    if passport.patch is not None:
        size = np.prod(passport.patch)
        edges = [passport.patch, *(edge for edge in edges if np.prod(edge) < size)]
    windows = []
    for edge in edges:
        i, j, k = (
            min(length, -(-n // passport.divisor) * passport.divisor) for n, length in zip(edge, whole, strict=True)
        )
        if (i, j, k) != whole:
            windows.append((i, j, k))
    return windows


def _run(
    batch: Batch, passport: Passport, network: Predictor, window: Shape | None
) -> Generator[Progress, None, Batch]:
    if window is None:
        yield Progress(INFERRING, 0.0, "the whole volume")
        return mirrored(network.predict, passport)(batch)
    manner, channels = passport.windows or OWN, len(passport.output.channels)
    apart = network.members if isinstance(network, Ensemble) and manner.like == NNUNET else (network.predict,)
    return (yield from slide_each(batch, [mirrored(member, passport) for member in apart], window, channels, manner))


def _words(window: Shape | None) -> str:
    return "the whole volume" if window is None else f"windows of {describe_shape(window)} voxels"
