"""Scoring a cohort: pairs in parallel processes, what is known already left out, bad cases listed."""

from __future__ import annotations

import platform
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from brainseg_gui import __version__
from brainseg_gui.evaluation.cohorts.alike import read_alike
from brainseg_gui.evaluation.cohorts.pairing import pair_models
from brainseg_gui.evaluation.cohorts.partial import PartialResults
from brainseg_gui.evaluation.cohorts.scoring_task import ScoringTask
from brainseg_gui.evaluation.cohorts.workers import TaskOutcome, answers
from brainseg_gui.evaluation.masks import ChosenSchemes
from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.records.from_json import case_of
from brainseg_gui.evaluation.records.pair import Pair, Unpaired
from brainseg_gui.evaluation.records.report import CaseReport, CohortReport
from brainseg_gui.execution.clusters import Workers, cluster_workers, local_workers
from brainseg_gui.execution.run import WAITING
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import Progress

_LIBRARIES = ("numpy", "scipy", "nibabel", "matplotlib")


@dataclass(frozen=True)
class CohortRequest:
    """What is to be scored, and how.

    Parameters
    ----------
    reference
        Mask or folder of masks.
    predictions
        Name of each model -> its mask or folder of masks.
    rules
        What distances and lesions follow.
    chosen
        Label schemes that the person named.
    images
        Folder of the cases' images where they do not lie beside the references.
    processes
        How many at once on this computer; None for as many as there are cores and memory for.
    cluster
        Where else the pairs are scored; see `cluster_workers`.
    retries
        How often a pair is tried again whose worker died.
    partial
        File that keeps what is scored so far; None for none.
    fresh
        Score everything anew.
    regrid
        What may be done with a prediction that lies on another grid than its reference.
    """

    reference: Path
    predictions: Mapping[str, Path]
    rules: RuleSet
    chosen: ChosenSchemes = field(default_factory=ChosenSchemes)
    images: Path | None = None
    processes: int | None = None
    cluster: str | None = None
    retries: int = 0
    partial: Path | None = None
    fresh: bool = False
    regrid: RegridPolicy = RegridPolicy.STRICT


@dataclass(frozen=True)
class ScoringState:
    """How far scoring is.

    Parameters
    ----------
    done, failed, total
        Pairs that were scored, or could not be; those of them that could not; all.
    seconds
        Since the first.
    ended
        The pair that has just ended, scored or not; None between them.
    waiting
        Whether a cluster has no worker now.
    """

    done: int
    failed: int
    total: int
    seconds: float
    ended: CaseReport | Unpaired | None = None
    waiting: bool = False


def evaluate_cohort(request: CohortRequest) -> Generator[Progress, None, CohortReport]:
    """Pair and score a cohort.

    Yields
    ------
    Progress
        One per scored case, and a few times a second while none is ready, with a `ScoringState`. Closing the generator
        kills the processes.

    Raises
    ------
    CaseError
        If nothing can be paired.
    SaveError
        If the file of partial results cannot be written.
    """
    yield Progress("pairing", 0.0)
    pairs, unpaired = pair_models(request.reference, request.predictions, request.images)
    return (yield from score_pairs(pairs, unpaired, request))


def score_pairs(
    pairs: Sequence[tuple[str, Pair]], unpaired: Sequence[Unpaired], request: CohortRequest
) -> Generator[Progress, None, CohortReport]:
    """Score pairs of models and cases in parallel; see `evaluate_cohort`.

    Cases whose numbers are read otherwise than those of the others of their cohort are scored again, as the others.
    """
    tasks = [
        ScoringTask(model, _placed(pair, request), request.chosen, request.rules, request.regrid)
        for model, pair in pairs
    ]
    scores = _Scores(dict(enumerate(tasks)))
    with closing(PartialResults(request.partial, fresh=request.fresh)) as partial, _workers(request) as workers:
        yield from _scored(scores, tasks, workers, request.retries, partial)
        odd = read_alike([scores.cases.get(number) for number in range(len(tasks))], request.chosen)
        again = [replace(tasks[number], chosen=chosen) for number, (chosen, _) in odd.items()]
        redone = _Scores(dict(enumerate(again)))
        yield from _scored(redone, again, workers, request.retries, partial)
    for index, (number, (_, doubt)) in enumerate(odd.items()):
        if index in redone.cases:
            case = redone.cases[index]
            note = case.reference_note.replace("as asked", "as those of the other cases")
            scores.cases[number] = replace(case, reference_note=note, doubts=(*case.doubts, doubt))
    return CohortReport(
        cases=tuple(scores.cases[number] for number in sorted(scores.cases)),
        models=tuple(request.predictions),
        rules=request.rules,
        unpaired=tuple(unpaired),
        failed=tuple(scores.failed[number] for number in sorted(scores.failed)),
        made=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        versions=versions(),
    )


def _workers(request: CohortRequest) -> AbstractContextManager[Workers]:
    if request.cluster is None:
        return local_workers(request.processes)
    return cluster_workers(request.cluster, request.processes)


def _placed(pair: Pair, request: CohortRequest) -> Pair:
    """A pair as workers find it, who work in other folders."""
    if request.cluster is None:
        return pair
    images = pair.images.absolute() if pair.images is not None else None
    return replace(pair, reference=pair.reference.absolute(), prediction=pair.prediction.absolute(), images=images)


@dataclass
class _Scores:
    """What came of tasks, by their number."""

    tasks: Mapping[int, ScoringTask]
    cases: dict[int, CaseReport] = field(default_factory=dict)
    failed: dict[int, Unpaired] = field(default_factory=dict)

    def take(self, answer: TaskOutcome, partial: PartialResults) -> CaseReport | Unpaired:
        """Keep what came of a task."""
        task = self.tasks[answer.number]
        pair = task.pair
        if answer.case is None:
            self.failed[answer.number] = Unpaired(pair.case_id, pair.prediction, answer.failed, task.model)
            return self.failed[answer.number]
        # the same two files may be another case or model by now: names are those of this call
        names = {
            "model": task.model,
            "case_id": pair.case_id,
            "patient": pair.patient,
            "reference": str(pair.reference),
            "prediction": str(pair.prediction),
            "images": str(pair.images) if pair.images is not None else None,
        }
        self.cases[answer.number] = case_of({**answer.case, **names})
        if not answer.known:
            partial.add(answer.key, answer.case)
        return self.cases[answer.number]


def _scored(
    scores: _Scores, tasks: Sequence[ScoringTask], workers: Workers, retries: int, partial: PartialResults
) -> Generator[Progress, None, None]:
    start = time.monotonic()
    with closing(answers(tasks, workers, partial.known, retries)) as ready:
        for answer in ready:
            ended = scores.take(answer, partial) if answer is not None else None
            done, failed = len(scores.cases) + len(scores.failed), len(scores.failed)
            waiting = answer is None and not workers.present()
            yield _progress(ScoringState(done, failed, len(tasks), time.monotonic() - start, ended, waiting))


def _progress(state: ScoringState) -> Progress:
    words = f"{state.done} of {state.total}"
    if state.failed:
        words += f", {state.failed} failed"
    if state.waiting:
        words += f", {WAITING}"
    return Progress("scoring", state.done / state.total if state.total else 1.0, words, partial=state)


def versions() -> dict[str, str]:
    """Versions of the program and of what the numbers depend on."""
    found = {"brainseg": __version__, "Python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
