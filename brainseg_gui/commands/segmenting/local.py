"""``brainseg segment`` on one engine of this computer; into a folder, with a manifest of what is done."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from brainseg_gui.commands.segmenting.jobs import (
    ANEW,
    plan_jobs,
    prepare_outputs,
    refuse_needless_resample,
    remove_empty,
    settings_of,
)
from brainseg_gui.commands.segmenting.raw import RawJobs
from brainseg_gui.commands.tasks.faults import exit_code
from brainseg_gui.commands.terminal import BAR, INPUT_FAULT, say, write_line
from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.execution.claim import claimed_manifest
from brainseg_gui.execution.manifest import FOLDER, Entry
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.case_record import RunSettings
from brainseg_gui.inference.cohorts.case_task import described
from brainseg_gui.inference.cohorts.cohort import AtWork, CohortSegmentation, HasMask, Refused, Segmented, Steps
from brainseg_gui.inference.cohorts.cohort_here import segment_here
from brainseg_gui.inference.cohorts.run_records import RunRecords, entries_in
from brainseg_gui.inference.engine import engine as engines
from brainseg_gui.inference.expected_dice import expectation
from brainseg_gui.inference.models.dice_line import ExpectedDice
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.progress import Progress


def segment_locally(args: argparse.Namespace, model: ModelFolder) -> int:
    """Segment the cases of a command line; 0, or 2 when only input was at fault, or 1."""
    jobs = plan_jobs([path.absolute() for path in args.cases], args.output)
    refuse_needless_resample(args, jobs)
    results = None if jobs[0].chosen else args.output
    raw = RawJobs(results or args.output.parent, args.overwrite)
    with closing(engines.Engine()) as engine:
        jobs = raw.prepare(jobs, engine)
        known = entries_in(results, fresh=args.fresh) if results is not None else {}
        entries = raw.to_go_on_from(known)
        made = prepare_outputs(jobs, overwrite=args.overwrite, ours=entries)
        shown = _LocalProgress(len(jobs), args.json, raw)
        settings = settings_of(args, model)
        try:
            if any(job.source is not None and not job.is_taken for job in jobs):
                engine.start(model, settings.options)  # loads while the first case is read
            with closing(shown), _work(engine, model, settings, entries, jobs, results) as steps:
                for progress in steps:
                    shown.tell(progress)
        finally:
            remove_empty([*([results / FOLDER] if results is not None else []), *made])
    return shown.exit_code


@contextmanager
def _work(
    engine: engines.Engine,
    model: ModelFolder,
    settings: RunSettings,
    entries: Mapping[str, Sequence[Entry]],
    jobs: Sequence[CaseJob],
    results: Path | None,
) -> Iterator[Steps]:
    """The work on all cases: with the manifest of a folder of results, or into the one file that a person named."""
    cohort = [job.source for job in jobs if job.source is not None]
    if results is None or not cohort:
        alone = CohortSegmentation(engine, model, settings.options, settings.overwrite, cohort, settings.regrid)
        with closing(alone.run(jobs)) as steps:
            yield steps
        return
    with claimed_manifest(results, settings.key) as claim:
        records = RunRecords(replace(settings, claim=claim), entries, cohort)
        with closing(segment_here(engine, model, records, jobs)) as steps:
            yield steps


@dataclass
class _LocalProgress:
    """Says how each case ended, and how far the work is."""

    cases: int
    as_json: bool
    raw: RawJobs
    faults: list[Refused] = field(default_factory=list)
    known: int = 0
    doubtful: int = 0

    def __post_init__(self) -> None:
        self._bar = tqdm(total=self.cases, file=sys.stderr, bar_format=BAR, disable=None)

    def tell(self, progress: Progress) -> None:
        """Show one step of the work."""
        outcome, words = progress.partial, ""
        if isinstance(outcome, AtWork):
            words = f"{outcome.job.name}: {progress.stage}"
        elif isinstance(outcome, Segmented):
            self._tell_done(outcome)
        elif isinstance(outcome, HasMask):
            self._tell_mask(outcome)
        elif isinstance(outcome, Refused):
            self._tell_fault(outcome)
        self._bar.set_description_str(printable(words), refresh=False)
        self._bar.update(self.cases * progress.done - self._bar.n)

    def _tell_done(self, done: Segmented) -> None:
        entry = described(done) | {"known": False}
        try:
            if native := self.raw.bring_back(done):
                entry["native"] = [str(path) for path in native]
        except BrainsegError as error:
            refused = Refused(done.job, error)
            self._say_fault(refused)
            entry["error"] = refused.sentence
        self._write(json.dumps(entry) if self.as_json else _sentence(entry))
        self._tell_doubts(done.job, done.case.doubts)

    def _tell_mask(self, there: HasMask) -> None:
        """A mask that is there, whether it is the one that was asked for or another."""
        if there.told is None:
            self._tell_fault(Refused(there.job, there.error))
            return
        self.known += 1
        entry = dict(there.told) | {"known": True}
        doubts, _ = entry.pop("doubts", []), entry.pop("of_network", [])
        if self.as_json:
            self._write(json.dumps(entry))
        self._tell_doubts(there.job, doubts)

    def _tell_doubts(self, job: CaseJob, of_case: Iterable[str]) -> None:
        """What may be wrong with a case counts in the exit code, whichever call segmented it."""
        doubts = (*self.raw.doubts_of(job), *of_case)
        self.doubtful += bool(doubts)
        for doubt in doubts:
            self._bar.clear()
            say(f"{job.name}: {doubt}")

    def _say_fault(self, refused: Refused) -> None:
        self.faults.append(refused)
        self._bar.clear()
        say(refused.sentence)

    def _tell_fault(self, refused: Refused) -> None:
        self._say_fault(refused)
        if self.as_json:
            self._write(json.dumps({"case": refused.job.name, "error": refused.sentence}))

    def close(self) -> None:
        """End the bar, and say what was passed over and what failed, also of a run that was cut short."""
        self._bar.close()
        if self.known:
            say(f"{self.known} of {self.cases} masks were made before, of the same files, and are passed over. {ANEW}")
        if self.faults and self.cases > 1:
            names = ", ".join(refused.job.name for refused in self.faults)
            say(f"{len(self.faults)} of {self.cases} cases failed: {names}")

    @property
    def exit_code(self) -> int:
        """As that of every command: 2 when only input was at fault or doubtful, 1 when something else was."""
        return exit_code(refused.error for refused in self.faults) or (INPUT_FAULT if self.doubtful else 0)

    def _write(self, line: str) -> None:
        self._bar.clear()
        write_line(line)


def _sentence(entry: dict[str, Any]) -> str:
    volumes = ", ".join(f"{region} {value:.1f} ml" for region, value in entry["volumes_ml"].items())
    seconds = sum(entry["seconds"].values())
    told = expectation({region: ExpectedDice(**of) for region, of in entry.get("expected_dice", {}).items()})
    native = entry.get("native", ())
    said = [f"on {len(native)} series as they were: {Path(native[0]).parent}"] if native else []
    notes = "".join(f"\n  {note}" for note in (*said, *([told] if told else []), *entry["notes"]))
    return f"{entry['case']}: {entry['output']} ({volumes}; {seconds:.1f} s on {entry['device']}){notes}"
