"""The works on a list of cases, as generators of progress, and what each of their outcomes says of its case."""

from __future__ import annotations

import hashlib
import math
import os
import traceback
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from brainseg_gui.annotation.case_order import CaseSigns
from brainseg_gui.errors import BrainsegError, CaseError
from brainseg_gui.evaluation.cohorts.pairing import patients_in
from brainseg_gui.evaluation.cohorts.run import CohortRequest, ScoringState, score_pairs
from brainseg_gui.evaluation.metrics.rules import DEFAULT, rules_named
from brainseg_gui.evaluation.records.pair import Pair, Unpaired
from brainseg_gui.evaluation.records.report import REGION_KEYS, CaseReport, CohortReport
from brainseg_gui.execution.clusters import cluster_workers, local_workers
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.case_record import ModelIdentity, RunSettings
from brainseg_gui.inference.cohorts.case_task import reply_of
from brainseg_gui.inference.cohorts.cohort import AtWork, HasMask, Refused, Segmented
from brainseg_gui.inference.cohorts.cohort_tasks import CaseEnd
from brainseg_gui.inference.cohorts.list_run import ListRun
from brainseg_gui.inference.expected_dice import brief_expectation
from brainseg_gui.inference.models.dice_line import ExpectedDice
from brainseg_gui.plain_values import LARGEST
from brainseg_gui.progress import Progress
from brainseg_gui.state.segmenting.cohort_run import CaseRun, CaseStage, RunCases, RunPlace, RunWishes

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.inference.models.model_folder import ModelFolder
    from brainseg_gui.inference.options import SegmentOptions

_RETRIES = 2  # of a case whose worker died
_MODEL = "prediction"


@dataclass(frozen=True)
class LeftOut:
    """A case that is not worked on, and why."""

    job: CaseJob
    words: str


def segmenting(
    jobs: Sequence[CaseJob],
    cohort: Sequence[CaseSource],
    results: Path,
    wishes: RunWishes,
    network: tuple[Engine, ModelFolder, SegmentOptions],
) -> Generator[Progress, None, None]:
    """Segment on the engine of the window; by workers where a cluster or several processes are asked for.

    Parameters
    ----------
    results
        The folder that gets the manifest.
    """
    yield Progress("looking for masks", 0.0)
    engine, model, options = network
    settings = RunSettings(ModelIdentity.of(model), options, RegridPolicy.STRICT, overwrite=False, claim=Path())
    run = ListRun(jobs, cohort, results, settings, wishes.cases is RunCases.WITHOUT)
    if wishes.place is RunPlace.CLUSTER:
        yield from run.on(cluster_workers(wishes.cluster.strip()), _RETRIES)
    elif wishes.processes > 1:
        yield from run.on(local_workers(wishes.processes), _RETRIES)
    else:
        yield from run.here(engine, model)


def scoring(jobs: Sequence[CaseJob], results: Path, wishes: RunWishes) -> Generator[Progress, None, CohortReport]:
    """Score the masks of cases against their references; what was scored before is not scored again.

    Raises
    ------
    CaseError
        If no case has both.
    """
    pairs: list[Pair] = []
    for job in jobs:
        if lacking := _lacking(job):
            yield Progress("looking for masks", 0.0, partial=LeftOut(job, lacking))
        elif (source := job.source) is not None and source.reference is not None:
            pairs.append(Pair(job.name, source.reference, job.output, source.folder, source.patient))
    if not pairs:
        raise CaseError("no case of the list has a reference and a prediction", "Segment the cases first")
    whose = patients_in(pairs, results)
    named = [(_MODEL, replace(pair, patient=whose[pair.case_id])) for pair in pairs]
    return (yield from score_pairs(named, (), _request(results, wishes)))


def _lacking(job: CaseJob) -> str:
    if job.source is None or job.source.reference is None:
        return "it has no reference mask"
    return "" if job.output.exists() else f"it has no prediction ({job.output.name})"


def _request(folder: Path, wishes: RunWishes) -> CohortRequest:
    on_cluster = wishes.place is RunPlace.CLUSTER
    name = hashlib.sha256(str(folder).encode(errors="surrogatepass")).hexdigest()[:16]
    partial = platformdirs.user_cache_path("brainseg") / "evaluations" / f"list-{name}.jsonl"
    partial.parent.mkdir(parents=True, exist_ok=True)
    return CohortRequest(
        folder,
        {_MODEL: folder},
        rules_named(DEFAULT),
        processes=None if on_cluster else wishes.processes or None,
        cluster=wishes.cluster.strip() if on_cluster else None,
        retries=_RETRIES,
        partial=partial,
    )


# what outcomes say


def case_run_of(outcome: object, stage: str, jobs: Mapping[Path, CaseJob]) -> CaseRun | None:
    """How far a case is by an outcome; None where it tells of none.

    Parameters
    ----------
    stage
        What is being done.
    jobs
        Those of the run, by their masks.
    """
    if isinstance(outcome, ScoringState):
        return _scored(outcome.ended, jobs) if outcome.ended is not None else None
    if not isinstance(outcome, (AtWork, Segmented, HasMask, Refused, CaseEnd, LeftOut)) or outcome.job.source is None:
        return None
    source, output = outcome.job.source, outcome.job.output
    if isinstance(outcome, AtWork):
        return CaseRun(source, CaseStage.AT_WORK, outcome.done, stage)
    if isinstance(outcome, Segmented):
        return CaseRun(source, CaseStage.SEGMENTED, 1.0, _found(reply_of(outcome)), output)
    if isinstance(outcome, HasMask):
        return CaseRun(source, CaseStage.HAD_MASK, 1.0, _there(output, outcome.told), output)
    if isinstance(outcome, LeftOut):
        return CaseRun(source, CaseStage.LEFT_OUT, words=outcome.words)
    if isinstance(outcome, Refused):
        log = "".join(traceback.format_exception(outcome.error))
        return CaseRun(source, CaseStage.FAILED, words=_reason(outcome.error), log=log)
    return _ended(outcome)


def signs_of_outcome(outcome: object) -> CaseSigns | None:
    """What a network told of a case that the list ranks by; None where an outcome holds nothing of it."""
    if isinstance(outcome, Segmented):
        told: Mapping[str, Any] | None = reply_of(outcome)
    else:
        told = outcome.told if isinstance(outcome, (CaseEnd, HasMask)) else None
    if not told:
        return None
    promised = told.get("expected_dice")
    promised = promised if isinstance(promised, Mapping) else {}
    dice = {key: of.get("dice") for key, of in promised.items() if isinstance(of, Mapping)}
    volumes = _by_region(told.get("volumes_ml"))
    return CaseSigns(_by_region(dice), volumes) if volumes.keys() == set(REGION_KEYS) else None


def _by_region(found: object) -> dict[str, float]:
    """Numbers of regions; what a manifest holds may be anything."""
    values = found if isinstance(found, Mapping) else {}
    numbers = ((key, values.get(key)) for key in REGION_KEYS)
    return {key: value for key, value in numbers if isinstance(value, (int, float)) and abs(value) <= LARGEST}


def _ended(end: CaseEnd) -> CaseRun | None:
    source, output = end.job.source, end.job.output
    if source is None:
        return None
    if end.kept or end.known:
        return CaseRun(source, CaseStage.HAD_MASK, 1.0, _there(output, end.told), output)
    if end.fault:
        words = end.fault.replace(f"{source.folder}{os.sep}", "")  # the window has the folder elsewhere
        return CaseRun(source, CaseStage.FAILED, words=words, log=end.log)
    return CaseRun(source, CaseStage.SEGMENTED, 1.0, _found(end.told or {}), output)


def _scored(ended: CaseReport | Unpaired, jobs: Mapping[Path, CaseJob]) -> CaseRun | None:
    job = jobs.get(Path(ended.path if isinstance(ended, Unpaired) else ended.prediction))
    if job is None or job.source is None:
        return None
    if isinstance(ended, Unpaired):
        return CaseRun(job.source, CaseStage.FAILED, words=ended.reason, output=job.output, log=ended.reason)
    numbers = {key: ended.number(key, "dice") for key in REGION_KEYS}
    dice = ", ".join(f"{key} {number:.3f}" for key, number in numbers.items() if not math.isnan(number))
    sentences = (f"Dice {dice}", ended.warning, *ended.doubts)
    return CaseRun(job.source, CaseStage.SCORED, 1.0, ". ".join(filter(None, sentences)), job.output)


def _there(output: Path, told: Mapping[str, Any] | None) -> str:
    made = ", made by this network of the same images" if told is not None else ""
    return f"{output.name} is there already{made}"


def _found(told: Mapping[str, Any]) -> str:
    millilitres = told.get("volumes_ml", {})
    volumes = ", ".join(f"{region} {value:.1f}" for region, value in millilitres.items())
    volumes = f"{volumes} ml" if any(millilitres.values()) else "no tumour found" if millilitres else ""
    expected = {region: ExpectedDice(**of) for region, of in told.get("expected_dice", {}).items()}
    notes = (*told.get("of_network", ()), *told.get("doubts", ()))
    found = "; ".join(filter(None, (volumes, brief_expectation(expected))))
    return ". ".join(filter(None, (found, *notes)))


def _reason(error: Exception) -> str:
    """Why a case failed, with the name of the file alone: the window has its folder elsewhere."""
    if not isinstance(error, BrainsegError):
        return f"unexpected {type(error).__name__}: {error}"
    where = f"{error.path.name}: " if error.path is not None else ""
    return f"{where}{error.what}. {error.remedy}"
