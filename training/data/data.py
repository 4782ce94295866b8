"""Batches of patches, read from prepared cases. The same seed and step give the same batch, in any thread, always."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import keras
import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Array
from brainseg_gui.imaging.labels import NETWORK_CLASSES
from brainseg_gui.runs.config import Augmentation, Sampling
from training.data import augment
from training.data.cache import CachedCase
from training.data.order import CaseOrder
from training.data.patch import Shape, cut, draw_centre, shape_of
from training.data.transplant import transplant

Image = NDArray[np.float32]
Batch = tuple[Image, NDArray[np.uint8]]
Warn = Callable[[str], None]

LARGEST_QUEUE_BYTES = 2**29
MIRRORED = 0.5  # probability of a tumour that is laid into another brain: patient's left becomes right


class Patches(keras.utils.PyDataset):  # type: ignore[misc]
    """An endless row of batches; batch n belongs to step `first_step` + n of the run.

    Endless, so that a run that is resumed in the middle of an epoch goes on with the very batch that comes next.

    Parameters
    ----------
    order
        Which prepared case comes when.
    patch
        Size of the patches, in the network's axes; cases smaller than that are padded with 0.
    sampling, augmentation
        How patches are drawn and changed; None leaves them unchanged.
    channels
        Meaning of each channel of the truth.
    seed
        Of everything random.
    first_step
        Step of the first batch.
    in_plane
        Turn and flip in the plane of the first axis only, as the source article does.
    part
        Which of how many equal parts of each batch is made; the batches together are the same for any number.
    warn
        Is told of cases that cannot be read any more.
    """

    def __init__(
        self,
        order: CaseOrder,
        patch: Shape,
        sampling: Sampling,
        augmentation: Augmentation | None,
        *,
        channels: Sequence[str] = NETWORK_CLASSES,
        seed: int = 0,
        first_step: int = 0,
        in_plane: bool = False,
        part: tuple[int, int] = (0, 1),
        warn: Warn | None = None,
    ) -> None:
        # Keras' own queue loses batches when TensorFlow opens it twice, as it does for several devices
        super().__init__(workers=1, use_multiprocessing=False)
        self._ahead = batches_ahead(patch, sampling)
        self._pool = ThreadPoolExecutor(max(sampling.workers, 1), thread_name_prefix="patches")
        self._batches: dict[int, Future[Batch]] = {}
        self._order = order
        self._patch = patch
        self._sampling = sampling
        self._augmentation = augmentation
        self._seed = seed
        self._first_step = first_step
        self._in_plane = in_plane
        self._positions = positions_of(part, sampling.batch)
        self._warn = warn
        self._classes = [NETWORK_CLASSES.index(channel) for channel in channels]
        self._ready: dict[int, float] = {}
        self._unreadable: set[str] = set()
        self._lock = threading.Lock()

    @property
    def num_batches(self) -> None:
        """None: there is no last one."""
        return None

    def __getitem__(self, index: int) -> Batch:
        """Images (B, X, Y, Z, C) in float32 and one-hot truth (B, X, Y, Z, classes) in uint8.

        The batches that follow are prepared meanwhile, in threads: reading, resampling and numpy let go of Python's
        lock, so that processes, which would have to send every batch, were no faster.
        """
        with self._lock:
            for old in [n for n in self._batches if n < index]:
                del self._batches[old]
            for n in range(index, index + 1 + self._ahead):
                if n not in self._batches:
                    self._batches[n] = self._pool.submit(self._batch, self._first_step + n)
            wanted = self._batches[index]
        return wanted.result()

    def close(self) -> None:
        """Prepare no more batches."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _batch(self, step: int) -> Batch:
        """Written once into its place: whole volumes are as large as what they would be copied from."""
        size = (len(self._positions), *self._patch)
        images = np.empty((*size, self._order.entries[0].image().shape[-1]), np.float32)
        truth = np.empty((*size, len(self._classes)), np.uint8)
        for place, position in enumerate(self._positions):
            labels = self._sample(step, position, images[place])
            for index, value in enumerate(self._classes):
                np.equal(labels, value, out=truth[place, ..., index].view(np.bool_))
        with self._lock:
            self._ready[step] = time.perf_counter()
        return images, truth

    def ready_at(self, step: int) -> float | None:
        """When the batch of a step was ready (`time.perf_counter`); forgotten once asked for."""
        with self._lock:
            return self._ready.pop(step, None)

    def _sample(self, step: int, position: int, out: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Fill a patch, (X, Y, Z, C), and give its classes, (X, Y, Z)."""
        random = np.random.default_rng([self._seed, step, position])
        for attempt in range(len(self._order)):
            entry = self._order.entry(step * self._sampling.batch + position, attempt)
            try:
                return self._fill(out, entry, random)
            except (OSError, ValueError) as error:
                self._tell(entry, error)
        raise OSError("no prepared case can be read any more")

    def _fill(self, out: NDArray[np.float32], entry: CachedCase, random: np.random.Generator) -> NDArray[np.uint8]:
        change = self._augmentation
        image, labels = entry.image(), entry.labels()
        centre = draw_centre(entry, self._patch, self._sampling.foreground, random)
        if change is None:
            out[:] = cut(image, centre, self._patch)
            return cut(labels, centre, self._patch)
        if self._in_plane:
            whole = _as_floats(cut(image, centre, self._patch)), cut(labels, centre, self._patch)
            return augment.turn_in_plane(*whole, random, change, out)[1]
        turn = augment.draw_turn(random, change)
        size = self._patch if turn.is_plain else shape_of(augment.reach(turn, self._patch))
        patch, classes = _as_floats(cut(image, centre, size)), cut(labels, centre, size)
        if change.transplant and random.random() < change.transplant:
            patch, classes = self._with_another_tumour(patch, classes, entry, centre, random)
        if not turn.is_plain:
            patch, classes = augment.resample(patch, classes, turn, self._patch)
        patch, classes = augment.flip(patch, classes, turn.flips)
        augment.change_intensities(patch, random, change, out)
        augment.drop_modalities(out, random, change.drop_modalities)
        return classes

    def _with_another_tumour(
        self, patch: Image, classes: NDArray[np.uint8], host: CachedCase, centre: Shape, random: np.random.Generator
    ) -> tuple[Image, NDArray[np.uint8]]:
        """The tumour of a random other case, at its own place of the brain: cases are cut to the brain's box."""
        others = [entry for entry in self._order.entries if entry != host] or [host]
        donor = others[int(random.integers(len(others)))]
        lengths = zip(centre, host.shape, donor.shape, strict=True)
        same = shape_of(c + (theirs - ours) // 2 for c, ours, theirs in lengths)
        size = shape_of(classes.shape)
        side = slice(None, None, -1 if random.random() < MIRRORED else 1)  # of the whole brain: left becomes right
        image, labels = (cut(whole[side], same, size) for whole in (donor.image(), donor.labels()))
        image = _as_floats(image)
        return transplant(patch, classes, image, labels, random)

    def _tell(self, entry: CachedCase, error: Exception) -> None:
        with self._lock:
            new = entry.case_id not in self._unreadable
            self._unreadable.add(entry.case_id)
        if new and self._warn is not None:
            self._warn(f"{entry.case_id} cannot be read any more and is passed over ({error})")


def positions_of(part: tuple[int, int], batch: int) -> range:
    """The patches of a batch that are of one of its equal parts: ``(1, 2)`` of 4 are 2 and 3."""
    number, count = part
    return range(number * batch // count, (number + 1) * batch // count)


def batches_ahead(patch: Shape, sampling: Sampling) -> int:
    """How many batches are prepared in advance: two per worker, as far as the memory for them goes."""
    return int(np.clip(LARGEST_QUEUE_BYTES // bytes_of_batch(patch, sampling), 1, max(2 * sampling.workers, 1)))


def bytes_of_batch(patch: Shape, sampling: Sampling) -> int:
    """Memory of one batch: four channels of float32 and four of uint8."""
    return int(np.prod(patch)) * sampling.batch * 4 * (4 + 1)


def _as_floats(image: Array) -> NDArray[np.float32]:
    return image.astype(np.float32, copy=False)
