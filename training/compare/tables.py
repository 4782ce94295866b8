"""A comparison as CSV, JSON and Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from brainseg_gui.errors import printable
from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.records.measures import MEASURES
from brainseg_gui.evaluation.reports.files import harmless
from training.compare.kinds import OF_REFERENCE, Kind
from training.compare.scores import REGIONS, CaseScore, FalseEnhancement, MethodSummary, RegionNumbers, summarise

_NUMBERS = tuple(RegionNumbers.__dataclass_fields__)
_DICE, _HD95, _LESION_DICE = (MEASURES[key] for key in ("dice", "hd95_mm", "lesion_dice"))
_COLUMNS = (
    "method", "n", f"{_DICE.title} mean {' / '.join(REGIONS)}", "95 % interval", "median",
    f"{_LESION_DICE.title} mean", f"{_HD95.title} median, {_HD95.unit}",
    "false ET", "ET missed", "s per case",
)  # fmt: skip
_KIND_COLUMNS = (
    "kind", "method", "n", f"{_DICE.title} mean {' / '.join(REGIONS)}", "ET claimed less reference, ml, median (range)",
)  # fmt: skip
_FEW = 10  # fewer cases: the rows of the cases say more than their mean


def as_csv(scores: Sequence[CaseScore]) -> str:
    """One row per case, method and region."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("group", "case_id", "method", "region", *_NUMBERS, "seconds"))
    for score in scores:
        for key, numbers in score.regions.items():
            names = (harmless(score.group), harmless(score.case_id), harmless(score.method), key)
            writer.writerow((*names, *(f"{value:.6g}" for value in asdict(numbers).values()), f"{score.seconds:.3f}"))
    return text.getvalue()


def as_json(scores: Sequence[CaseScore], about: dict[str, Any]) -> str:
    """Summaries, cases, and what was compared."""
    summaries = [
        {**asdict(summary), "mean_dice": summary.mean_dice, "false_enhancement_share": summary.false_enhancement.share}
        for summary in summarise(scores)
    ]
    content = {**about, "summaries": summaries, "cases": [asdict(score) for score in scores]}
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_markdown(scores: Sequence[CaseScore], rules: RuleSet, kinds: Sequence[Kind] = OF_REFERENCE) -> str:
    """Tables for a model card: methods over groups, kinds of tumours apart, then every case."""
    parts = []
    for group in dict.fromkeys(score.group for score in scores):
        of_group = [score for score in scores if score.group == group]
        parts += [*_group_table(group, of_group), "", *_kinds_table(of_group, kinds), *_case_table(of_group), ""]
    return "\n".join([*parts, _legend(rules), ""])


def _group_table(group: str, scores: Sequence[CaseScore]) -> Iterable[str]:
    summaries = summarise(scores)
    cases = max(summary.cases for summary in summaries)
    yield f"## {group}, n = {cases}"
    yield ""
    if cases < _FEW:
        yield f"Fewer than {_FEW} cases: read the table of the cases, not the means."
        yield ""
    yield markdown_row(_COLUMNS)
    yield markdown_row(["---"] * len(_COLUMNS))
    for summary in summaries:
        rows = [summary.regions[key] for key in REGIONS]
        cells = (
            summary.method,
            str(summary.cases),
            " / ".join(dice_text(row.dice_mean) for row in rows),
            " / ".join(_interval_text(row.dice_interval) for row in rows),
            " / ".join(dice_text(row.dice_median) for row in rows),
            " / ".join(dice_text(row.lesion_dice_mean) for row in rows),
            " / ".join(_HD95.list_text(row.hd95_median_mm) for row in rows),
            _false_text(summary.false_enhancement),
            _missed_text(summary),
            f"{summary.seconds_median:.1f}",
        )
        yield markdown_row(cells)


def _kinds_table(scores: Sequence[CaseScore], kinds: Sequence[Kind]) -> Iterable[str]:
    """Nothing where no case is of any kind."""
    apart = [(kind, of_kind) for kind in kinds if (of_kind := [score for score in scores if kind.holds(score)])]
    if not apart:
        return
    yield markdown_row(_KIND_COLUMNS)
    yield markdown_row(["---"] * len(_KIND_COLUMNS))
    for kind, of_kind in apart:
        for summary in summarise(of_kind):
            dice = " / ".join(dice_text(summary.regions[key].dice_mean) for key in REGIONS)
            more = [_more_enhancing_ml(score) for score in of_kind if score.method == summary.method]
            excess = f"{median(more):+.1f} ({min(more):+.1f} to {max(more):+.1f})"
            yield markdown_row((kind.title, summary.method, str(summary.cases), dice, excess))
    yield ""


def _more_enhancing_ml(score: CaseScore) -> float:
    return score.regions["ET"].prediction_ml - score.regions["ET"].reference_ml


def _case_table(scores: Sequence[CaseScore]) -> Iterable[str]:
    methods = list(dict.fromkeys(score.method for score in scores))
    by_pair = {(score.case_id, score.method): score for score in scores}
    yield markdown_row(("case", "reference ml WT / TC / ET", *methods))
    yield markdown_row(["---"] * (len(methods) + 2))
    for case_id in dict.fromkeys(score.case_id for score in scores):
        of_case = [by_pair[case_id, method] for method in methods if (case_id, method) in by_pair]
        volumes = " / ".join(f"{of_case[0].regions[key].reference_ml:.1f}" for key in REGIONS)
        cells = [_case_text(by_pair.get((case_id, method))) for method in methods]
        yield markdown_row((case_id, volumes, *cells))


def markdown_row(cells: Iterable[str]) -> str:
    """One line of a table; nothing in a cell can end it."""
    shown = (printable(cell).replace("|", "¦").replace("<", "&lt;") for cell in cells)
    return f"| {' | '.join(shown)} |"


def _case_text(score: CaseScore | None) -> str:
    return " / ".join(region_text(score, key) for key in REGIONS) if score is not None else "–"


def region_text(score: CaseScore, key: str) -> str:
    """Dice of a region; where there is nothing to find, what was claimed."""
    numbers = score.regions[key]
    if numbers.reference_ml > 0:
        return dice_text(numbers.dice)
    return f"{_ml_text(numbers.prediction_ml)} claimed" if numbers.prediction_ml else "none claimed"


def _ml_text(volume_ml: float) -> str:
    return f"{volume_ml:.2f} ml" if volume_ml < 1 else f"{volume_ml:.1f} ml"


def dice_text(dice: float) -> str:
    """Three decimals, without the zero in front of them."""
    return f"{dice:.3f}".removeprefix("0")


def _interval_text(interval: tuple[float, float] | None) -> str:
    return "–" if interval is None else "–".join(f"{end:.2f}".removeprefix("0") for end in interval)


def _false_text(false: FalseEnhancement) -> str:
    if not false.cases:
        return "–"
    claimed = f" ({_ml_text(false.median_ml)}, at most {_ml_text(false.largest_ml)})" if false.claimed else ""
    return f"{false.claimed} of {false.cases}{claimed}"


def _missed_text(summary: MethodSummary) -> str:
    enhancing = summary.cases - summary.false_enhancement.cases
    return f"{summary.missed_enhancement} of {enhancing}" if enhancing else "–"


def _legend(rules: RuleSet) -> str:
    return (
        "Dice per case, never pooled; both empty is 1, one empty 0; interval: bootstrap of the mean, over patients. "
        "Lesion-wise: mean over the cases of each case's lesion-wise Dice. "
        f"{_HD95.title} in {_HD95.unit} with the header's spacing, the "
        f"larger of the two directed 95th percentiles, {rules.missing_mm:g} mm where one of the masks is empty and 0 "
        f"where both are ({rules.title}). False ET: cases whose reference has no enhancing tumour in which some is "
        "claimed (median of the volumes claimed, and the largest). ET missed: cases with enhancing tumour in which "
        "none is claimed. Seconds: median, from the images in memory to the classes, on the machine that computed them."
    )
