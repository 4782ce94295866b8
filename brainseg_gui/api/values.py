"""What the functions of `api` take and give: numpy arrays with their affine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging import case as imaging
from brainseg_gui.imaging.formats.save import check_mask_file, write_labels
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, region_named

Affine = NDArray[np.float64]
_Kind = TypeVar("_Kind", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Mask:
    """Labels on a grid.

    Made of an array by `Mask.of`; read from a file by `open_mask`.

    >>> mask = Mask.of([[[0, 1, 2, 4]]], np.eye(4), "brats2020")
    >>> mask.labels
    {1: 'NCR', 2: 'ED', 4: 'ET'}
    >>> mask.region("TC").tolist()
    [[[False, True, False, True]]]
    >>> mask.volume_ml("WT")
    0.003

    Parameters
    ----------
    label_map
        What the program itself works with.
    """

    label_map: LabelMap

    @classmethod
    def of(cls, values: ArrayLike, affine: ArrayLike, scheme: str) -> Mask:
        """A mask of an array of any kind of whole numbers from 0 to 255.

        Parameters
        ----------
        values
            (I, J, K), ordered as in `api`.
        affine
            Voxel to mm, RAS, (4, 4).
        scheme
            What the numbers mean: a name of ``label_schemes.toml``, such as ``brats2020``, or of your own schemes.

        Raises
        ------
        BrainsegError
            If the values are no labels, the affine places no voxels, or nobody knows the scheme.
        """
        array, place = np.asarray(values), _affine_of(affine)
        if array.ndim != 3 or not array.size:
            raise BrainsegError("a mask has three axes", "Give one case at a time")
        i, j, k = array.shape
        return cls(LabelMap(np.asfortranarray(_labels_of(array)), Grid((i, j, k), place), scheme_named(scheme)))

    @property
    def values(self) -> NDArray[np.uint8]:
        """Numbers, (I, J, K), read-only: change a copy, and make a mask of it by `Mask.of`."""
        return _read_only(self.label_map.values)

    @property
    def affine(self) -> Affine:
        """Voxel to mm, (4, 4), read-only."""
        return _read_only(self.label_map.grid.affine)

    @property
    def labels(self) -> dict[int, str]:
        """What each number means."""
        return dict(self.label_map.scheme.labels)

    def region(self, name: str) -> NDArray[np.bool_]:
        """Voxels of WT, TC or ET, (I, J, K)."""
        return self.label_map.mask(region_named(name))

    def volume_ml(self, name: str) -> float:
        """Volume of a region in ml."""
        return float(np.count_nonzero(self.region(name)) * self.label_map.grid.voxel_ml)

    def save(self, path: str | os.PathLike[str], like: OpenCase, *, overwrite: bool = False) -> None:
        """Write it in the stored order and place of a case's images, read it back and compare.

        Raises
        ------
        SaveError
            If it cannot be written, is there and `overwrite` is not said, or is an image of the case; the old file is
            untouched then.
        """
        check_mask_file(Path(path), like.case.source.modalities.values(), overwrite=overwrite)
        write_labels(Path(path), self.label_map, like.case.header, overwrite=overwrite)


@dataclass(frozen=True, eq=False)
class OpenCase:
    """The images of one patient at one time, on one grid; made by `open_case`.

    Parameters
    ----------
    case
        What the program itself works with.
    """

    case: imaging.Case

    @property
    def name(self) -> str:
        """Name of the case."""
        return self.case.source.case_id

    @property
    def modalities(self) -> tuple[str, ...]:
        """Which of ``t1``, ``t1ce``, ``t2`` and ``flair`` are there."""
        return tuple(modality.value for modality in self.case.volumes)

    @property
    def affine(self) -> Affine:
        """Voxel to mm, (4, 4), read-only."""
        return _read_only(self.case.grid.affine)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed or mended when it was read, in sentences."""
        return tuple(self.case.notes)

    def image(self, modality: str) -> NDArray[np.float32]:
        """Intensities, (I, J, K).

        Raises
        ------
        BrainsegError
            If the case has no such image.
        """
        found = {known.value: volume for known, volume in self.case.volumes.items()}
        if modality not in found:
            raise BrainsegError(
                f"the case has no image {modality}", f"It has {', '.join(found)}", self.case.source.folder
            )
        volume = found[modality]
        intensities = volume.stored.astype(np.float32)
        return np.asarray(intensities * np.float32(volume.slope) + np.float32(volume.intercept), np.float32)

    @property
    def reference(self) -> Mask | None:
        """The expert's mask that lies with the images, if there is one."""
        return Mask(self.case.reference) if self.case.reference is not None else None

    def empty_mask(self) -> Mask:
        """A mask of nothing on its grid, numbered as the case's data set numbers labels."""
        zeros = np.zeros(self.case.grid.shape, np.uint8, order="F")
        return Mask(LabelMap(zeros, self.case.grid, self.case.scheme))


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What a network made of a case.

    Parameters
    ----------
    mask
        The mask.
    model
        Name and version of the model.
    seconds
        By stage.
    notes
        What had to be done differently, in sentences.
    probabilities
        By class (``background``, ``NCR``, ``ED``, ``ET``), (I, J, K), in steps of 1/255; empty unless they were kept.
    """

    mask: Mask
    model: str
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()
    probabilities: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


@dataclass(frozen=True)
class Click:
    """Where a mask is wrong.

    >>> Click("+ET", (120, 88, 70))
    Click(region='+ET', voxel=(120, 88, 70))

    Parameters
    ----------
    region
        ``+ET`` for “enhancing tumour is missing there”, ``-WT`` for “there is no tumour there”; WT, TC, ET, or the
        meaning of a label that is in none of them.
    voxel
        Index into the arrays, from 0.
    """

    region: str
    voxel: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class RefinedMask:
    """A corrected mask, and what each click came to, such as “adds 1.2 ml”."""

    mask: Mask
    words: tuple[str, ...]


def _read_only(array: NDArray[_Kind]) -> NDArray[_Kind]:
    """A view that nobody changes what the program goes on with by."""
    view = array.view()
    view.flags.writeable = False
    return view


def _labels_of(array: NDArray[Any]) -> NDArray[np.uint8]:
    """The array as labels, a copy.

    Raises
    ------
    BrainsegError
        If it holds anything else.
    """
    if array.dtype.kind in "biuf":
        with np.errstate(invalid="ignore"):  # of what is no number there is no whole one
            labels = array.astype(np.uint8)
        if np.array_equal(labels, array):
            return labels
    raise BrainsegError("a mask holds whole numbers from 0 to 255", "Round it, or number its labels anew")


def _affine_of(given: ArrayLike) -> Affine:
    """An affine, copied: the mask keeps its place whatever comes of the array that was given.

    Raises
    ------
    BrainsegError
        If it is none, or leaves voxels no room.
    """
    try:
        place = np.array(given, np.float64)
    except (TypeError, ValueError) as error:
        raise BrainsegError("an affine holds numbers", "Give 4×4 of them") from error
    if place.shape != (4, 4):
        raise BrainsegError("an affine has 4×4 numbers", "Give that of the case, such as case.affine")
    if not np.isfinite(place).all() or not np.linalg.det(place[:3, :3]):
        raise BrainsegError("the affine places no voxels: it is singular or no number", "Give case.affine")
    return place
