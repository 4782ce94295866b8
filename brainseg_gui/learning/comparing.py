"""The new network against the one before, on cases that neither was trained on; what is done is not done again."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.errors import BrainsegError, ModelError, SaveError
from brainseg_gui.evaluation.cohorts.run import CohortRequest, evaluate_cohort
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.evaluation.reports.files import as_json, read_json
from brainseg_gui.imaging.cases.case_folder import find_cohort
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.cohort import CohortSegmentation, Refused
from brainseg_gui.inference.models.model_folder import ModelFolder, read_model_folder, verify_weights
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.learning.gate import AFTER, BEFORE, Verdict, judge
from brainseg_gui.learning.learning_set import HELD_BACK, set_folder
from brainseg_gui.learning.plan import LearningPlan, read_plan
from brainseg_gui.progress import Progress, scaled
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import RunStatus
from brainseg_gui.storage.reading import is_derived_file
from brainseg_gui.storage.writing import write_text

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine

RULES = "brats2023"
_SEGMENTED = 0.45  # of the work, for each of the two networks


def comparison_folder(folder: RunFolder, model: ModelFolder) -> Path:
    """Where the comparison of a run's model lies: a model that was trained further is another one."""
    return folder.path / "comparison" / model.passport.sha256[:16]


def compare_networks(folder: RunFolder, engine: Engine, options: SegmentOptions) -> Generator[Progress, None, Verdict]:
    """Segment the held-back cases with both networks, score them, and judge.

    Raises
    ------
    BrainsegError
        If the run has not ended, left no model, its parent is gone, or a case cannot be segmented.
    """
    plan = read_plan(folder)
    if folder.status() in (RunStatus.RUNNING, RunStatus.SILENT):
        raise BrainsegError("the run is still training", "Wait for its end, or stop it", folder.path)
    _check_set(folder, plan)
    after, before = trained_model(folder), plan.parent.find()
    for model in (before, after):
        verify_weights(model)
    home, masks = comparison_folder(folder, after), dict[str, Path]()
    for number, (name, model) in enumerate(((BEFORE, before), (AFTER, after))):
        masks[name] = home / name
        work = _segment(folder, model, masks[name], engine, options)
        yield from scaled(work, number * _SEGMENTED, (number + 1) * _SEGMENTED)
    request = CohortRequest(set_folder(folder, HELD_BACK), masks, rules_named(RULES), partial=home / "scored.jsonl")
    report = yield from scaled(evaluate_cohort(request), 2 * _SEGMENTED, 1.0)
    try:
        write_text(home / "comparison.json", as_json(report), chosen=False, root=folder.path)
    except OSError as error:
        raise SaveError(f"the comparison cannot be written ({error.strerror})", "Check the disk", home) from error
    return judge(report)


def known_verdict(folder: RunFolder) -> Verdict | None:
    """What a comparison said that was made before; None where there is none of the run's present model.

    Raises
    ------
    BrainsegError
        If it is damaged.
    """
    if not folder.has_model:
        return None
    path = comparison_folder(folder, trained_model(folder)) / "comparison.json"
    return judge(read_json(path)) if is_derived_file(path, root=folder.path) else None


def trained_model(folder: RunFolder) -> ModelFolder:
    """The model that came of a run.

    Raises
    ------
    ModelError
        If there is none, or it cannot be used.
    """
    if not folder.has_model:
        raise ModelError("no model came of the run yet", "Train it to its end", folder.path)
    return read_model_folder(folder.model)


def _check_set(folder: RunFolder, plan: LearningPlan) -> None:
    """Nobody is scored who was trained on, whatever became of the folders meanwhile."""
    place = set_folder(folder, HELD_BACK)
    sources = find_cohort(place)
    if {source.folder.name for source in sources} != set(plan.held_back):
        remedy = "Put the folders back as they were, or begin to learn anew"
        raise BrainsegError("it does not hold the cases that the plan holds back", remedy, place)


def _segment(
    folder: RunFolder, model: ModelFolder, masks: Path, engine: Engine, options: SegmentOptions
) -> Generator[Progress, None, None]:
    sources = find_cohort(set_folder(folder, HELD_BACK))
    jobs = [CaseJob(source.case_id, source, masks / f"{source.case_id}_pred.nii.gz") for source in sources]
    work = CohortSegmentation(engine, model, options, overwrite=False, cohort=sources)
    with closing(work.run(jobs)) as steps:
        for progress in steps:
            if isinstance(progress.partial, Refused):
                raise progress.partial.error
            yield Progress("segmenting the held-back cases", progress.done, model.title)
