"""What lies under an ellipse or a label, and all measurements as rows of a table."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from brainseg_gui.annotation.measuring.mark import (
    Mark,
    MarkKind,
    angle_deg,
    area_mm2,
    axes_mm,
    length_mm,
    voxels_in,
)
from brainseg_gui.evaluation.metrics.label_statistics import PERCENTILES, brightness_in, label_statistics
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.numbering import number_of
from brainseg_gui.progress import Progress
from brainseg_gui.state.measuring.measuring import Measuring
from brainseg_gui.state.measuring.roi_statistics import RoiStatistics


def ellipse_statistics(case: Case, mark: Mark | None) -> RoiStatistics | None:
    """What lies under an ellipse; None of anything else. A slice's worth of voxels, which takes no time."""
    if mark is None or mark.kind is not MarkKind.ELLIPSE or not mark.complete:
        return None
    box, inside = voxels_in(mark, case.grid)
    voxels = int(inside.sum())
    found = brightness_in(box, inside, case.volumes)
    title = f"ellipse, {mark.plane.title.lower()} {number_of(mark.slice_index)}"
    return RoiStatistics(title, voxels, voxels * case.grid.voxel_ml, found)


def label_work(labels: LabelMap, name: str, key: str, case: Case) -> Generator[Progress, None, RoiStatistics | None]:
    """What lies in a label or region of a mask; None where the mask has no such."""
    yield Progress("measuring a label", 0.0)
    row = next((row for row in label_statistics(labels, case.volumes) if row.key == key), None)
    return RoiStatistics(f"{row.key} of {name}", row.voxels, row.ml, row.brightness) if row is not None else None


def statistics_rows(case: Case, measuring: Measuring) -> list[list[str]]:
    """A heading, a row for each measurement, and one for the label whose statistics are shown."""
    modalities = list(case.volumes)
    names = ["mean", "sd", *(f"p{percent:02d}" for percent in PERCENTILES)]
    heads = ["case", "what", "plane", "slice", "length_mm", "angle_deg", "axis1_mm", "axis2_mm", "area_mm2"]
    rows = [[*heads, "voxels", "volume_ml", *(f"{m.value}_{name}" for m in modalities for name in names)]]
    for mark in measuring.marks:
        place = [case.case_id, mark.kind.value, mark.plane.title.lower(), str(number_of(mark.slice_index))]
        rows.append([*place, *_sizes(mark, case), *_statistics(ellipse_statistics(case, mark), modalities)])
    shown = measuring.hand.statistics
    if measuring.hand.where and shown is not None:
        rows.append([case.case_id, shown.title, *[""] * 7, *_statistics(shown, modalities)])
    return rows


def _sizes(mark: Mark, case: Case) -> list[str]:
    """Length, angle, both axes and area: those that it has."""
    if mark.kind is MarkKind.RULER:
        return [f"{length_mm(mark, case.grid):.2f}", "", "", "", ""]
    if mark.kind is MarkKind.ANGLE:
        return ["", f"{angle_deg(mark, case.grid):.2f}", "", "", ""]
    across, down = axes_mm(mark, case.grid)
    return ["", "", f"{across:.2f}", f"{down:.2f}", f"{area_mm2(mark, case.grid):.2f}"]


def _statistics(found: RoiStatistics | None, modalities: Sequence[Modality]) -> list[str]:
    if found is None:
        return [""] * (2 + len(modalities) * (2 + len(PERCENTILES)))
    cells = [str(found.voxels), f"{found.ml:.6g}"]
    for modality in modalities:
        of = found.brightness.get(modality)
        cells += [f"{v:.6g}" for v in (of.mean, of.sd, *of.percentiles)] if of else [""] * (2 + len(PERCENTILES))
    return cells
