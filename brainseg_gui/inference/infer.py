"""Running a network over a prepared image: whole if the memory allows it, else in windows.

The network is anything that fits `Predictor`; nothing here knows Keras.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import EngineError
from brainseg_gui.imaging.grid import describe_shape
from brainseg_gui.inference.answers import activated, mirrored
from brainseg_gui.inference.models.passport import Passport
from brainseg_gui.inference.options import INFERRING
from brainseg_gui.inference.sliding_window import NNUNET, OWN, Predict, Shape, slide_each
from brainseg_gui.progress import Progress

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
