"""What every number of a report means: the same sentences in the page, the PDF and the methods of a paper."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from brainseg_gui.evaluation.cohorts.agreement import LIMITS_SD
from brainseg_gui.evaluation.cohorts.lesions import SIZE_ENDS_ML
from brainseg_gui.evaluation.cohorts.statistics import FEWEST_DIFFERENCES, RESAMPLES, SEED
from brainseg_gui.evaluation.metrics.pieces import RIM_MM
from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.records.report import SMALLEST_COHORT
from brainseg_gui.imaging.labels import meanings, regions


def definitions(rules: RuleSet) -> list[tuple[str, str]]:
    """Term and meaning of the numbers of one case, by a rule set."""
    return [(entry["term"], _filled(entry["text"], rules)) for entry in _texts()["case"]]


def cohort_definitions(rules: RuleSet) -> list[tuple[str, str]]:
    """Term and meaning of the numbers over a cohort."""
    return [(entry["term"], _filled(entry["text"], rules)) for entry in _texts()["cohort"]]


def methods_paragraph(
    rules: RuleSet, versions: Mapping[str, str], *, cases: int = 1, models: int = 1, visits: bool = False
) -> str:
    """A paragraph for the methods section of a paper: about one case or many, one model or several.

    Parameters
    ----------
    visits
        Whether some patient has several cases.
    """
    program = versions.get("brainseg", "")
    libraries = ", ".join(f"{name} {version}" for name, version in versions.items() if name != "brainseg")
    wanted = ["case", *(["cohort"] if cases > 1 else []), *(["models"] if models > 1 else [])]
    wanted += ["visits"] if visits else []
    texts = _texts()["methods"]
    return " ".join(_filled(texts[name], rules, program=program, libraries=libraries) for name in wanted)


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(files("brainseg_gui.resources").joinpath("report", "definitions.toml").read_text("utf-8"))


def _filled(text: str, rules: RuleSet, **more: str) -> str:
    """A text on one line with its words in braces filled in."""
    return " ".join(text.split()).format(
        regions=_region_words(),
        rules=rules.title,
        missing=f"{rules.missing_mm:g}",
        dilation=rules.lesion_dilation,
        smallest=rules.lesion_smallest_voxels,
        rim=f"{RIM_MM:g}",
        resamples=f"{RESAMPLES:,}",
        seed=SEED,
        headline=SMALLEST_COHORT,
        limits=LIMITS_SD,
        fewest=FEWEST_DIFFERENCES,
        ends=", ".join(f"{end:g}" for end in SIZE_ENDS_ML),
        **more,
    )


def _region_words() -> str:
    parts = []
    for region in regions():
        members = [key for key in meanings() if key in region.meanings]
        parts.append(f"{region.key}, {region.title}: {' + '.join(members)}")
    return "; ".join(parts)
