"""What the report of one case shows, read once for the page and the PDF."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from brainseg_gui.evaluation.cohorts.run import versions
from brainseg_gui.evaluation.cohorts.score import report_of
from brainseg_gui.evaluation.figures.content import FigureContent
from brainseg_gui.evaluation.masks import ChosenSchemes, MaskPair, read_as, read_as_prediction
from brainseg_gui.evaluation.metrics.comparison import compare, volumes_ml
from brainseg_gui.evaluation.metrics.distances import with_distances
from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.records.pair import Pair
from brainseg_gui.evaluation.records.report import CaseReport
from brainseg_gui.evaluation.reports.case_visits import CaseVisits
from brainseg_gui.evaluation.reports.pictures import best_modality
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.formats.reading import read_label_map
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.regrid_policy import RegridPolicy
from brainseg_gui.progress import Progress

FOOTER = "Made with brainseg. For research; not a medical device. Names are those of files and folders, not of headers."


@dataclass(frozen=True, eq=False)
class CaseContent:
    """One case with its masks and numbers.

    Parameters
    ----------
    figure
        Images and masks.
    scores
        The comparison; None unless there are two masks.
    notes
        Sentences on how the case and its masks were read.
    volumes
        Mask -> region or label -> ml.
    rules, made, versions
        What the numbers follow; when; by which program and libraries.
    places, places_note
        Rows of the table that says where lesions lie, and how that is known; empty where nobody asked.
    visits
        Which visit of its patient it is, and the earlier ones; None where it is the only one, or nobody asked.
    """

    figure: FigureContent
    scores: CaseReport | None
    notes: tuple[str, ...]
    volumes: dict[str, dict[str, float]]
    rules: RuleSet
    made: str
    versions: dict[str, str]
    places: tuple[tuple[str, ...], ...] = ()
    places_note: str = ""
    visits: CaseVisits | None = None

    @property
    def case(self) -> Case:
        """The study."""
        return self.figure.case

    @property
    def modality(self) -> Modality:
        """The image under the masks."""
        region = self.scores.worst.region if self.scores is not None and self.scores.worst is not None else "TC"
        return best_modality(region, self.case.volumes)


@dataclass(frozen=True, eq=False)
class NamedMask:
    """A mask of a case, the file or the name that it goes by, a sentence on how it is read, and what it is called."""

    labels: LabelMap
    path: Path
    note: str
    title: str


def read_content(
    source: CaseSource,
    reference: Path | None,
    prediction: Path | None,
    chosen: ChosenSchemes,
    rules: RuleSet,
    regrid: RegridPolicy = RegridPolicy.STRICT,
) -> Generator[Progress, None, CaseContent]:
    """Read a case and its masks, and compare them where there are two.

    Nothing of the headers but geometry is used: what they may say of the patient is not looked at.

    Parameters
    ----------
    regrid
        What may be done with a mask that lies on another grid.

    Raises
    ------
    BrainsegError
        If a file cannot be used, or a mask lies on another grid than the case and that is not allowed.
    """
    yield Progress("reading", 0.0, source.case_id)
    case = yield from read_case(replace(source, reference=None))
    first = second = None
    if reference is not None:
        labels, note = read_as(_labels(reference, case, regrid), reference, chosen.reference, case)
        first = NamedMask(labels, reference, " ".join([note, *labels.notes]), "Reference")
    if prediction is not None:
        given, other = _labels(prediction, case, regrid), first.labels if first is not None else None
        labels, note = read_as_prediction(given, prediction, chosen.prediction, other, case)
        second = NamedMask(labels, prediction, " ".join([note, *labels.notes]), "Prediction")
    return (yield from content_of(case, first, second, rules))


def content_of(
    case: Case,
    reference: NamedMask | None,
    prediction: NamedMask | None,
    rules: RuleSet,
    others: Sequence[NamedMask] = (),
) -> Generator[Progress, None, CaseContent]:
    """The content of a case that is open, compared where there are two masks.

    Parameters
    ----------
    others
        Further masks of the case, of which the volumes are told.

    Raises
    ------
    GridMismatchError
        If the masks lie on different grids.
    """
    masks = [mask for mask in (reference, prediction, *others) if mask is not None]
    notes = (*case.image_notes, *(f"{mask.title}: {mask.note}" for mask in masks))
    scores = None
    if reference is not None and prediction is not None:
        first, second = reference.labels, prediction.labels
        comparison = yield from with_distances(compare(first, second), first, second, rules)
        pair = Pair(case.case_id, reference.path, prediction.path, case.source.folder)
        scores = report_of(pair, MaskPair(first, second, "", ""), comparison, "prediction")
    images = FigureContent(
        case,
        reference.labels if reference is not None else None,
        prediction.labels if prediction is not None else None,
        titles=(_title(reference, "reference"), _title(prediction, "prediction")),
    )
    present = {mask.title: dict(volumes_ml(mask.labels)) for mask in masks}
    made = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    return CaseContent(images, scores, notes, present, rules, made, versions())


def _title(mask: NamedMask | None, otherwise: str) -> str:
    return mask.title.lower() if mask is not None else otherwise


def _labels(path: Path, case: Case, regrid: RegridPolicy) -> LabelMap:
    return read_label_map(path, case.stored_grid, scheme_named("brats2020"), regrid=regrid)
