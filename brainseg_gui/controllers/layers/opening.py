"""Opening a case as it was left: its images and reference, its annotations, and what the person said of its numbers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.annotation.journal.study import study_digest
from brainseg_gui.annotation.measuring.mark import Mark
from brainseg_gui.annotation.measuring.mark_journal import MarkJournals
from brainseg_gui.annotation.saving.mask_paths import PREDICTION, OutputTree, homes_of, mask_names
from brainseg_gui.annotation.saving.study_memory import NEW_MASKS, StudyMemory
from brainseg_gui.controllers.settings.person import person
from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.background_thread import in_background
from brainseg_gui.imaging.cases.unregistered import PREPARATION
from brainseg_gui.imaging.cohorts.cohort_reading import CohortReading
from brainseg_gui.imaging.file_mark import Stamp, mark_of, stamp_of
from brainseg_gui.imaging.formats.mask_note import MaskFile, network_of
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle, annotation_name
from brainseg_gui.storage.leftovers import tidy

if TYPE_CHECKING:
    from brainseg_gui.annotation.saving.saved_masks import SavedMask
    from brainseg_gui.preparation.reopened import RawLook

log = logging.getLogger(__name__)

_RAW_SERIES_S = 1.0
_OTHERS = 8  # annotations besides the one to go on with that are read: each takes a byte a voxel


@dataclass(frozen=True, eq=False)
class Remembered:
    """Where earlier work on a case may be found.

    Parameters
    ----------
    memory
        What the person said about studies.
    tree
        The folder for masks, if one was chosen.
    earlier
        Folders that masks went into before.
    measurements
        What people measured on studies; None for nothing.
    """

    memory: StudyMemory
    tree: OutputTree | None
    earlier: tuple[OutputTree, ...] = ()
    measurements: MarkJournals | None = None


@dataclass(frozen=True, eq=False)
class Opened:
    """A case and what was done on it before.

    Parameters
    ----------
    case
        The case.
    annotations
        Its annotations, the one to go on with last.
    prediction
        The network's mask that lies where a run on the cohort leaves it.
    study
        Digest of its images, where it had to be worked out; else empty.
    numbering
        How new masks are numbered, where the person said so.
    problems
        Why annotations are not shown.
    marks
        What was measured on it.
    marks_problem
        Why that is not shown.
    why_raw
        Why it should be prepared before it is segmented; empty where it need not be, or somebody worked on it as it is.
    files
        Its images and its mask, as they were read.
    raw_look
        What is seen of the raw series that it was prepared from, now or later; None of a case that was not prepared.
    """

    case: Case
    annotations: tuple[Layer, ...] = ()
    study: str = ""
    numbering: LabelScheme | None = None
    problems: tuple[BrainsegError, ...] = ()
    prediction: Layer | None = None
    marks: tuple[Mark, ...] = ()
    marks_problem: BrainsegError | None = None
    why_raw: str = ""
    files: Mapping[Path, Stamp] = field(default_factory=dict)
    raw_look: Future[RawLook] | None = None

    @property
    def outdated(self) -> str:
        """Why it should be prepared again; empty where nothing tells so, or not yet."""
        look = self.raw_look
        return look.result().why_outdated if look is not None and look.done() and not look.exception() else ""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All of them; the last is the one that is looked at first."""
        return (*([self.prediction] if self.prediction is not None else []), *self.annotations)


def open_case(
    source: CaseSource,
    remembered: Remembered,
    *,
    regrid: RegridPolicy = RegridPolicy.STRICT,
    first: Modality = Modality.T1CE,
    together: CohortReading | None = None,
    leave_unreadable: bool = False,
) -> Generator[Progress, None, Opened]:
    """Read a case, its annotations, and what is remembered of it; parameters and errors as `read_case`.

    Parameters
    ----------
    together
        The list that the case belongs to, if any: its silent masks are read alike.
    leave_unreadable
        Open without the images that cannot be read, and say so.
    """
    from brainseg_gui.annotation.saving.saved_masks import saved_annotations
    from brainseg_gui.imaging.cases.read_case import read_case
    from brainseg_gui.preparation.needs import why_raw

    folders = homes_of(source, remembered.tree, remembered.earlier)
    in_background(partial(tidy, folders), "tidy")
    case = yield from read_case(source, regrid=regrid, first=first, leave_unreadable=leave_unreadable)
    files = _stamped(case)
    if together is not None:
        case = yield from together.read(case)
    yield Progress("looking for annotations", 1.0)
    known: list[str] = []

    @cache
    def study() -> str:
        known.append(study_digest(case))
        return known[0]

    memory = remembered.memory
    said = memory.schemes_of(study()) if memory.any else {}
    named = memory.masks_of(study()) if memory.any else []
    case = _as_said(case, said)
    masks = _chosen(saved_annotations(source, folders, named, study))
    layers, problems = _read_all(masks, case, said)
    prediction = _prediction_of(case, folders)
    marks, unread = _measured(remembered.measurements, study)
    raw = "" if layers or case.reference is not None else why_raw(case)
    study_known, numbering = known[0] if known else "", said.get(NEW_MASKS)
    look = _look_for_raw(source)
    return Opened(case, layers, study_known, numbering, problems, prediction, marks, unread, raw, files, look)


def _look_for_raw(source: CaseSource) -> Future[RawLook] | None:
    """Whether the raw series of a prepared case are as they were, for a moment; their drive may not answer soon."""
    if source.volumes or not (source.folder / PREPARATION).is_file():
        return None
    from brainseg_gui.preparation.reopened import look_for_raw  # cases that were not prepared do not wait for it

    look = in_background(partial(look_for_raw, source.folder), "look")
    wait([look], timeout=_RAW_SERIES_S)
    return look


def _stamped(case: Case) -> dict[Path, Stamp]:
    files, mask = dict(case.stamps), case.source.reference
    with suppress(OSError):
        if mask is not None:
            files[mask] = stamp_of(mask)
    return files


def _measured(journals: MarkJournals | None, study: Callable[[], str]) -> tuple[tuple[Mark, ...], BrainsegError | None]:
    """What was measured on a study, and why that cannot be shown."""
    if journals is None or not journals.any:
        return (), None
    try:
        return journals.read(study()), None
    except OSError as error:
        what = f"the measurements of this case cannot be read ({error.strerror})"
        return (), BrainsegError(what, "They stay where they are; check the drive")


def _prediction_of(case: Case, folders: Sequence[Path]) -> Layer | None:
    """The last mask that a network of this program left; none that cannot be read: it can be made again."""
    from brainseg_gui.imaging.formats.reading import read_label_map
    from brainseg_gui.imaging.schemes.understanding import understand

    places = {folder / next(mask_names(case.case_id, PREDICTION)) for folder in folders}
    own = case.source.folder
    if case.case_id.endswith(f"_{own.name}"):  # as it was called before ids of visits named the patient
        places.add(own / next(mask_names(own.name, PREDICTION)))
    paths = [path for path in places if path.is_file() and network_of(path)]
    if not paths:
        return None
    try:
        path = max(paths, key=lambda path: path.stat().st_mtime)
        mark = mark_of(path)  # before it is read: what comes meanwhile is somebody else's
        labels = understand(case, read_label_map(path, case.grid, case.scheme), path)[0]
    except (BrainsegError, OSError) as error:
        log.warning("a prediction is not shown: %s", error)
        return None
    _ = labels.counts  # here, so that the window need not count
    layer = Layer("prediction", LayerRole.PREDICTION, labels, network_of(path), style=OverlayStyle.FILL)
    layer.saved_as, layer.file = path, MaskFile(path, mark)
    return layer


def _as_said(case: Case, said: dict[str, LabelScheme]) -> Case:
    """The case with its reference read as the person corrected it."""
    path = case.source.reference
    if case.reference is None or path is None or (scheme := said.get(path.name)) is None:
        return case
    sentence = f"The mask's labels are read as {scheme.title}, as you said"
    notes = tuple(sentence if note == case.mask_note else note for note in case.notes)
    return replace(case, reference=case.reference.with_scheme(scheme), scheme=scheme, notes=notes, mask_note=sentence)


def _chosen(masks: list[SavedMask]) -> list[SavedMask]:
    """The newest annotations; last the one to go on with: the newest of this person, else of anybody."""
    if not masks:
        return []
    own = [mask for mask in masks if mask.annotator in ("", person())]
    newest = (own or masks)[-1]
    return [*[mask for mask in masks if mask is not newest][-_OTHERS:], newest]


def _read_all(
    masks: list[SavedMask], case: Case, said: dict[str, LabelScheme]
) -> tuple[tuple[Layer, ...], tuple[BrainsegError, ...]]:
    layers: list[Layer] = []
    problems: list[BrainsegError] = []
    for mask in masks:
        try:
            layers.append(_layer_of(mask, case, said.get(mask.path.name)))
        except BrainsegError as error:
            problems.append(error)
        except OSError as error:
            problems.append(BrainsegError(f"it cannot be read ({error.strerror})", "Check the file", mask.path))
    _show_beside(layers, outlined=case.reference is not None)
    return tuple(layers), tuple(problems)


def _show_beside(layers: list[Layer], *, outlined: bool) -> None:
    """Show the newest annotation of each other person as an outline beside the one to go on with, the last.

    What a colleague drew is expected to be seen, under their name, not looked for. Older ones are a click away, and so
    are all where the reference is `outlined` already: two outlines in the same colours cannot be told apart.
    """
    seen = {layers[-1].author} if layers else set()
    for layer in reversed(layers[:-1]):
        layer.visible = layer.author not in seen and not outlined
        layer.style = OverlayStyle.OUTLINE
        seen.add(layer.author)


def _layer_of(mask: SavedMask, case: Case, said: LabelScheme | None) -> Layer:
    from brainseg_gui.imaging.formats.reading import read_label_map
    from brainseg_gui.imaging.schemes.understanding import understand

    mark = mark_of(mask.path)  # before it is read: what comes meanwhile is somebody else's
    labels = read_label_map(mask.path, case.grid, case.scheme)
    labels = labels.with_scheme(said) if said is not None else understand(case, labels, mask.path)[0]
    _ = labels.counts  # here, so that the window need not count
    layer = Layer(annotation_name(mask.annotator), LayerRole.ANNOTATION, labels, mask.annotator)
    layer.created = mask.saved.astimezone().replace(tzinfo=None)
    layer.saved_as, layer.file = mask.path, MaskFile(mask.path, mark, mask.note)
    return layer
