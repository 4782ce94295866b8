"""Which cases ``brainseg segment`` is asked for, and where each mask goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from brainseg_gui.errors import BrainsegError, CaseError, SaveError
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.case_folder import find_case, find_cohort
from brainseg_gui.imaging.nifti_header import is_nifti


@dataclass(frozen=True)
class SegmentJob:
    """One case and where its mask goes.

    Parameters
    ----------
    name
        Name of the case, or of what was given instead of one.
    source
        Its files, or None.
    output
        File of the mask.
    fault
        Why there is no case.
    """

    name: str
    source: CaseSource | None
    output: Path
    fault: BrainsegError | None = None


def plan_jobs(paths: Iterable[Path], output: Path) -> list[SegmentJob]:
    """Find the cases and name their masks.

    Parameters
    ----------
    paths
        Case folders, files of cases, folders of cases.
    output
        A folder, or a NIfTI file name if there is one case.

    Raises
    ------
    SaveError
        If several masks would go into one file.
    """
    jobs = [job for path in paths for job in _find(path)]
    if not is_nifti(output) or output.is_dir():
        return [replace(job, output=output / f"{job.name}_pred.nii.gz") for job in jobs]
    if len(jobs) > 1:
        raise SaveError(f"{len(jobs)} masks do not fit into one file", "Give a folder for -o", output)
    return [replace(job, output=output) for job in jobs]


def prepare_outputs(jobs: Sequence[SegmentJob], *, overwrite: bool) -> list[Path]:
    """Refuse before any work what could not be written after it; make the folder.

    Returns
    -------
    list of Path
        The folders that were made, inner ones first; see `remove_empty`.

    Raises
    ------
    SaveError
        If a mask exists and may not be overwritten, two cases share a name, or the folder cannot be made.
    """
    outputs = [job.output for job in jobs if job.source]
    if doubles := sorted(path for path, count in Counter(outputs).items() if count > 1):
        raise SaveError("several of the cases have this name", "Segment them into different folders", doubles[0])
    exist = [path for path in outputs if path.exists()]
    if exist and not overwrite:
        more = f" (and {len(exist) - 1} more)" if len(exist) > 1 else ""
        raise SaveError(f"the file exists{more}", "Choose another place, or give --overwrite", exist[0])
    made: list[Path] = []
    for folder in sorted({path.parent for path in outputs}):
        new = [place for place in (folder, *folder.parents) if not place.exists()]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            remove_empty([*(place for place in new if place.exists()), *made])
            raise SaveError(f"the folder cannot be made ({reason})", "Choose another one", folder) from error
        made = new + made
    return made


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove those of these folders that hold nothing, in this order."""
    for folder in folders:
        with suppress(OSError):  # it holds something
            folder.rmdir()


def _find(path: Path) -> Iterator[SegmentJob]:
    try:
        source = find_case(path)
        yield SegmentJob(source.case_id, source, path)
    except BrainsegError as error:
        yield from _find_cohort(path) or [SegmentJob(path.name, None, path, error)]


def _find_cohort(path: Path) -> list[SegmentJob]:
    if not path.is_dir():
        return []
    try:
        return [SegmentJob(source.case_id, source, path) for source in find_cohort(path)]
    except CaseError:
        return []  # the sentence about the case says more
