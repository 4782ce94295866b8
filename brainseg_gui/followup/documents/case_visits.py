"""The report of one case that is a visit of a patient: which one it is, and what the earlier ones held."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from brainseg_gui.errors import BrainsegError, printable
from brainseg_gui.evaluation.masks import ChosenSchemes
from brainseg_gui.evaluation.metrics.comparison import volumes_ml
from brainseg_gui.evaluation.records.report import REGION_KEYS
from brainseg_gui.evaluation.reports.case_content import CaseContent
from brainseg_gui.evaluation.reports.case_visits import CaseVisits, VisitVolumes
from brainseg_gui.followup.documents.tables import days_words
from brainseg_gui.followup.masks import VisitMask, read_like, read_masks
from brainseg_gui.followup.visits import TimeLine
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.labels import WHOLE, LabelMap, LabelScheme
from brainseg_gui.progress import Progress

_MORE = (
    "Diameters, growth, limits of the volumes and the category by numbers stand in the report of the follow-up: "
    "Cases › Save report… with the patient open, or brainseg follow"
)


def number_among(line: TimeLine, source: CaseSource) -> int | None:
    """Index of the visit that a case is, by its images; None where it is none of them."""
    images = {path.absolute() for path in source.modalities.values()}
    of_visits = [{path.absolute() for path in visit.source.modalities.values()} for visit in line.visits]
    return next((index for index, others in enumerate(of_visits) if images & others), None)


def shown_mask(content: CaseContent) -> tuple[str, LabelMap] | None:
    """The mask of a case that other visits are compared with, and what it is called: its reference, if it has one."""
    masks = zip(content.figure.titles, content.figure.masks, strict=True)
    return next(((title, labels) for title, labels in masks if labels is not None), None)


def with_visits(
    content: CaseContent,
    line: TimeLine | None,
    paths: Mapping[int, Path],
    chosen: ChosenSchemes | None = None,
    mine: tuple[str, LabelMap] | None = None,
) -> Generator[Progress, None, CaseContent]:
    """A case that says which visit it is, beside the volumes of the earlier ones; as it was where it is the only one.

    Parameters
    ----------
    line
        The visits of its patient.
    paths
        Index of a visit -> its mask.
    chosen
        What a person said that the numbers of masks mean; of earlier visits they mean what they mean of this one.
    mine
        The mask of this visit that others are compared with, and what it is called; by default `shown_mask`.

    Yields
    ------
    Progress
        While the masks of the earlier visits are read.
    """
    here = number_among(line, content.case.source) if line is not None else None
    if line is None or here is None or len(line.visits) < 2:
        return content
    mine = mine if mine is not None else shown_mask(content)
    sentences = (_place(line, here), *line.notes, _MORE)
    earlier = {index: path for index, path in sorted(paths.items()) if index < here}
    if here and not earlier:
        sentences = (sentences[0], "No earlier visit has a mask to compare with", *sentences[1:])
    chosen = chosen if chosen is not None else ChosenSchemes()
    scheme = chosen.reference if content.figure.reference is not None else chosen.prediction
    try:
        masks = yield from read_masks(line.visits, earlier, scheme)
    except BrainsegError as error:
        name = f"{error.path.name}: " if error.path is not None else ""
        lost = f"The earlier visits' masks are not compared: {name}{error.what}"
        return replace(content, visits=CaseVisits((*sentences, lost)))
    if mine is not None:
        masks = {index: _read_as_here(mask, mine[1].scheme) for index, mask in masks.items()}
    rows = [_row(line, index, here, mask.labels) for index, mask in masks.items()]
    own = VisitVolumes(f"{line.visits[here].name} (this one)", "", _volumes(mine[1]) if mine is not None else {})
    notes = tuple(_notes(line, masks, mine[0] if mine is not None else ""))
    return replace(content, visits=CaseVisits(sentences, (*rows, own), notes))


def _place(line: TimeLine, here: int) -> str:
    count, later = len(line.visits), len(line.visits) - here - 1
    rest = f"; the {later} later visit{'s are' if later > 1 else ' is'} not looked at" if later else ""
    return f"Visit {here + 1} of {count} of {printable(line.patient)}: {line.visits[here].name}{rest}"


def _read_as_here(mask: VisitMask, scheme: LabelScheme) -> VisitMask:
    """A mask as that of this visit is read, if that scheme knows all of its numbers."""
    own, present = mask.labels.scheme, mask.labels.present()
    if not set(present) <= set(scheme.labels) or all(own.meaning_of(n) == scheme.meaning_of(n) for n in present):
        return mask
    return read_like(mask, scheme, "this visit's are")


def _row(line: TimeLine, index: int, here: int, labels: LabelMap) -> VisitVolumes:
    return VisitVolumes(line.visits[index].name, days_words(line.days(here, since=index)), _volumes(labels))


def _volumes(labels: LabelMap) -> dict[str, float]:
    """Volumes of the regions that the scheme tells apart."""
    known = REGION_KEYS if labels.scheme.tells_apart else (WHOLE,)
    volumes = volumes_ml(labels)
    return {key: volumes[key] for key in known}


def _notes(line: TimeLine, masks: Mapping[int, VisitMask], mine: str) -> Iterator[str]:
    """Which masks were taken, and how they were read: each sentence once, with the visits that it holds for."""
    if masks:
        names = _visits_of([(line.visits[index].name, printable(mask.path.name)) for index, mask in masks.items()])
        yield f"Volumes are of {names}{f'; of this visit its {mine}' if mine else ''}"
    said = [(line.visits[index].name, note) for index, mask in masks.items() for note in mask.notes]
    for note in dict.fromkeys(note for _, note in said):
        of_it = [name for name, other in said if other == note]
        yield f"{note} ({', '.join(of_it)})" if len(of_it) < len(masks) else note


def _visits_of(pairs: Sequence[tuple[str, str]]) -> str:
    """File names, each with the visits whose mask is called so."""
    found: dict[str, list[str]] = {}
    for visit, name in pairs:
        found.setdefault(name, []).append(visit)
    return "; ".join(f"{name} ({', '.join(visits)})" for name, visits in found.items())
