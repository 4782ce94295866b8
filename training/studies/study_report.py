"""A study of the rules as Markdown, CSV, and what to put into a passport."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence

from brainseg_gui.inference.models.steps import PostStep
from training.compare.tables import dice_text
from training.studies.rules import Stage, passport_entry
from training.studies.study import Study

_TOP = 12


def study_csv(study: Study) -> str:
    """One row per variant."""
    gap, error = study.behind
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ("dice_wt", "dice_tc", "dice_et", "dice_mean", "false_et_cases", "missed_et_cases", "behind", "error")
    writer.writerow(("rules", *columns))
    for variant, dice in enumerate(study.means):
        numbers = (*dice, dice.mean(), study.false_cases[variant], study.missed_cases[variant])
        writer.writerow((study.words(variant), *(f"{n:.6g}" for n in (*numbers, gap[variant], error[variant]))))
    return text.getvalue()


def study_markdown(study: Study, stages: Sequence[Stage], title: str) -> str:
    """The best variants, what each threshold is worth, and the steps of the two to choose from."""
    cases = study.dice.shape[1]
    without = cases - int(study.reference_enhancing.sum())
    lines = [
        f"# Rules after {title}: {len(study.options)} combinations, n = {cases}, {without} without ET",
        "",
        *_variants(study),
        "",
        "What each threshold is worth: the best mean Dice that any combination with it reaches.",
        "",
        *_thresholds(study, stages),
        "",
        "`postprocess` of the best, and of the simplest that is within one standard error, or .002, of it:",
        "",
    ]
    for variant in dict.fromkeys((study.best, study.simplest)):
        lines += ["```json", entries([option.step for option in study.options[variant] if option.step]), "```", ""]
    return "\n".join(lines)


def entries(rules: Sequence[PostStep]) -> str:
    """Steps as ``model.json`` holds them."""
    return json.dumps([passport_entry(step) for step in rules], indent=1)


def _variants(study: Study) -> Iterator[str]:
    gap, error = study.behind
    yield "| rules | Dice WT / TC / ET | mean | behind the best | false ET | ET missed |"
    yield "|---|---|---|---|---|---|"
    order = _unlike(study)[:_TOP]
    named = {study.simplest: " (simplest of the near)"}
    named[study.best] = " (best)" + named.get(study.best, "")
    for variant in dict.fromkeys([study.best, *order, study.simplest, study.bare]):
        dice = study.means[variant]
        cells = (
            study.words(variant) + named.get(variant, ""),
            " / ".join(map(dice_text, dice)),
            dice_text(dice.mean()),
            f"{dice_text(max(gap[variant], 0.0))} ± {dice_text(error[variant])}",
            str(study.false_cases[variant]),
            str(study.missed_cases[variant]),
        )
        yield f"| {' | '.join(cells)} |"


def _unlike(study: Study) -> list[int]:
    """Variants from the best on; of those that measure the same, the simplest."""
    mean = study.means.mean(axis=1)
    order = sorted(range(mean.size), key=lambda variant: (-round(mean[variant], 6), study.rules(variant)))
    first: dict[tuple[float, ...], int] = {}
    for variant in order:
        measured = (*study.means[variant].round(6), study.false_cases[variant], study.missed_cases[variant])
        first.setdefault(measured, variant)
    return list(first.values())


def _thresholds(study: Study, stages: Sequence[Stage]) -> Iterator[str]:
    yield "| threshold | best mean Dice | its WT / TC / ET | false ET | ET missed |"
    yield "|---|---|---|---|---|"
    mean = study.means.mean(axis=1)
    for place, stage in enumerate(stages):
        for option in stage:
            having = [n for n, options in enumerate(study.options) if options[place] == option]
            best = max(having, key=lambda variant: mean[variant])
            dice = " / ".join(map(dice_text, study.means[best]))
            counts = f"{study.false_cases[best]} | {study.missed_cases[best]}"
            yield f"| {option.words} | {dice_text(mean[best])} | {dice} | {counts} |"
