"""``brainseg segment``: masks for cases and cohorts, without a window."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainseg_gui.commands.case_options import add_resample_option, regrid_policy_of
from brainseg_gui.commands.cluster_options import add_cluster_options, count_of, refuse_cluster_options
from brainseg_gui.errors import BrainsegError, EngineError, SaveError, printable
from brainseg_gui.plain_files import for_terminal

if TYPE_CHECKING:
    from tqdm import tqdm

    from brainseg_gui.commands.segment_raw import RawJobs
    from brainseg_gui.inference.cohort import Refused, Segmented
    from brainseg_gui.progress import Progress

INPUT_FAULT = 2
_BAR = "{percentage:3.0f} %|{bar}| {elapsed} {desc}"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``segment`` to the command line."""
    parser = subparsers.add_parser("segment", help="write a mask for each case")
    cases_help = "a case folder, a file of a case, a folder of cases, or raw series (prepared first, see prepare)"
    parser.add_argument("cases", nargs="+", type=Path, metavar="CASE", help=cases_help)
    output_help = "a folder, which gets <case id>_pred.nii.gz for each case; for one case, a file name"
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help=output_help)
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="model folder (default: the shipped model)")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    add_resample_option(parser, "a mask of a case, which tells how its labels are numbered, from another grid")
    parser.add_argument("--overwrite", action="store_true", help="replace masks that exist")
    add_cluster_options(parser)
    parser.add_argument("--processes", type=count_of, metavar="N", help="workers of --cluster local")
    parser.add_argument("--json", action="store_true", help="print one JSON object per case and line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Segment every case; 0, or 2 when only input was at fault, or 1."""
    from tqdm import tqdm

    from brainseg_gui.commands.segment_jobs import plan_jobs, prepare_outputs, refuse_needless_resample, remove_empty
    from brainseg_gui.commands.segment_raw import RawJobs
    from brainseg_gui.inference.cohort import CohortSegmentation
    from brainseg_gui.inference.engine.engine import Engine
    from brainseg_gui.inference.models.model_folder import default_model, read_model_folder
    from brainseg_gui.inference.options import SegmentOptions

    model = read_model_folder(args.model) if args.model else default_model()
    options = SegmentOptions(args.device, args.precision)
    if args.cluster is not None:
        from brainseg_gui.commands.segment_cluster import segment_on_cluster

        return segment_on_cluster(args, model)
    refuse_cluster_options(args)
    jobs = plan_jobs(args.cases, args.output)
    refuse_needless_resample(args, jobs)
    raw = RawJobs(args.output.parent if jobs[0].chosen else args.output, args.overwrite)
    with closing(Engine()) as engine:
        jobs = raw.prepare(jobs, engine)
        cohort = [job.source for job in jobs if job.source is not None]
        folders = prepare_outputs(jobs, overwrite=args.overwrite)
        bar = tqdm(total=len(jobs), file=sys.stderr, bar_format=_BAR, disable=None)
        shown = _LocalProgress(bar, len(jobs), args.json, raw)
        try:
            if cohort:
                engine.start(model, options)  # loads while the first case is read
            work_on = CohortSegmentation(
                engine, model, options, overwrite=args.overwrite, cohort=cohort, regrid=regrid_policy_of(args)
            )
            with closing(bar), closing(work_on.run(jobs)) as work:
                for progress in work:
                    shown.tell(progress)
        finally:
            remove_empty(folders)
    if shown.faults and len(jobs) > 1:
        _say(f"{len(shown.faults)} of {len(jobs)} cases failed: {', '.join(shown.faults)}")
    return _exit_code(shown.faults.values()) or (INPUT_FAULT if shown.doubtful else 0)


@dataclass
class _LocalProgress:
    """Says how each case ended, and how far the work is."""

    bar: tqdm[Any]
    cases: int
    as_json: bool
    raw: RawJobs
    faults: dict[str, Exception] = field(default_factory=dict)
    doubtful: int = 0

    def tell(self, progress: Progress) -> None:
        """Show one step of the work."""
        from brainseg_gui.inference.cohort import AtWork, Refused, Segmented

        outcome, words = progress.partial, ""
        if isinstance(outcome, AtWork):
            words = f"{outcome.job.name}: {progress.stage}"
        elif isinstance(outcome, Segmented):
            self._tell_done(outcome)
        elif isinstance(outcome, Refused):
            self._tell_fault(outcome)
        self.bar.set_description_str(printable(words), refresh=False)
        self.bar.update(self.cases * progress.done - self.bar.n)

    def _tell_done(self, done: Segmented) -> None:
        from brainseg_gui.inference.case_task import described
        from brainseg_gui.inference.cohort import Refused

        entry = described(done)
        try:
            if native := self.raw.bring_back(done):
                entry["native"] = [str(path) for path in native]
        except BrainsegError as error:
            self._tell_fault(Refused(done.job, error))
        self._write(json.dumps(entry) if self.as_json else _sentence(entry))
        self._tell_doubts(done)

    def _tell_doubts(self, done: Segmented) -> None:
        """What may be wrong with a case that was segmented counts in the exit code."""
        doubts = (*self.raw.doubts_of(done.job), *done.case.doubts)
        self.doubtful += bool(doubts)
        for doubt in doubts:
            self.bar.clear()
            _say(f"{done.job.name}: {doubt}")

    def _tell_fault(self, refused: Refused) -> None:
        self.faults[refused.job.name] = refused.error
        self.bar.clear()
        _say(refused.sentence)
        if self.as_json:
            self._write(json.dumps({"case": refused.job.name, "error": refused.sentence}))

    def _write(self, line: str) -> None:
        self.bar.clear()
        sys.stdout.write(for_terminal(line) + "\n")
        sys.stdout.flush()


def _sentence(entry: dict[str, Any]) -> str:
    from brainseg_gui.inference.expected_dice import expectation
    from brainseg_gui.inference.models.dice_line import ExpectedDice

    volumes = ", ".join(f"{region} {value:.1f} ml" for region, value in entry["volumes_ml"].items())
    seconds = sum(entry["seconds"].values())
    told = expectation({region: ExpectedDice(**of) for region, of in entry.get("expected_dice", {}).items()})
    native = entry.get("native", ())
    said = [f"on {len(native)} series as they were: {Path(native[0]).parent}"] if native else []
    notes = "".join(f"\n  {note}" for note in (*said, *([told] if told else []), *entry["notes"]))
    return f"{entry['case']}: {entry['output']} ({volumes}; {seconds:.1f} s on {entry['device']}){notes}"


def _say(sentence: str) -> None:
    sys.stderr.write(for_terminal(f"brainseg: {sentence}\n"))


def _exit_code(faults: Iterable[Exception]) -> int:
    """2 when only input was at fault; 1 when the engine, the disk or the program was."""
    input_alone = [isinstance(f, BrainsegError) and not isinstance(f, (EngineError, SaveError)) for f in faults]
    return 0 if not input_alone else 2 if all(input_alone) else 1
