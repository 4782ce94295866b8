"""Reading one mask or several of the open case, and saying what came of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

from brainseg_gui.annotation.journal.study import study_digest
from brainseg_gui.annotation.saving.study_memory import StudyMemory
from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.errors import BrainsegError, GridMismatchError, ImageError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.file_mark import FileMark, mark_of
from brainseg_gui.imaging.formats.mask_note import MaskFile, MaskNote, read_note
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Notice


@dataclass(frozen=True, eq=False)
class MasksRead:
    """Masks that were read, and files that could not be.

    Parameters
    ----------
    case
        The case that they are of.
    masks
        File, mask, and how its numbers were understood.
    problems
        File and what is wrong with it.
    notes
        Of those that are annotations of the program, what the notes beside them say.
    files
        Those of them that Save may write again, with how they were left: of these images, and on their grid.
    dropped
        Whether the files were dropped onto the window, and so may have been meant as a case.
    """

    case: Case
    masks: tuple[tuple[Path, LabelMap, str], ...]
    problems: tuple[tuple[Path, BrainsegError], ...] = ()
    notes: Mapping[Path, MaskNote] = field(default_factory=dict)
    files: Mapping[Path, MaskFile] = field(default_factory=dict)
    dropped: bool = False

    @property
    def refused(self) -> tuple[Path, ...]:
        """Masks that lie on another grid and could be resampled."""
        return tuple(path for path, error in self.problems if isinstance(error, GridMismatchError))


def read_masks(
    case: Case,
    paths: Sequence[Path],
    reference: LabelMap | None,
    memory: StudyMemory,
    *,
    regrid: RegridPolicy,
    dropped: bool,
) -> Generator[Progress, None, MasksRead]:
    """Read masks onto the grid of a case, one after the other; a bad file does not stop the others.

    Numbers are read as the person said before, else as scoring a cohort reads them: like the reference's where they
    can be. Without a reference the first mask is one.
    """
    from brainseg_gui.evaluation.masks import read_as_prediction
    from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
    from brainseg_gui.imaging.formats.reading import read_label_map
    from brainseg_gui.imaging.schemes.outside import outside_doubt

    masks, problems = [], []
    notes: dict[Path, MaskNote] = {}
    files: dict[Path, MaskFile] = {}
    study = cache(partial(study_digest, case))
    said = memory.schemes_of(study()) if memory.any else {}
    for number, path in enumerate(paths):
        step = Progress("reading mask", number / len(paths), path.name)
        yield step
        note = read_note(path)
        mark = _mark_of(path) if note is not None else None  # before it is read: what comes meanwhile is not seen here
        try:
            reading = partial(read_label_map, path, case.stored_grid, case.scheme, regrid=regrid)
            labels = yield from waited_for(in_background(reading, "read mask"), step)
        except BrainsegError as error:
            problems.append((path, error))
            continue
        yield Progress("understanding the mask", (number + 0.5) / len(paths), path.name)
        labels, sentence = read_as_prediction(
            labels, path, said.get(path.name), reference, case, to_change="choose it in the layer's menu"
        )
        reference = labels if reference is None else reference
        _ = labels.counts  # here, so that the window need not count
        doubt = outside_doubt(labels, case.volumes)
        masks.append((path, labels, ". ".join([*([doubt] if doubt else []), sentence, *labels.notes])))
        if note is not None:
            notes[path] = note
            if regrid is RegridPolicy.STRICT and note.study in ("", study()):
                files[path] = MaskFile(path, mark, note)
    return MasksRead(case, tuple(masks), tuple(problems), notes, files, dropped)


def _mark_of(path: Path) -> FileMark | None:
    try:
        return mark_of(path)
    except OSError:
        return None


def notice_of_masks(answer: MasksRead) -> Notice:
    """What to say of masks that were read: problems first, else how they were understood."""
    if answer.problems:
        return _problem(answer)
    if len(answer.masks) == 1:
        return Notice(answer.masks[0][2], problem=False)
    details = "\n".join(f"{path.name}: {sentence}" for path, _, sentence in answer.masks)
    actions = (("Compare raters", "layers.raters"),)
    return Notice(f"{len(answer.masks)} masks were added", details=details, actions=actions, problem=False)


def _problem(answer: MasksRead) -> Notice:
    """One sentence for one cause; the files are in the details."""
    count, total = len(answer.problems), len(answer.problems) + len(answer.masks)
    actions = _regrid_actions(answer)
    error = answer.problems[0][1]
    if answer.dropped and not answer.masks and isinstance(error, ImageError):
        actions = (*actions, ("Open as a case", "file.open_dropped"))
    notice = notice_of(error, actions)
    if total == 1:
        return notice
    details = "\n".join(f"{path}: {error.what}" for path, error in answer.problems)
    words = f"{count} of {total} masks could not be added; the first: {notice.what}"
    return replace(notice, what=words, details=details)


def _regrid_actions(answer: MasksRead) -> tuple[tuple[str, str], ...]:
    """The ways to take masks that lie on another grid, the one that loses less first."""
    refused = [error for _, error in answer.problems if isinstance(error, GridMismatchError)]
    if not refused:
        return ()
    what = "the mask" if len(refused) == 1 else "the masks"
    voxels = ((f"Take {what} voxel by voxel", "layers.voxels"),) if all(e.same_shape for e in refused) else ()
    nearest = ((f"Resample {what}", "layers.resample"),) if not all(e.all_lost for e in refused) else ()
    return (*voxels, *nearest)
