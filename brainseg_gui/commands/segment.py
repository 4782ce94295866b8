"""``brainseg segment``: masks for cases and cohorts, without a window."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from brainseg_gui.commands.segment_ahead import Reading, Writing, start_reading, start_writing
from brainseg_gui.errors import BrainsegError, CaseError, EngineError, SaveError, printable
from brainseg_gui.plain_files import for_terminal

if TYPE_CHECKING:
    from tqdm import tqdm

    from brainseg_gui.commands.segment_jobs import SegmentJob
    from brainseg_gui.imaging.case import Case
    from brainseg_gui.imaging.labels import LabelMap
    from brainseg_gui.inference.engine import Engine
    from brainseg_gui.inference.model_folder import ModelFolder
    from brainseg_gui.inference.options import SegmentOptions, SegmentResult
    from brainseg_gui.progress import Progress

_BAR = "{percentage:3.0f} %|{bar}| {elapsed} {desc}"
_SEGMENTED = 0.95  # of the work on one case
_LOG = logging.getLogger(__name__)

Result = TypeVar("Result")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``segment`` to the command line."""
    parser = subparsers.add_parser("segment", help="write a mask for each case")
    cases_help = "a case folder, a file of a case, or a folder of cases"
    parser.add_argument("cases", nargs="+", type=Path, metavar="CASE", help=cases_help)
    output_help = "a folder, which gets <case id>_pred.nii.gz for each case; for one case, a file name"
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help=output_help)
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="model folder (default: the shipped model)")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    parser.add_argument("--overwrite", action="store_true", help="replace masks that exist")
    parser.add_argument("--json", action="store_true", help="print one JSON object per case and line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Segment every case; 0, or 2 when only input was at fault, or 1."""
    from tqdm import tqdm

    from brainseg_gui.commands.segment_jobs import plan_jobs, prepare_outputs, remove_empty
    from brainseg_gui.inference.engine import Engine
    from brainseg_gui.inference.model_folder import default_model, read_model_folder
    from brainseg_gui.inference.options import SegmentOptions

    model = read_model_folder(args.model) if args.model else default_model()
    options = SegmentOptions(args.device, args.precision)
    jobs = plan_jobs(args.cases, args.output)
    folders = prepare_outputs(jobs, overwrite=args.overwrite)
    bar = tqdm(total=len(jobs), file=sys.stderr, bar_format=_BAR, disable=None)
    try:
        with closing(Engine()) as engine, closing(bar):
            if any(job.source for job in jobs):
                engine.start(model, options)  # loads while the first case is read
            runner = _CaseRunner(engine, model, options, args.json, bar)
            faults = runner.run(jobs)
    finally:
        remove_empty(folders)
    if faults and len(jobs) > 1:
        _say(f"{len(faults)} of {len(jobs)} cases failed: {', '.join(faults)}")
    return _exit_code(faults.values())


@dataclass
class _CaseRunner:
    """One engine and one bar for all cases.

    While the network works on a case, the next one is read and the last mask is written.
    """

    engine: Engine
    model: ModelFolder
    options: SegmentOptions
    as_json: bool
    bar: tqdm[Any]
    finished: int = 0
    faults: dict[str, Exception] = field(default_factory=dict)
    _reading: Reading | None = None
    _writing: Writing | None = None

    def run(self, jobs: Sequence[SegmentJob]) -> dict[str, Exception]:
        """Segment every case; a fault is told and returned, and the next case comes."""
        try:
            for job, after in zip_longest(jobs, jobs[1:]):
                with self._telling(job):
                    self._segment(job, after)
            self._end_writing()
        finally:
            if self._reading is not None:
                self._reading.stop.set()
            if self._writing is not None:
                wait([self._writing.written])  # half a mask is none
        return self.faults

    @contextmanager
    def _telling(self, job: SegmentJob) -> Iterator[None]:
        """Say what went wrong with one case: it must not cost the others."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  a bug too
            if self._writing is not None and self._writing.job is not job:
                self._end_writing()  # what came before is told before
            if not isinstance(error, BrainsegError):
                _LOG.warning("%s failed", job.name, exc_info=error)
            self.faults[job.name] = error
            self._tell_fault(job, error)
            self._count()

    def _segment(self, job: SegmentJob, after: SegmentJob | None) -> None:
        from brainseg_gui.imaging.labels import LabelMap, from_network_classes

        reading, self._reading = self._reading, None
        try:
            if job.source is None:
                raise job.fault or CaseError("no case was found", "Check the name", job.output)
            reading = reading or start_reading(job.source)
            self._show(0.0, f"{job.name}: reading")
            case, reading_s = reading.case.result()
        except BaseException:
            if reading is not None:
                reading.stop.set()
            raise
        finally:
            self._reading = start_reading(after.source) if after is not None and after.source is not None else None
        result = self._follow(self.engine.segment(case, self.model, self.options), job.name)
        self._end_writing()
        labels = LabelMap(from_network_classes(result.classes, case.scheme), case.grid, case.scheme)
        self._writing = start_writing(job, case, labels, result, {"reading": reading_s, **result.seconds})

    def _end_writing(self) -> None:
        """Wait for the last mask and say that it is there."""
        writing, self._writing = self._writing, None
        if writing is None:
            return
        with self._telling(writing.job):
            seconds = {**writing.seconds, "saving": writing.written.result()}
            entry = _describe(writing.job, writing.case, writing.labels, writing.result, seconds)
            self._write(json.dumps(entry) if self.as_json else _sentence(entry))
            self._count()

    def _count(self) -> None:
        self.finished += 1
        self._show(0.0, "")

    def _follow(self, work: Generator[Progress, None, Result], name: str) -> Result:
        """Run a generator of progress to its end, showing it."""
        with closing(work):
            while True:
                try:
                    progress = next(work)
                except StopIteration as finish:
                    result: Result = finish.value
                    return result
                self._show(_SEGMENTED * progress.done, f"{name}: {progress.stage}")

    def _show(self, done: float, words: str) -> None:
        self.bar.set_description_str(printable(words), refresh=False)
        self.bar.update(self.finished + done - self.bar.n)

    def _tell_fault(self, job: SegmentJob, error: Exception) -> None:
        self.bar.clear()
        sentence = str(error) if isinstance(error, BrainsegError) else f"unexpected {type(error).__name__}: {error}"
        _say(sentence if job.name in sentence else f"{job.name}: {sentence}")
        if self.as_json:
            self._write(json.dumps({"case": job.name, "error": sentence}))

    def _write(self, line: str) -> None:
        self.bar.clear()
        sys.stdout.write(for_terminal(line) + "\n")
        sys.stdout.flush()


def _describe(
    job: SegmentJob, case: Case, labels: LabelMap, result: SegmentResult, seconds: dict[str, float]
) -> dict[str, Any]:
    from brainseg_gui.evaluation.comparison import volumes_ml
    from brainseg_gui.imaging.labels import regions

    volumes = volumes_ml(labels)
    return {
        "case": case.case_id,
        "output": str(job.output),
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
        "device": result.device,
        "precision": result.precision,
        "model": result.model,
        "scheme": labels.scheme.name,
        "volumes_ml": {region.key: round(volumes[region.key], 3) for region in regions()},
        "notes": [*case.notes, *result.notes],
    }


def _sentence(entry: dict[str, Any]) -> str:
    volumes = ", ".join(f"{region} {value:.1f} ml" for region, value in entry["volumes_ml"].items())
    seconds = sum(entry["seconds"].values())
    notes = "".join(f"\n  {note}" for note in entry["notes"])
    return f"{entry['case']}: {entry['output']} ({volumes}; {seconds:.1f} s on {entry['device']}){notes}"


def _say(sentence: str) -> None:
    sys.stderr.write(for_terminal(f"brainseg: {sentence}\n"))


def _exit_code(faults: Iterable[Exception]) -> int:
    """2 when only input was at fault; 1 when the engine, the disk or the program was."""
    input_alone = [isinstance(f, BrainsegError) and not isinstance(f, (EngineError, SaveError)) for f in faults]
    return 0 if not input_alone else 2 if all(input_alone) else 1
