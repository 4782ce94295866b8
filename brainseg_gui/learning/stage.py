"""How far a run of learning is, by what its folder holds: after a restart it goes on from there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from brainseg_gui.learning.comparing import known_verdict
from brainseg_gui.learning.gate import Verdict
from brainseg_gui.learning.plan import LearningPlan, has_plan, read_plan
from brainseg_gui.learning.promotion import promotions
from brainseg_gui.runs.run_folder import RunFolder, find_runs
from brainseg_gui.runs.run_status import RunStatus


class LearningStage(Enum):
    """What comes next."""

    TO_TRAIN = "to train"
    TRAINING = "training"
    TO_COMPARE = "to compare"
    JUDGED = "judged"
    PROMOTED = "promoted"


@dataclass(frozen=True)
class LearningRun:
    """A run of learning as it stands."""

    folder: RunFolder
    plan: LearningPlan
    stage: LearningStage
    status: RunStatus
    verdict: Verdict | None = None


def newest_learning(runs: Path, models: Path) -> LearningRun | None:
    """The newest run of learning in a folder of runs; None where there is none.

    Raises
    ------
    BrainsegError
        If it is damaged.
    """
    folder = next((run for run in find_runs(runs) if has_plan(run)), None)
    return learning_run(folder, models) if folder is not None else None


def learning_run(folder: RunFolder, models: Path) -> LearningRun:
    """A run of learning as it stands now.

    Raises
    ------
    BrainsegError
        If it is damaged.
    """
    plan, status = read_plan(folder), folder.status()
    if status in (RunStatus.RUNNING, RunStatus.SILENT):
        return LearningRun(folder, plan, LearningStage.TRAINING, status)
    if status is not RunStatus.FINISHED or not folder.has_model:
        return LearningRun(folder, plan, LearningStage.TO_TRAIN, status)
    verdict = known_verdict(folder)
    if verdict is None:
        return LearningRun(folder, plan, LearningStage.TO_COMPARE, status)
    stands = verdict.passed and any(promotion.run == folder.path for promotion in promotions(models))
    return LearningRun(folder, plan, LearningStage.PROMOTED if stands else LearningStage.JUDGED, status, verdict)
