"""The tables of one case, as rows of text: the page and the PDF show the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from brainseg_gui.evaluation.records.measure import MeasureOutlet
from brainseg_gui.evaluation.records.measures import MEASURES, measures_shown
from brainseg_gui.evaluation.records.report import REGION_KEYS, CaseReport
from brainseg_gui.evaluation.reports.case_content import CaseContent
from brainseg_gui.evaluation.reports.case_visits import CaseVisits
from brainseg_gui.imaging.grid import describe_shape, describe_spacing
from brainseg_gui.imaging.labels import meanings

MOST_LESIONS = 40
_NEGATIVE = re.compile(r"(?<![^\s(])-(?=\d)")


@dataclass(frozen=True)
class TextTable:
    """Headings and rows; the first `words` columns are text, the others numbers."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    note: str = ""

    def in_print(self) -> TextTable:
        """With minus signs for hyphens before numbers, as a page shows them; terminals and files keep the hyphen."""
        rows = ((*row[: self.words], *(_NEGATIVE.sub("−", text) for text in row[self.words :])) for row in self.rows)
        return replace(self, rows=tuple(rows))


def tables_of(content: CaseContent) -> list[TextTable]:
    """All tables of a case."""
    tables = []
    if content.scores is not None:
        tables.append(region_table(content.scores))
    if content.volumes:
        tables.append(volume_table(content))
    if content.visits is not None and len(content.visits.rows) > 1:
        tables.append(visits_table(content.visits))
    if content.scores is not None:
        tables += [lesion_table(content.scores), pooled_table(content.scores)]
    if content.places:
        tables.append(place_table(content))
    return tables


def region_table(case: CaseReport) -> TextTable:
    """Scores and volumes of every region and label."""
    shown = measures_shown(MeasureOutlet.CASE)
    rows = tuple((entry.key, *(measure.text(entry[measure.key]) for measure in shown)) for entry in case.regions)
    return TextTable("Scores", ("Region", *(measure.column for measure in shown)), rows)


def volume_table(content: CaseContent) -> TextTable:
    """Volumes of regions and labels in each mask."""
    keys = dict.fromkeys(key for volumes in content.volumes.values() for key in volumes)
    names = {**{key: meaning.title for key, meaning in meanings().items()}, "WT": "whole tumour", "TC": "tumour core"}
    masks, volume = tuple(content.volumes), MEASURES["reference_ml"]
    rows = tuple(
        (key, names.get(key, ""), *(volume.text(content.volumes[mask].get(key, 0.0)) for mask in masks)) for key in keys
    )
    return TextTable("Volumes", ("Label", "", *(f"{mask}, ml" for mask in masks)), rows, words=2)


def visits_table(visits: CaseVisits) -> TextTable:
    """Volumes of the earlier visits and of this one, the last, with what changed from each of them to this one."""
    *earlier, now = visits.rows
    timed = any(row.days for row in earlier)
    heads = ("Visit", *(["Days before"] if timed else []))
    rows = [(row.name, *([row.days] if timed else [])) for row in visits.rows]
    for key in REGION_KEYS:
        heads = (*heads, f"{key}, ml", "change, ml")
        changes = [change_words(row.volumes.get(key), now.volumes.get(key)) for row in earlier]
        rows = [
            (*cells, _volume_words(row.volumes.get(key)), change)
            for cells, row, change in zip(rows, visits.rows, [*changes, ""], strict=True)
        ]
    note = f"Changes are from that visit to this one. {' '.join(f'{note}.' for note in visits.notes)}"
    return TextTable("Beside the earlier visits", heads, tuple(rows), note=note)


def _volume_words(volume: float | None) -> str:
    return MEASURES["reference_ml"].text(volume) if volume is not None else ""


def change_words(before: float | None, now: float | None) -> str:
    """What a volume in ml grew by, with the per cent of what it was where it was something; empty where unknown."""
    if before is None or now is None:
        return ""
    percent = f" ({(now - before) / before:+.1%})".replace("%", " %") if before > 0 else ""
    return f"{now - before:+.2f}{percent}"


def lesion_table(case: CaseReport) -> TextTable:
    """Every lesion of WT, TC and ET, the largest first."""
    rows: list[tuple[str, ...]] = []
    left_out = 0
    dice, hd95 = MEASURES["dice"], MEASURES["hd95_mm"]
    for entry in case.regions:
        if entry.key not in REGION_KEYS:
            continue
        left_out += entry.left_out
        for lesion in sorted(entry.lesions, key=lambda lesion: -lesion.voxels):
            state, size = "found" if lesion.found else "missed", lesion.voxels * case.voxel_ml
            numbers = (str(lesion.voxels), f"{size:.3f}", dice.text(lesion.dice), hd95.text(lesion.hd95_mm))
            rows.append((entry.key, state, *numbers))
        for voxels, count in sorted(entry.false_sizes.items(), reverse=True):
            state = "false" if count == 1 else f"false, {count} of this size"
            rows.append((entry.key, state, str(voxels), f"{voxels * case.voxel_ml:.3f}", "0.000", ""))
    note = f"{left_out} reference lesions are too small to count." if left_out else ""
    if len(rows) > MOST_LESIONS:
        note += f" {len(rows) - MOST_LESIONS} further rows are left out."
    heads = ("Region", "Lesion", "Voxels", "ml", dice.column, hd95.column)
    return TextTable("Lesions", heads, tuple(rows[:MOST_LESIONS]), words=2, note=note.strip())


def place_table(content: CaseContent) -> TextTable:
    """Where lesions of the first mask lie, the largest first."""
    heads = ("Lesion", "ml", "Side", "Lobes and structures", "Touches", "Within a centimetre")
    return TextTable("Where lesions lie", heads, content.places, words=6, note=content.places_note)


def pooled_table(case: CaseReport) -> TextTable:
    """The source recipe's numbers beside what background alone scores."""
    rows = []
    for extent, title in (("whole_volume", "whole volume"), ("recipe_crop", "the recipe's crop")):
        if extent in case.pooled:
            score = case.pooled[extent]
            for words, numbers in (("prediction", score), ("nothing but background", score["all_background"])):
                rows.append((title, words, *(f"{numbers[name]:.4f}" for name in ("dice_coeff", "iou", "mean_iou"))))
    heads = ("Extent", "", "dice_coeff", "iou", "mean_iou")
    note = "Background included: not a measure of quality."
    return TextTable("Pooled numbers of the source recipe", heads, tuple(rows), words=2, note=note)


def facts(content: CaseContent) -> list[str]:
    """Sentences about the images and masks; nothing from the headers but geometry."""
    case = content.case
    grid = (
        f"{describe_shape(case.grid.shape)} voxels of {describe_spacing(case.grid)} mm, stored {case.stored_grid.codes}"
    )
    names: Sequence[str] = [modality.title for modality in case.volumes]
    missing = f"; missing: {', '.join(m.title for m in case.missing)}" if case.missing else ""
    visits = content.visits.sentences if content.visits is not None else ()
    return [*visits, f"Images: {', '.join(names)}{missing}", f"Grid: {grid}", *content.notes]
