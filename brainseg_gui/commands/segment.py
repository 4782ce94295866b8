"""``brainseg segment``: masks for cases and cohorts, without a window."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from brainseg_gui.errors import BrainsegError, CaseError, EngineError, SaveError

if TYPE_CHECKING:
    from tqdm import tqdm

    from brainseg_gui.commands.segment_jobs import SegmentJob
    from brainseg_gui.imaging.case import Case, CaseSource
    from brainseg_gui.imaging.labels import LabelMap
    from brainseg_gui.inference.engine import Engine
    from brainseg_gui.inference.model_folder import ModelFolder
    from brainseg_gui.inference.options import SegmentOptions, SegmentResult
    from brainseg_gui.progress import Progress

_BAR = "{percentage:3.0f} %|{bar}| {elapsed} {desc}"
_READ, _SEGMENTED = 0.2, 0.95  # of the work on one case
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

    from brainseg_gui.commands.segment_jobs import plan_jobs, prepare_outputs
    from brainseg_gui.inference.engine import Engine
    from brainseg_gui.inference.model_folder import default_model, read_model_folder
    from brainseg_gui.inference.options import SegmentOptions

    model = read_model_folder(args.model) if args.model else default_model()
    options = SegmentOptions(args.device, args.precision)
    jobs = plan_jobs(args.cases, args.output)
    prepare_outputs(jobs, overwrite=args.overwrite)
    bar = tqdm(total=len(jobs), file=sys.stderr, bar_format=_BAR, disable=None)
    with closing(Engine()) as engine, closing(bar):
        if any(job.source for job in jobs):
            engine.start(model, options)  # loads while the first case is read
        runner = _CaseRunner(engine, model, options, args.json, bar)
        faults = {job.name: fault for job in jobs if (fault := runner.run(job)) is not None}
    if faults and len(jobs) > 1:
        _say(f"{len(faults)} of {len(jobs)} cases failed: {', '.join(faults)}")
    return _exit_code(faults.values())


@dataclass
class _CaseRunner:
    """One engine and one bar for all cases."""

    engine: Engine
    model: ModelFolder
    options: SegmentOptions
    as_json: bool
    bar: tqdm[Any]
    finished: int = 0

    def run(self, job: SegmentJob) -> Exception | None:
        """Segment one case and say so; a fault is told and returned, the next case comes."""
        try:
            entry = self._segment(job)
        except BrainsegError as error:
            self._tell_fault(job, error)
            return error
        except Exception as error:  # noqa: BLE001  a bug in one case must not cost the others
            _LOG.warning("%s failed", job.name, exc_info=error)
            self._tell_fault(job, error)
            return error
        finally:
            self.finished += 1
            self._show(0.0, "")
        self._write(json.dumps(entry, ensure_ascii=False) if self.as_json else _sentence(entry))
        return None

    def _segment(self, job: SegmentJob) -> dict[str, Any]:
        from brainseg_gui.imaging.labels import LabelMap, from_network_classes
        from brainseg_gui.imaging.save import write_labels
        from brainseg_gui.inference.options import require_modalities

        if job.source is None:
            raise job.fault or CaseError("no case was found", "Check the name", job.output)
        require_modalities(job.source.modalities, self.model, job.source.folder)
        started = time.perf_counter()
        case = self._read(job.source)
        read = time.perf_counter()
        work = self.engine.segment(case, self.model, self.options)
        result = self._follow(work, _READ, _SEGMENTED, job.name)
        segmented = time.perf_counter()
        labels = LabelMap(from_network_classes(result.classes, case.scheme), case.grid, case.scheme)
        write_labels(job.output, labels, case.stored_grid, case.header)
        saving_s = time.perf_counter() - segmented
        seconds = {"reading": read - started, **result.seconds, "saving": saving_s}
        return _describe(job, case, labels, result, seconds)

    def _read(self, source: CaseSource) -> Case:
        """Read a case; a mask that cannot be used is no reason not to segment."""
        from brainseg_gui.imaging.read_case import read_case

        try:
            return self._follow(read_case(source), 0.0, _READ, source.case_id)
        except BrainsegError as error:
            if source.reference is None:
                raise
            fault = error
        case = self._follow(read_case(replace(source, reference=None)), 0.0, _READ, source.case_id)
        return replace(case, notes=(*case.notes, f"The mask of the case was left out: {fault}"))

    def _follow(self, work: Generator[Progress, None, Result], start: float, end: float, name: str) -> Result:
        """Run a generator of progress to its end, showing it."""
        with closing(work):
            while True:
                try:
                    progress = next(work)
                except StopIteration as finish:
                    result: Result = finish.value
                    return result
                self._show(start + (end - start) * progress.done, f"{name}: {progress.stage}")

    def _show(self, done: float, words: str) -> None:
        self.bar.set_description_str(words, refresh=False)
        self.bar.update(self.finished + done - self.bar.n)

    def _tell_fault(self, job: SegmentJob, error: Exception) -> None:
        self.bar.clear()
        sentence = str(error) if isinstance(error, BrainsegError) else f"unexpected {type(error).__name__}: {error}"
        _say(sentence if job.name in sentence else f"{job.name}: {sentence}")
        if self.as_json:
            self._write(json.dumps({"case": job.name, "error": sentence}, ensure_ascii=False))

    def _write(self, line: str) -> None:
        self.bar.clear()
        sys.stdout.write(line + "\n")
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
    sys.stderr.write(f"brainseg: {sentence}\n")


def _exit_code(faults: Iterable[Exception]) -> int:
    """2 when only input was at fault; 1 when the engine, the disk or the program was."""
    input_alone = [isinstance(f, BrainsegError) and not isinstance(f, (EngineError, SaveError)) for f in faults]
    return 0 if not input_alone else 2 if all(input_alone) else 1
