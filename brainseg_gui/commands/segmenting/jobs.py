"""Which cases ``brainseg segment`` is asked for, and where each mask goes."""

from __future__ import annotations

import argparse
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from brainseg_gui.annotation.case_list import NAME as LIST_OF_CASES
from brainseg_gui.commands.options.case import regrid_policy_of
from brainseg_gui.errors import BrainsegError, CaseError, SaveError
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING, is_image
from brainseg_gui.imaging.formats.mask_note import NOTE_ENDING, wrote_mask
from brainseg_gui.inference.cohorts.case_job import CaseJob
from brainseg_gui.inference.cohorts.case_record import ModelIdentity, RunSettings
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.storage.leftovers import tidy

ANEW = "Those that are done are made anew with --fresh"


def settings_of(args: argparse.Namespace, model: ModelFolder) -> RunSettings:
    """What the cases of a command line have in common; nothing is claimed yet."""
    options = SegmentOptions(args.device, args.precision)
    return RunSettings(ModelIdentity.of(model), options, regrid_policy_of(args), args.overwrite, claim=Path())


def plan_jobs(paths: Iterable[Path], output: Path) -> list[CaseJob]:
    """Find the cases and name their masks.

    Parameters
    ----------
    paths
        Case folders, files of cases, folders of cases.
    output
        A folder, or the name of a mask if there is one case.

    Raises
    ------
    CaseError
        If nothing is left but files of the program's own, which a shell's ``*`` brings along.
    SaveError
        If several masks would go into one file.
    """
    jobs = _each_once(job for path in paths if not _is_ours(path) for job in _find(path))
    if not jobs:
        raise CaseError("these are files that brainseg wrote, not cases", "Give folders or images of cases")
    if not is_image(output) or output.is_dir():
        return [replace(job, output=output / f"{job.name}_pred{MASK_ENDING}") for job in jobs]
    if len(jobs) > 1:
        raise SaveError(f"{len(jobs)} masks do not fit into one file", "Give a folder for -o", output)
    return [replace(job, output=output, chosen=True) for job in jobs]


def refuse_needless_resample(args: argparse.Namespace, jobs: Sequence[CaseJob]) -> None:
    """Refuse ``--resample`` where no case comes with a mask.

    Raises
    ------
    BrainsegError
        If that is so.
    """
    if args.resample and not any(job.source.reference for job in jobs if job.source is not None):
        raise BrainsegError("--resample is for masks that cases come with, and none of these has one", "Leave it out")


def prepare_outputs(jobs: Sequence[CaseJob], *, overwrite: bool, ours: Container[str] = ()) -> list[Path]:
    """Refuse before any work what could not be written after it; make the folder.

    Parameters
    ----------
    ours
        Names of masks that may exist, because an earlier call made them.

    Returns
    -------
    list of Path
        The folders that were made, inner ones first; see `remove_empty`.

    Raises
    ------
    SaveError
        If a mask exists and may not be overwritten or the place is that of an image, two cases share a name, or the
        folder cannot be made.
    """
    outputs = [job.output for job in jobs if job.source]
    if double := _double(outputs):
        raise SaveError("several of the cases have this name", "Segment them into different folders", double)
    if lost := next(
        (job.output for job in jobs if job.source is not None and job.source.holds_image(job.output)), None
    ):
        raise SaveError("it is an image of the case, which its mask must not replace", "Choose another name", lost)
    exist = [job.output for job in jobs if job.source and job.is_taken and job.output.name not in ours]
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
    tidy(path.parent for path in outputs)
    return made


def _double(paths: Sequence[Path]) -> Path | None:
    """A file that two masks would go into: many drives tell neither case nor the composition of letters apart."""
    names = [unicodedata.normalize("NFC", str(path)).casefold() for path in paths]
    counts = Counter(names)
    return min((path for path, name in zip(paths, names, strict=True) if counts[name] > 1), default=None)


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove those of these folders that hold nothing, in this order."""
    for folder in folders:
        with suppress(OSError):  # it holds something
            folder.rmdir()


def _is_ours(path: Path) -> bool:
    """Whether the program wrote a file beside the cases: the list of their states, a note, a mask."""
    if path.name == LIST_OF_CASES or path.name.endswith(NOTE_ENDING):
        return path.is_file()
    return is_image(path) and path.is_file() and wrote_mask(path)


def _each_once(jobs: Iterable[CaseJob]) -> list[CaseJob]:
    """Every case once, though several of its files were given."""
    return list({job.source.identity if job.source is not None else job.output: job for job in jobs}.values())


def _find(path: Path) -> Iterator[CaseJob]:
    try:
        source = find_case(path)
        yield CaseJob(source.case_id, source, path)
    except BrainsegError as error:
        yield from _find_cohort(path) or [CaseJob(path.name, None, path, error, given=path)]


def _find_cohort(path: Path) -> list[CaseJob]:
    if not path.is_dir():
        return []
    try:
        return [CaseJob(source.case_id, source, path) for source in find_cohort(path)]
    except CaseError:
        return []  # the sentence about the case says more
