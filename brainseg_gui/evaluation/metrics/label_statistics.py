"""What lies under each label and region of a mask: how much of it, and how bright it is in every modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.box import Box, box_around
from brainseg_gui.imaging.labels import LabelMap, LabelScheme, meanings, regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume

PERCENTILES = (5, 25, 50, 75, 95)
LABEL, REGION = "label", "region"


@dataclass(frozen=True)
class IntensityStatistics:
    """Intensities of some voxels.

    Parameters
    ----------
    mean, sd
        Over the voxels; `sd` divides by their number.
    percentiles
        Those of `PERCENTILES`, linear between neighbours as numpy has them.
    """

    mean: float
    sd: float
    percentiles: tuple[float, ...]


@dataclass(frozen=True)
class LabelStatistics:
    """One label or region of a mask.

    Parameters
    ----------
    kind
        ``label``, or ``region``: a union of labels, whose voxels are counted in those once already.
    key, title
        Such as ``ED`` and ``oedema``, or ``WT`` and ``whole tumour``.
    numbers
        The numbers of the mask that belong to it.
    voxels, ml
        How much there is of it.
    brightness
        By modality; empty where there are no voxels.
    """

    kind: str
    key: str
    title: str
    numbers: tuple[int, ...]
    voxels: int
    ml: float
    brightness: Mapping[Modality, IntensityStatistics]


def label_statistics(labels: LabelMap, volumes: Mapping[Modality, Volume]) -> list[LabelStatistics]:
    """Every label of the scheme and every other number that occurs, then the regions.

    Parameters
    ----------
    labels
        The mask.
    volumes
        The modalities, on its grid.
    """
    box = box_around(labels.values)
    values = labels.values[box] if box is not None else labels.values[:0, :0, :0]
    inside = values > 0
    found = {m: _intensities(volume, box)[inside] for m, volume in volumes.items()} if box is not None else {}
    own, scheme = values[inside], labels.scheme
    known = sorted({*scheme.labels, *labels.present()})
    rows: list[tuple[str, str, str, Sequence[int]]] = [
        (LABEL, scheme.meaning_of(number), _title_of(scheme, number), (number,)) for number in known
    ]
    for region in regions() if scheme.tells_apart else regions()[:1]:
        inside_region = scheme.look_up(region)
        rows.append((REGION, region.key, region.title, [number for number in known if inside_region[number]]))
    return [_row(*row, own, found, labels.grid.voxel_ml) for row in rows]


def _title_of(scheme: LabelScheme, number: int) -> str:
    title = meanings()[scheme.meaning_of(number)].title
    return title if number in scheme.labels else f"number {number}, {title}"


def _row(
    kind: str,
    key: str,
    title: str,
    numbers: Sequence[int],
    own: NDArray[np.uint8],
    found: Mapping[Modality, NDArray[np.float64]],
    voxel_ml: float,
) -> LabelStatistics:
    chosen = np.isin(own, numbers)
    voxels = int(np.count_nonzero(chosen))
    brightness = {modality: _brightness(values[chosen]) for modality, values in found.items()} if voxels else {}
    return LabelStatistics(kind, key, title, tuple(numbers), voxels, voxels * voxel_ml, brightness)


def brightness_in(
    box: Box, inside: NDArray[np.bool_], volumes: Mapping[Modality, Volume]
) -> dict[Modality, IntensityStatistics]:
    """By modality, how bright some voxels are; empty where there are none.

    Parameters
    ----------
    box, inside
        A box of the case, and which of its voxels.
    """
    if not inside.any():
        return {}
    return {modality: _brightness(_intensities(volume, box)[inside]) for modality, volume in volumes.items()}


def _brightness(values: NDArray[np.float64]) -> IntensityStatistics:
    return IntensityStatistics(
        float(values.mean()), float(values.std()), tuple(np.percentile(values, PERCENTILES).tolist())
    )


def _intensities(volume: Volume, box: tuple[slice, slice, slice]) -> NDArray[np.float64]:
    return volume.stored[box].astype(np.float64) * volume.slope + volume.intercept


def statistics_columns(modalities: Sequence[Modality]) -> list[str]:
    """Names of the columns of a table of `LabelStatistics`, whose units they hold."""
    names = ["mean", "sd", *(f"p{percent:02d}" for percent in PERCENTILES)]
    of_modalities = [f"{modality.value}_{name}" for modality in modalities for name in names]
    return ["case_id", "mask", "scheme", "kind", "label", "title", "numbers", "voxels", "volume_ml", *of_modalities]


def statistics_cells(row: LabelStatistics, modalities: Sequence[Modality]) -> list[str]:
    """The cells behind `scheme`; empty where there are no voxels to measure."""
    cells = [row.kind, row.key, row.title, " ".join(map(str, row.numbers)), str(row.voxels), f"{row.ml:.6g}"]
    for modality in modalities:
        of = row.brightness.get(modality)
        cells += [f"{v:.6g}" for v in (of.mean, of.sd, *of.percentiles)] if of else [""] * (2 + len(PERCENTILES))
    return cells
