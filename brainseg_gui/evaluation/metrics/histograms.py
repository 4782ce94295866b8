"""Histograms of the modalities inside each label of a mask, and in the brain around it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Array
from brainseg_gui.imaging.labels import LabelMap, meanings
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import Progress

REST = "rest"
"""Key of the brain outside the mask: voxels without a label that are not the image's background."""

BINS = 64
_ENDS = (0.5, 99.5)  # percentiles of the brain
_ROOM = 0.05  # of the range, on either side


@dataclass(frozen=True, eq=False)
class LabelHistogram:
    """Intensities of one label in one modality.

    Parameters
    ----------
    meaning
        Key of the label's meaning, or `REST`.
    voxels
        How many there are.
    shares
        Share of them in each bin, (B,); sums to 1 less what lies beyond the range.
    quartiles
        25th, 50th and 75th percentile.
    beyond
        Share of the voxels outside the range.
    """

    meaning: str
    voxels: int
    shares: NDArray[np.float64]
    quartiles: tuple[float, float, float]
    beyond: float


@dataclass(frozen=True, eq=False)
class ModalityHistograms:
    """All labels of one modality, over one range.

    Parameters
    ----------
    edges
        Borders of the bins in intensities, (B + 1,): from the lowest 0.5th to the highest 99.5th percentile of any
        label and of the rest of the brain, with a little room.
    labels
        The labels that occur, in the order of the list of meanings, then the rest of the brain.
    """

    edges: NDArray[np.float64]
    labels: tuple[LabelHistogram, ...]


def label_histograms(
    volumes: Mapping[Modality, Volume], mask: LabelMap
) -> Generator[Progress, None, Mapping[Modality, ModalityHistograms]]:
    """Histograms of every modality, each label by itself.

    Parameters
    ----------
    volumes
        Images on the grid of the mask.
    mask
        Numbers of one meaning are taken together.
    """
    present = {mask.scheme.meaning_of(value) for value in mask.present()}
    found = {}
    for number, (modality, volume) in enumerate(volumes.items()):
        yield Progress("measuring intensities", number / len(volumes), modality.title)
        groups = _groups(volume, mask, [key for key in meanings() if key in present])
        found[modality] = _histograms(groups)
    return found


def _groups(volume: Volume, mask: LabelMap, keys: list[str]) -> dict[str, Array]:
    """Intensities of each label and of the rest, by key; cut to the image's content, which holds all of it."""
    values, stored = mask.values, volume.stored
    labelled = values > 0
    numbers, intensities = values[labelled], stored[labelled]
    groups = {}
    for key in keys:
        table = np.array([value > 0 and mask.scheme.meaning_of(value) == key for value in range(256)])
        groups[key] = intensities[table[numbers]]
    box = volume.content
    inside = stored[box]
    groups[REST] = inside[(values[box] == 0) & (inside != volume.background)]
    return {key: volume.slope * group.astype(np.float32) + volume.intercept for key, group in groups.items()}


def _histograms(groups: Mapping[str, Array]) -> ModalityHistograms:
    filled = {key: group for key, group in groups.items() if group.size}
    ends = [np.percentile(group, _ENDS) for group in filled.values()]
    low = min((float(end[0]) for end in ends), default=0.0)
    high = max((float(end[1]) for end in ends), default=1.0)
    room = _ROOM * (high - low) or 0.5
    edges = np.linspace(low - room, high + room, BINS + 1)
    return ModalityHistograms(edges, tuple(_histogram(key, group, edges) for key, group in filled.items()))


def _histogram(key: str, intensities: Array, edges: NDArray[np.float64]) -> LabelHistogram:
    counts, _ = np.histogram(intensities, edges)
    low, middle, high = np.percentile(intensities, (25, 50, 75)).tolist()
    shares = counts / intensities.size
    return LabelHistogram(key, int(intensities.size), shares, (low, middle, high), float(1 - shares.sum()))
