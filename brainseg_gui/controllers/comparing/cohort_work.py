"""What the window of cohort results does beside itself: scoring, reading and writing, as generators of progress."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from brainseg_gui.evaluation.records.report import CohortReport
from brainseg_gui.progress import Progress
from brainseg_gui.state.comparing.cohort_results import CohortResults, Summaries, summaries_of

if TYPE_CHECKING:
    from brainseg_gui.evaluation.cohorts.run import CohortRequest

Shown = tuple[CohortReport, Summaries]
"""Results, and the means that stand above them."""


def evaluate(request: CohortRequest) -> Generator[Progress, None, Shown]:
    """Score a cohort; see `evaluate_cohort`."""
    from brainseg_gui.evaluation.cohorts.run import evaluate_cohort

    if request.partial is not None:
        request.partial.parent.mkdir(parents=True, exist_ok=True)
    report = yield from evaluate_cohort(request)
    return report, summaries_of(report)


def summed_up(report: CohortReport) -> Generator[Progress, None, Shown]:
    """Results with their means."""
    yield Progress("reading", 0.0)
    return report, summaries_of(report)


def read(path: Path) -> Generator[Progress, None, Shown]:
    """Read the results of an earlier evaluation."""
    from brainseg_gui.evaluation.reports.files import read_json

    yield Progress("reading", 0.0, path.name)
    report = read_json(path)
    return report, summaries_of(report)


def write(report: CohortReport, path: Path) -> Generator[Progress, None, Path]:
    """Write results as a page, CSV or JSON, by the name of the file."""
    from brainseg_gui.evaluation.html.cohort import cohort_page
    from brainseg_gui.evaluation.reports.files import as_csv, as_json
    from brainseg_gui.storage.chosen_file import write_text

    yield Progress("writing", 0.0, path.name)
    make = {".csv": as_csv, ".json": as_json}.get(path.suffix.lower(), cohort_page)
    write_text(path, make(report))
    return path


def partial_file(results: CohortResults) -> Path:
    """Where what is scored so far is kept: one file for each choice of folders."""
    words = [str(results.reference), *(str(path) for path in results.predictions.values())]
    name = hashlib.sha256("\n".join(words).encode(errors="surrogatepass")).hexdigest()[:16]
    return platformdirs.user_cache_path("brainseg") / "evaluations" / f"{name}.jsonl"
