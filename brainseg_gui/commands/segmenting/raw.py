"""Raw series among what ``brainseg segment`` is given: prepared first, and their masks brought back to each series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from brainseg_gui.api.brain_finder import finder_of
from brainseg_gui.commands.prepare import prepare_shown
from brainseg_gui.commands.terminal import say
from brainseg_gui.errors import BrainsegError
from brainseg_gui.execution.manifest import Entry
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.cohort import Segmented
from brainseg_gui.inference.cohorts.run_records import forgotten
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.preparation.needs import holds_dicom, lies_apart
from brainseg_gui.preparation.prepare_place import PreparationRequest, PreparedExamination
from brainseg_gui.preparation.prepared_case import NATIVE, native_paths, write_native_masks
from brainseg_gui.progress import run_to_end


@dataclass
class RawJobs:
    """Prepares those jobs that need it, and remembers how.

    Parameters
    ----------
    output
        The folder that gets a folder for each prepared case.
    overwrite
        Whether a prepared case that was made otherwise is replaced.
    """

    output: Path
    overwrite: bool
    prepared: dict[Path, PreparedExamination] = field(default_factory=dict)
    _taken: set[Path] = field(default_factory=set)

    def prepare(self, jobs: Sequence[CaseJob], engine: Engine) -> list[CaseJob]:
        """The jobs, with a prepared case for each that was raw; one that cannot be prepared has the fault."""
        requests = {number: found for number, job in enumerate(jobs) if (found := self._request_of(job)) is not None}
        finder = finder_of(engine) if requests else None
        done = list(jobs)
        for number, (place, request) in requests.items():
            try:
                made = prepare_shown(place, request, finder, self._taken)
                done[number] = self._job_of(jobs[number], made)
                if made.preparation.nothing_fits:  # before the minutes that segmenting takes
                    say(f"{jobs[number].name}: no two of its series fit each other: do not trust a mask of it")
            except BrainsegError as error:
                done[number] = replace(jobs[number], source=None, fault=error)
        return done

    def _request_of(self, job: CaseJob) -> tuple[Path, PreparationRequest] | None:
        """Where the raw series of a job lie and what is asked for; None where nothing is to be prepared."""
        if job.source is None:
            if job.given is None or not holds_dicom(job.given):
                return None
            return job.given, PreparationRequest(self.output, overwrite=self.overwrite)
        if not lies_apart(job.source):
            return None
        said = {modality: str(path) for modality, path in job.source.modalities.items()}
        return job.source.folder, PreparationRequest(self.output, said=said, overwrite=self.overwrite, name=job.name)

    def _job_of(self, job: CaseJob, made: PreparedExamination) -> CaseJob:
        source = find_case(made.folder)
        output = job.output if job.chosen else self.output / f"{source.case_id}_pred{MASK_ENDING}"
        self.prepared[output] = made
        return replace(job, name=source.case_id, source=source, output=output, fault=None)

    def to_go_on_from(self, entries: Mapping[str, Sequence[Entry]]) -> dict[str, Sequence[Entry]]:
        """What a manifest tells, save of masks that did not come back to all their series: those are made anew."""
        lacking = {output.name for output, made in self.prepared.items() if not _is_back(made)}
        return {name: forgotten(found) if name in lacking else found for name, found in entries.items()}

    def doubts_of(self, job: CaseJob) -> tuple[str, ...]:
        """What is to be looked at in how a job was prepared."""
        made = self.prepared.get(job.output)
        return made.preparation.doubts if made is not None else ()

    def bring_back(self, done: Segmented) -> list[Path]:
        """Write the mask of a prepared case on each of its series; the files.

        Raises
        ------
        SaveError
            If one could not be written.
        """
        made = self.prepared.get(done.job.output)
        if made is None:
            return []
        return run_to_end(write_native_masks(done.labels, made.preparation, made.folder / NATIVE, done.result.model))


def _is_back(made: PreparedExamination) -> bool:
    """Whether a mask lies on each series of a prepared case."""
    return all(path.exists() for path in native_paths(made.preparation, made.folder / NATIVE))
