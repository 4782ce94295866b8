"""A report as aligned text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from brainseg_gui.evaluation.pooled import Extent, PooledScore
from brainseg_gui.evaluation.report import CaseReport, CohortReport


def as_text(report: CohortReport) -> str:
    """The report as aligned text: how the masks were read, a table, the pooled numbers."""
    parts = ["\n".join(_reading_lines(report.cases)), _table(report.cases), _rules_line(report.cases)]
    parts.append(_pooled_table(report.cases))
    if report.mean_dice is not None:
        means = "   ".join(f"{key} {value:.3f}" for key, value in report.mean_dice.items())
        parts.append(f"mean Dice over {len(report.cases)} cases   {means}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _reading_lines(cases: Sequence[CaseReport]) -> list[str]:
    """Each sentence on how masks were read once, with the cases that it holds for."""
    ids: dict[tuple[str, str], list[str]] = {}
    for case in cases:
        ids.setdefault(("reference", case.reference_note), []).append(case.pair.case_id)
        ids.setdefault(("prediction", case.prediction_note), []).append(case.pair.case_id)
    lines = []
    for (role, note), holds_for in sorted(ids.items(), key=lambda item: item[0][0] != "reference"):
        some = ", ".join(holds_for[:3]) + (", …" if len(holds_for) > 3 else "")
        where = "" if len(holds_for) == len(cases) else f" ({len(holds_for)} of {len(cases)} cases: {some})"
        lines.append(f"{role}{where}: {note}")
    return lines


def _table(cases: Sequence[CaseReport]) -> str:
    lines: list[Sequence[str]] = [("case", "region", "Dice", "HD95 mm", "lesion Dice", "reference ml", "prediction ml")]
    for case in cases:
        for index, row in enumerate(case.comparison.rows):
            name = case.pair.case_id if index == 0 else ""
            distance = "" if row.hausdorff95_mm is None else f"{row.hausdorff95_mm:.2f}"
            lesions = "" if row.lesions is None else f"{row.lesions.dice:.3f}"
            numbers = (f"{row.dice:.3f}", distance, lesions, f"{row.reference_ml:.2f}", f"{row.prediction_ml:.2f}")
            lines.append((name, row.region.key, *numbers))
    return _aligned(lines, text_columns=2)


def _rules_line(cases: Sequence[CaseReport]) -> str:
    """Which definitions the distances follow."""
    names = {case.comparison.rules.title for case in cases if case.comparison.rules is not None}
    if not names:
        return ""
    return (
        f"HD95: larger of the two directed 95th percentiles between surface voxels. Empty masks and lesions: "
        f"{', '.join(sorted(names))}"
    )


def _pooled_table(cases: Sequence[CaseReport]) -> str:
    """The recipe's numbers, over its crop where the volume allows it, and what background alone would score."""
    lines: list[Sequence[str]] = [
        ("pooled as the source recipe does, background included", "", "dice_coeff", "iou", "mean_iou")
    ]
    for case in cases:
        score = case.pooled.get(Extent.RECIPE_CROP, case.pooled[Extent.WHOLE_VOLUME])
        name = f"{case.pair.case_id}, {score.extent.title}"
        lines.append((name, "prediction", *_four_places(score.prediction)))
        lines.append(("", "nothing but background", *_four_places(score.all_background)))
    return _aligned(lines, text_columns=2)


def _four_places(score: PooledScore) -> list[str]:
    return [f"{value:.4f}" for value in (score.dice_coeff, score.iou, score.mean_iou)]


def _aligned(lines: Sequence[Sequence[str]], text_columns: int) -> str:
    """Columns padded to their widest cell; text to the left, numbers to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(
            cell.ljust(width) if index < text_columns else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)
