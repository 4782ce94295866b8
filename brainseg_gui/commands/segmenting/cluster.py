"""``brainseg segment --cluster``: a task for each case, wherever the workers are, and a manifest of what is done."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from brainseg_gui.commands.options.cluster import retries_of
from brainseg_gui.commands.segmenting.jobs import (
    ANEW,
    plan_jobs,
    prepare_outputs,
    refuse_needless_resample,
    remove_empty,
    settings_of,
)
from brainseg_gui.commands.terminal import INPUT_FAULT, say, write_line
from brainseg_gui.errors import SaveError, printable
from brainseg_gui.execution.claim import claimed_manifest
from brainseg_gui.execution.clusters import cluster_workers
from brainseg_gui.execution.manifest import FOLDER
from brainseg_gui.execution.run import NOBODY, WAITING, TaskFunction
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.case_task import segment_task
from brainseg_gui.inference.cohorts.cohort_tasks import CaseEnd, CohortTasks
from brainseg_gui.inference.cohorts.run_records import RunRecords, entries_in
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.storage.folder import make_folders, open_folder
from brainseg_gui.storage.leftovers import sweep
from brainseg_gui.storage.writing import remove_derived, write_text

LOGS = "failed"
"""Name of the folder with a log for each case that failed, in that of the manifest."""
_BAR = "{percentage:3.0f} %|{bar}| {n:.0f}/{total:.0f} cases, {elapsed}, {remaining} left{postfix}"


def segment_on_cluster(args: argparse.Namespace, model: ModelFolder, task: TaskFunction = segment_task) -> int:
    """Segment the cases of a command line; 0, or 2 when only input was at fault, or 1."""
    output = args.output.absolute()
    jobs = _jobs(args.cases, output)
    refuse_needless_resample(args, jobs)
    entries = entries_in(output, fresh=args.fresh)
    made = prepare_outputs(jobs, overwrite=args.overwrite, ours=entries)
    settings = settings_of(args, model)
    try:
        with claimed_manifest(output, settings.key) as claim:
            workers = cluster_workers(args.cluster, args.processes)
            sources = [job.source for job in jobs if job.source is not None]
            records = RunRecords(replace(settings, claim=claim), entries, sources)
            work = CohortTasks(records, jobs, retries_of(args), task)
            with closing(_ClusterProgress(len(jobs), output, args.json)) as shown, closing(work.run(workers)) as steps:
                for step in steps:
                    shown.tell(step.partial if isinstance(step.partial, CaseEnd) else None, step.stage)
    finally:
        _tidy(output, made)
    return shown.exit_code


def _jobs(cases: Sequence[Path], output: Path) -> list[CaseJob]:
    jobs = plan_jobs([path.absolute() for path in cases], output)
    if any(job.chosen for job in jobs):
        raise SaveError("a run on a cluster writes into a folder", "Give a folder for -o", output)
    return jobs


def _tidy(output: Path, made: Sequence[Path]) -> None:
    """Remove what killed workers of this computer left half written, and folders that stayed empty."""
    with contextlib.suppress(OSError), open_folder(output) as folder:
        sweep(folder)
    remove_empty([output / FOLDER / LOGS, output / FOLDER, *made])


@dataclass
class _ClusterProgress:
    """Says how each case ended, and how far the work is."""

    cases: int
    output: Path
    as_json: bool
    done: int = 0
    known: int = 0
    doubtful: int = 0
    waited: bool = False
    failed: list[CaseEnd] = field(default_factory=list)

    def __post_init__(self) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=self.cases, file=sys.stderr, bar_format=_BAR, disable=None)

    def tell(self, end: CaseEnd | None, stage: str = "") -> None:
        """Show the end of a case, or what is at work."""
        if end is None:
            self._show(stage)
            return
        log = self.output / FOLDER / LOGS / f"{end.job.name}.txt"
        if end.fault:
            self._tell_fault(end, log)
        else:
            self._tell_mask(end, log)
        self._show()
        self._bar.update()

    def _show(self, stage: str = "") -> None:
        """In the bar what failed, and that nobody is there to work; the latter is also said once."""
        if stage == WAITING and not self.waited:
            self.waited = True
            _say(NOBODY)
        failed = f"{len(self.failed)} failed" if self.failed else ""
        self._bar.set_postfix_str(", ".join(filter(None, (failed, stage if stage == WAITING else ""))))

    def _sum_up(self) -> None:
        passed = f", {self.known} of them done before" if self.known else ""
        _say(f"{self.done + self.known} of {self.cases} masks are there{passed}")
        if self.known:
            _say(ANEW)
        if self.failed:
            names = ", ".join(end.job.name for end in self.failed)
            _say(f"{len(self.failed)} of {self.cases} cases failed: {names}")
            _say(f"Why stands in {self.output / FOLDER / LOGS}. The same command tries these again, and no other.")

    def close(self) -> None:
        """End the bar, and say what is there, also of a run that was cut short."""
        self._bar.close()
        self._sum_up()

    @property
    def exit_code(self) -> int:
        """As that of every command: 2 when only input was at fault or doubtful, 1 when something else was."""
        if not self.failed:
            return INPUT_FAULT if self.doubtful else 0
        return INPUT_FAULT if all(end.of_input for end in self.failed) else 1

    def _tell_mask(self, end: CaseEnd, log: Path) -> None:
        with contextlib.suppress(OSError):
            remove_derived(log, root=self.output)
        self.known += end.known
        self.done += not end.known
        entry = dict(end.told or {}) | {"known": end.known}
        doubts, _ = entry.pop("doubts", []), entry.pop("of_network", [])
        if self.as_json:
            self._write(json.dumps(entry))
        elif not end.known:
            self._write(f"{entry['case']}: {entry['output']}")
        self.doubtful += bool(doubts)
        for doubt in doubts:
            self._bar.clear()
            _say(f"{end.job.name}: {doubt}")

    def _tell_fault(self, end: CaseEnd, log: Path) -> None:
        self.failed.append(end)
        self._bar.clear()
        _say(end.fault)
        with contextlib.suppress(OSError):  # a log that cannot be written must not end the run
            make_folders(log.parent, self.output)
            write_text(log, f"{end.fault}\n\n{end.log}\n", chosen=False, root=self.output)
        if self.as_json:
            self._write(json.dumps({"case": end.job.name, "error": end.fault}))

    def _write(self, line: str) -> None:
        self._bar.clear()
        write_line(line)


def _say(sentence: str) -> None:
    say(printable(sentence))
