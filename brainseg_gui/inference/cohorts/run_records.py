"""The cases of a run as its manifest knows them: how each is segmented, and what was made of it before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from brainseg_gui.execution.manifest import Entry, read_manifest
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cohorts.cohort_reading import CohortReading, votes_for
from brainseg_gui.imaging.cohorts.cohort_scheme import Vote
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.case_record import CaseRecord, RunSettings
from brainseg_gui.inference.cohorts.mask_entry import MaskEntry


@dataclass(frozen=True)
class RunRecords:
    """The cases of a run.

    Parameters
    ----------
    entries
        What the manifest tells, by the names of masks.
    cohort
        The cases that belong together, by which masks are read that do not say what their numbers mean.
    """

    settings: RunSettings
    entries: Mapping[str, Sequence[Entry]]
    cohort: Sequence[CaseSource]

    @cached_property
    def votes(self) -> Mapping[Path, Vote]:
        """How silent masks of the cohort are read; a second or two, once."""
        return CohortReading(self.cohort, self.settings.regrid).votes()

    def of(self, job: CaseJob) -> CaseRecord:
        """The record of a case that has a source."""
        record = CaseRecord(self.settings, job, votes_for(job.source, self.votes) if job.source is not None else {})
        return replace(record, entries=self.entries.get(record.result, ()))

    def entry_of(self, job: CaseJob) -> MaskEntry | None:
        """What the manifest has to do with a case; None where there is no case."""
        return MaskEntry(self.of(job)) if job.source is not None else None


def entries_in(results: Path, *, fresh: bool = False) -> dict[str, list[Entry]]:
    """What the manifest in a folder of results tells.

    Parameters
    ----------
    fresh
        Let no mask be known, so that all are made anew; those that a run made may still be replaced.
    """
    entries = read_manifest(results)
    return {name: forgotten(found) for name, found in entries.items()} if fresh else entries


def forgotten(entries: Sequence[Entry]) -> list[Entry]:
    """Entries that tell whose a mask is, and no more that it need not be made."""
    return [replace(entry, key="") for entry in entries]
