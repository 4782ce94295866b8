"""A case's volumes, its mask and, if they are wanted, probabilities in memory that two processes share.

A block is a mapped file in a memory file system where there is one. `multiprocessing.shared_memory` is not used:
before Python 3.13 its tracker unlinks a block when any process that looked at it ends, and it reserves nothing, so
that a small ``/dev/shm`` (64 MB in a container) would kill the program with SIGBUS in the middle of a copy.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.errors import EngineError
from brainseg_gui.faults import scratch
from brainseg_gui.imaging.grid import Affine, Array, Grid, Voxel
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume

_ALIGNMENT = 64
_CHUNK_BYTES = 2**25
FOLDERS = scratch.folders()  # memory if possible, else disk


@dataclass(frozen=True)
class Slot:
    """Where one volume lies in a block, and how its stored values become intensities."""

    modality: Modality
    dtype: str
    offset: int
    slope: float
    intercept: float


@dataclass(frozen=True, eq=False)
class BlockLayout:
    """Everything that another process needs to open a block.

    Parameters
    ----------
    path
        The mapped file.
    shape, affine
        RAS grid of all volumes and of the mask.
    slots
        One per volume.
    mask_offset
        Where the mask lies, uint8.
    classes
        Volumes of probability levels behind the mask, uint8; 0 where they are not wanted.
    """

    path: Path
    shape: Voxel
    affine: Affine
    slots: tuple[Slot, ...]
    mask_offset: int
    classes: int = 0

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.mask_offset + (1 + self.classes) * int(np.prod(self.shape))


class SharedBlock:
    """The mapped memory of one segmentation."""

    def __init__(self, layout: BlockLayout, memory: mmap.mmap) -> None:
        self.layout = layout
        self._memory = memory

    @classmethod
    def create(cls, volumes: Mapping[Modality, Volume], grid: Grid, classes: int = 0) -> SharedBlock:
        """Reserve a block for volumes on one grid, a mask, and probabilities of so many classes.

        Raises
        ------
        EngineError
            If neither the memory nor the disk has room for it.
        """
        slots, offset = [], 0
        for modality, volume in volumes.items():
            slots.append(Slot(modality, volume.stored.dtype.str, offset, volume.slope, volume.intercept))
            offset += -(-volume.stored.nbytes // _ALIGNMENT) * _ALIGNMENT
        size = offset + (1 + classes) * int(np.prod(grid.shape))
        path, memory = _reserve(size)
        return cls(BlockLayout(path, grid.shape, grid.affine, tuple(slots), offset, classes), memory)

    @classmethod
    def attach(cls, layout: BlockLayout) -> SharedBlock:
        """Open a block that another process created."""
        with layout.path.open("r+b") as stream:
            return cls(layout, mmap.mmap(stream.fileno(), layout.size))

    def fill(self, volumes: Mapping[Modality, Volume]) -> Iterator[float]:
        """Copy the volumes, yielding the fraction that is done after some milliseconds each."""
        for number, slot in enumerate(self.layout.slots):
            source, target = volumes[slot.modality].stored, self._array(slot)
            step = max(1, _CHUNK_BYTES // max(1, source[..., 0].nbytes))
            for start in range(0, source.shape[2], step):
                target[..., start : start + step] = source[..., start : start + step]
                yield (number + min(1.0, (start + step) / source.shape[2])) / len(self.layout.slots)

    def volumes(self) -> dict[Modality, Volume]:
        """The volumes, as views of the block."""
        grid = Grid(self.layout.shape, self.layout.affine)
        return {
            slot.modality: Volume(self._array(slot), grid, slot.slope, slot.intercept, self.layout.path)
            for slot in self.layout.slots
        }

    @property
    def mask(self) -> NDArray[np.uint8]:
        """The mask, a view of the block, (I, J, K)."""
        return np.ndarray(self.layout.shape, np.uint8, buffer=self._memory, offset=self.layout.mask_offset, order="F")

    @property
    def levels(self) -> NDArray[np.uint8] | None:
        """The levels of probability, a view of the block, (C, I, J, K); None where there is no room for any."""
        layout = self.layout
        if not layout.classes:
            return None
        offset = layout.mask_offset + int(np.prod(layout.shape))
        # memory: i fastest, classes slowest, so that each class is a volume like the mask
        reverse = (layout.classes, *layout.shape[::-1])
        flat: NDArray[np.uint8] = np.ndarray(reverse, np.uint8, buffer=self._memory, offset=offset)
        return flat.transpose(0, 3, 2, 1)  # (C, K, J, I) -> (C, I, J, K)

    def unlink(self) -> None:
        """Take the block's name away; the memory goes when no process maps it any more."""
        with contextlib.suppress(OSError):  # Windows keeps it while it is mapped; called again at the end
            self.layout.path.unlink(missing_ok=True)

    def _array(self, slot: Slot) -> Array:
        # i varies fastest, as in nearly every NIfTI file: the copy runs along memory.
        return np.ndarray(self.layout.shape, np.dtype(slot.dtype), buffer=self._memory, offset=slot.offset, order="F")


def _reserve(size: int) -> tuple[Path, mmap.mmap]:
    """Map a new file whose blocks are all there, in memory if possible, else on disk."""
    for folder in FOLDERS:
        if not folder.is_dir():
            continue
        try:
            handle, name = tempfile.mkstemp(prefix=scratch.prefix(), dir=folder)  # mode 0600
        except OSError:
            continue
        try:
            _allocate(handle, size)
            return Path(name), mmap.mmap(handle, size)
        except OSError:
            os.unlink(name)
        finally:
            os.close(handle)
    raise EngineError(
        f"there is no room for the study's volumes ({size / 2**20:,.0f} MiB)", "Close other programs or free disk space"
    )


def _allocate(handle: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    else:
        os.truncate(handle, size)
