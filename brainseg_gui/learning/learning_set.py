"""Corrected cases, copied into the run folder: what is learned from cannot change while it is learned from."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from brainseg_gui.errors import CaseError, ModelError, SaveError
from brainseg_gui.evaluation.cohorts.statistics import FEWEST_DIFFERENCES
from brainseg_gui.exchange.case_export import (
    ChosenMasks,
    ExportOutcome,
    MaskChoice,
    ReadCase,
    beside_images,
    export_each,
    write_image,
)
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.formats.known_formats import MASK_ENDING
from brainseg_gui.imaging.formats.save import write_labels
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import NETWORK_SCHEME, UNKNOWN, LabelMap
from brainseg_gui.inference.cohorts.case_record import ModelIdentity
from brainseg_gui.inference.models.model_folder import ModelFolder
from brainseg_gui.learning.case_marks import CaseMarks, marks_of
from brainseg_gui.learning.plan import LearningPlan, write_plan
from brainseg_gui.learning.sides import FEWEST_TRAINED, Sides, sides_of
from brainseg_gui.progress import Progress, scaled
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import read_preset
from brainseg_gui.runs.run_folder import RunFolder

TRAINED, HELD_BACK = "trained-on", "held-back"
"""Folders of the set, below `set_folder`."""
_OF_TUMOURS = ("NCR", "NET", "CC", "ED", "ET", "RC")
_VALIDATE_EVERY = 5  # epochs: held-back cases choose nothing here, they only draw the curve

Homes = Callable[[CaseSource], Sequence[Path]]


def set_folder(folder: RunFolder, side: str) -> Path:
    """Where the cases of one side lie in a run folder."""
    return folder.path / "cases" / side


@dataclass(frozen=True)
class LearningRequest:
    """What is to be learned from.

    Parameters
    ----------
    sources
        The corrected cases.
    parent
        The network to go on from.
    config
        How it is trained; where its cases lie is filled in.
    homes
        Folders in which annotations of a case lie; beside its images by default.
    """

    sources: Sequence[CaseSource]
    parent: ModelFolder
    config: TrainingConfig
    homes: Homes = beside_images


def learning_config(name: str) -> TrainingConfig:
    """The preset for a few corrected cases: the last network is kept, so that held-back cases choose none."""
    config = read_preset("fine-tune")
    length = replace(config.length, keep="last", validate_every=_VALIDATE_EVERY)
    return replace(config, name=name, length=length)


def prepare_learning(path: Path, request: LearningRequest) -> Generator[Progress, None, RunFolder]:
    """Make a run folder that holds all that is learned from; nothing is trained yet.

    Raises
    ------
    BrainsegError
        If the network cannot be gone on from, there are too few cases, or something cannot be written.
    """
    parent = request.parent
    if any(not name.endswith((".keras", ".h5")) for name in (parent.passport.ensemble or (parent.passport.weights,))):
        remedy = "Choose a Keras model in the Segment panel, or with --model"
        raise ModelError("it is in ONNX, which the trainer cannot go on from", remedy, parent.path)
    yield Progress("looking at the cases", 0.0)
    marks: dict[Path, CaseMarks] = {}
    for number, source in enumerate(request.sources):
        marks[source.identity] = marks_of(source)
        yield Progress("looking at the cases", 0.1 * number / len(request.sources), source.case_id)
    known = parent.passport.ancestry.trained_on if parent.passport.ancestry is not None else ()
    sides = sides_of(request.sources, marks, known)
    folder = RunFolder.create(path, _configured(path, request))
    left_out, names = yield from scaled(_write_sides(folder, sides, request.homes), 0.1, 1.0)
    plan = LearningPlan(
        ModelIdentity.of(parent),
        parent.title,
        {names[s.identity]: marks[s.identity].images for s in sides.training if s.identity in names},
        {names[s.identity]: marks[s.identity].images for s in sides.held_back if s.identity in names},
        known,
        tuple(left_out),
        tuple(sorted(set().union(*(marks[s.identity].further for s in sides.training if s.identity in names)))),
    )
    _check_left(plan, path)
    try:
        write_plan(folder, plan)
    except OSError as error:
        raise SaveError(f"the plan cannot be written ({error.strerror or error})", "Check the disk", path) from error
    return folder


def _configured(path: Path, request: LearningRequest) -> TrainingConfig:
    folder, config = RunFolder(path), request.config
    data = replace(
        config.data,
        train=(str(set_folder(folder, TRAINED)),),
        validation=(str(set_folder(folder, HELD_BACK)),),
        scheme=NETWORK_SCHEME,
    )
    network = replace(config.network, start_from=ModelIdentity.of(request.parent).folder)
    return replace(config, data=data, network=network)


def _write_sides(
    folder: RunFolder, sides: Sides, homes: Homes
) -> Generator[Progress, None, tuple[list[str], Mapping[Path, str]]]:
    """Copy both sides; what is left out, and the names of the others in the set."""
    left_out: list[str] = []
    names: dict[Path, str] = {}
    total = len(sides.training) + len(sides.held_back)
    begun = 0
    for side, sources in ((TRAINED, sides.training), (HELD_BACK, sides.held_back)):
        own = {source.identity: _name_in_set(source, begun + n) for n, source in enumerate(sources)}
        write = partial(_write_case, set_folder(folder, side), folder.path, own)
        work = export_each(sources, ChosenMasks(MaskChoice.ANNOTATION, homes), write)
        outcomes = yield from scaled(work, begun / total, (begun + len(sources)) / total)
        begun += len(sources)
        for source, outcome in zip(sources, outcomes, strict=True):
            if outcome.error is None:
                names[source.identity] = own[source.identity]
        left_out += [_sentence(outcome) for outcome in outcomes if outcome.error is not None]
    return left_out, names


def _name_in_set(source: CaseSource, number: int) -> str:
    """Several folders may hold a case of one name, and a name may be no file's: the number tells them apart."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in source.case_id)
    return f"c{number + 1:03}-{words[:60]}"


def _write_case(side: Path, root: Path, names: Mapping[Path, str], read: ReadCase) -> Sequence[str]:
    case, name = read.case, names[read.case.source.identity]
    mask = read.mask if read.mask is not None else case.reference
    if mask is None:
        raise CaseError("it is done, but has no mask", "Correct it and save the mask", case.source.folder)
    numbered = renumbered(mask)  # first: it may be refused
    home = side / name
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(f"the folder cannot be made ({error.strerror})", "Check the disk", home) from error
    for modality, volume in case.volumes.items():
        write_image(volume, case, home / f"{name}_{modality.value}{MASK_ENDING}", root)
    write_labels(home / f"{name}_seg{MASK_ENDING}", numbered, case.header, overwrite=False, chosen=False, root=root)
    return ()


def renumbered(mask: LabelMap) -> LabelMap:
    """A mask in the numbers of `NETWORK_SCHEME`, which tell what our networks learn.

    Raises
    ------
    CaseError
        If it does not tell the parts of the tumour apart, or holds a number that its scheme does not know.
    """
    scheme, table = scheme_named(NETWORK_SCHEME), np.zeros(256, np.uint8)
    if mask.present() and not mask.scheme.tells_apart:
        raise CaseError("its mask does not tell the parts of the tumour apart", "Annotate them")
    for value in mask.present():
        meaning = mask.scheme.meaning_of(value)
        if meaning == UNKNOWN:
            remedy = "Correct the mask, or say what its numbers mean in the layer's menu and save it"
            raise CaseError(f"its mask holds {value}, which {mask.scheme.title} does not know", remedy)
        table[value] = scheme.value_for(meaning) if meaning in _OF_TUMOURS else 0
    return replace(mask, values=table[mask.values], scheme=scheme)


def _sentence(outcome: ExportOutcome) -> str:
    return f"{outcome.case_id} is left out: {outcome.error}"


def _check_left(plan: LearningPlan, path: Path) -> None:
    short = len(plan.trained_on) < FEWEST_TRAINED or len(plan.held_back) < FEWEST_DIFFERENCES
    if short:
        first = plan.left_out[0] if plan.left_out else "several are of one patient"
        what = f"too few of the cases can be used; the first that cannot: {first.rstrip('.')}"
        raise CaseError(what, "Mend them, or correct more cases, and begin in another run folder", path)
