"""What the report of one case shows, read once for the page and the PDF."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from brainseg_gui.evaluation.cohorts.pairing import Pair
from brainseg_gui.evaluation.cohorts.run import versions
from brainseg_gui.evaluation.comparison import compare, volumes_ml
from brainseg_gui.evaluation.distances import with_distances
from brainseg_gui.evaluation.figures.content import FigureContent
from brainseg_gui.evaluation.masks import ChosenSchemes, MaskPair, read_as, read_as_prediction
from brainseg_gui.evaluation.reports.pictures import best_modality
from brainseg_gui.evaluation.reports.report import CaseReport
from brainseg_gui.evaluation.reports.score import report_of
from brainseg_gui.evaluation.rules import RuleSet
from brainseg_gui.imaging.case import Case, CaseSource
from brainseg_gui.imaging.labels import LabelMap, scheme_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.nifti import read_label_map
from brainseg_gui.imaging.read_case import read_case
from brainseg_gui.progress import Progress


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
    """

    figure: FigureContent
    scores: CaseReport | None
    notes: tuple[str, ...]
    volumes: dict[str, dict[str, float]]
    rules: RuleSet
    made: str
    versions: dict[str, str]

    @property
    def case(self) -> Case:
        """The study."""
        return self.figure.case

    @property
    def modality(self) -> Modality:
        """The image under the masks."""
        region = self.scores.worst.region if self.scores is not None and self.scores.worst is not None else "TC"
        return best_modality(region, self.case.volumes)


def read_content(
    source: CaseSource, reference: Path | None, prediction: Path | None, chosen: ChosenSchemes, rules: RuleSet
) -> Generator[Progress, None, CaseContent]:
    """Read a case and its masks, and compare them where there are two.

    Nothing of the headers but geometry is used: what they may say of the patient is not looked at.

    Raises
    ------
    BrainsegError
        If a file cannot be used, or a mask lies on another grid than the case.
    """
    yield Progress("reading", 0.0, source.case_id)
    case = yield from read_case(replace(source, reference=None))
    first = second = None
    notes = [*case.notes]
    if reference is not None:
        first, note = read_as(_labels(reference, case), reference, chosen.reference, case)
        notes.append(f"Reference: {note}")
    if prediction is not None:
        labels = _labels(prediction, case)
        second, note = read_as_prediction(labels, prediction, chosen.prediction, first, case)
        notes.append(f"Prediction: {note}")
    scores = None
    if first is not None and second is not None and reference is not None and prediction is not None:
        comparison = yield from with_distances(compare(first, second), first, second, rules)
        masks = MaskPair(first, second, "", "")
        scores = report_of(Pair(case.case_id, reference, prediction, source.folder), masks, comparison, "prediction")
    present = {name: dict(volumes_ml(m)) for name, m in (("reference", first), ("prediction", second)) if m is not None}
    made = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    return CaseContent(FigureContent(case, first, second), scores, tuple(notes), present, rules, made, versions())


def _labels(path: Path, case: Case) -> LabelMap:
    return read_label_map(path, case.grid, scheme_named("brats2020"))
