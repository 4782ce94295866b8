"""Scored cases as plain values, the same in memory, in a JSON file and between processes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brainseg_gui.evaluation.metrics.rules import RuleSet
from brainseg_gui.evaluation.records.pair import Unpaired
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import UNKNOWN, regions

REGION_KEYS = tuple(region.key for region in regions())
SMALLEST_COHORT = 10  # fewer cases: the table, no headline


@dataclass(frozen=True)
class LesionEntry:
    """One reference lesion that counts, and how it was met."""

    voxels: int
    found: bool
    dice: float
    hd95_mm: float


@dataclass(frozen=True)
class RegionEntry:
    """Numbers of one region of one case.

    Parameters
    ----------
    key, title
        ``WT`` and ``whole tumour``.
    numbers
        By the keys of `MEASURES`; NaN where a ratio is not defined.
    lesions
        Reference lesions that count.
    false_sizes
        Size in voxels of the predicted components that touch no lesion -> how many there are.
    left_out
        Reference lesions that are too small to count.
    """

    key: str
    title: str
    numbers: Mapping[str, float]
    lesions: tuple[LesionEntry, ...] = ()
    false_sizes: Mapping[int, int] = field(default_factory=dict)
    left_out: int = 0

    def __getitem__(self, name: str) -> float:
        return self.numbers[name]


@dataclass(frozen=True)
class WorstPoint:
    """Where two masks differ most.

    Parameters
    ----------
    voxel_ijk
        Its deepest voxel, on the RAS grid.
    region
        Key of the region that is wrong there.
    kind
        Such as ``missed lesion`` or ``false rim``.
    volume_ml
        Size of the piece.
    cost
        By how much the region's Dice would grow if this piece were right.
    """

    voxel_ijk: Voxel
    region: str
    kind: str
    volume_ml: float
    cost: float


@dataclass(frozen=True)
class CaseReport:
    """One case of one model: its numbers, and how its masks were read.

    Parameters
    ----------
    model, case_id
        Which.
    reference, prediction
        Files of the masks.
    images
        What `find_case` finds its images by, or None.
    reference_scheme, prediction_scheme
        Label schemes by which the masks were read.
    reference_note, prediction_note
        Sentences that say so.
    rules
        Title of the rule set.
    voxel_ml
        Volume of a voxel.
    regions
        WT, TC, ET, then every further label of the two masks.
    pooled
        The source recipe's numbers by extent; ``all_background`` is what a prediction of nothing scores.
    worst
        Where the masks differ most; None when they do not.
    seconds
        How long scoring took.
    doubts
        What may be wrong with how the masks were read, in sentences.
    suggested
        Label scheme that the prediction's own evidence suggests, where it was read by another; else empty.
    stated
        Whether the reference's scheme is stated, and not guessed.
    labels
        Numbers that occur in the reference.
    patient
        Whose it is, where the names tell; else empty.
    """

    model: str
    case_id: str
    reference: Path
    prediction: Path
    images: Path | None
    reference_scheme: str
    prediction_scheme: str
    reference_note: str
    prediction_note: str
    rules: str
    voxel_ml: float
    regions: tuple[RegionEntry, ...]
    pooled: Mapping[str, Mapping[str, Any]]
    worst: WorstPoint | None = None
    seconds: float = 0.0
    doubts: tuple[str, ...] = ()
    suggested: str = ""
    stated: bool = False
    labels: tuple[int, ...] = ()
    patient: str = ""

    @property
    def whose(self) -> str:
        """The patient; the case itself where nothing tells whose it is."""
        return self.patient or self.case_id

    def number(self, region: str, name: str) -> float:
        """A number of a region; NaN when the case has no such region."""
        return next((entry[name] for entry in self.regions if entry.key == region), math.nan)

    @property
    def unknown_ml(self) -> float:
        """Volume of the numbers that their scheme does not know, in the mask that has more of them."""
        return max((max(e["reference_ml"], e["prediction_ml"]) for e in self.regions if e.key == UNKNOWN), default=0.0)

    @property
    def warning(self) -> str:
        """What makes the numbers of a scored case doubtful; empty when nothing does."""
        unknown = (
            f"{self.unknown_ml:.3g} ml carry numbers that the label scheme does not know and are in no region "
            f"(read as {self.reference_scheme} and {self.prediction_scheme})"
        )
        return ". ".join([*([unknown] if self.unknown_ml else []), *self.doubts])

    @property
    def mean_dice(self) -> float:
        """Mean Dice of those of WT, TC and ET that are scored, by which cases are ranked."""
        scored = [dice for key in REGION_KEYS if (dice := self.number(key, "dice")) == dice]
        return sum(scored) / len(scored) if scored else math.nan


@dataclass(frozen=True)
class CohortReport:
    """The cases that were scored, and those that could not be.

    Parameters
    ----------
    cases
        By case, then by model.
    models
        Names in the order in which they were given.
    rules
        What distances and lesions follow.
    unpaired, failed
        Cases without a partner, and those that could not be read or compared, with the reasons.
    made
        When, as ``2025-01-31 12:00``.
    versions
        Program and libraries -> version.
    """

    cases: tuple[CaseReport, ...]
    models: tuple[str, ...]
    rules: RuleSet
    unpaired: tuple[Unpaired, ...] = ()
    failed: tuple[Unpaired, ...] = ()
    made: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    def of_model(self, model: str) -> tuple[CaseReport, ...]:
        """The scored cases of one model."""
        return tuple(case for case in self.cases if case.model == model)

    def values(self, model: str, region: str, name: str) -> list[float]:
        """A number of a region over the cases of a model, in their order; NaN where a case has none."""
        return [case.number(region, name) for case in self.of_model(model)]

    def patients(self, model: str) -> list[str]:
        """Whose the cases of a model are, in their order."""
        return [case.whose for case in self.of_model(model)]

    @property
    def has_visits(self) -> bool:
        """Whether some patient has several cases."""
        return len({case.whose for case in self.cases}) < len({case.case_id for case in self.cases})

    def count_words(self, model: str = "") -> str:
        """How many cases, of one model or of any, and of how many patients where those are fewer."""
        cases = self.of_model(model) if model else self.cases
        ids, whose = ({getattr(case, name) for case in cases} for name in ("case_id", "whose"))
        words = f"{len(ids):,} case{'' if len(ids) == 1 else 's'}"
        return words if len(whose) == len(ids) else f"{words} of {len(whose):,} patient{'' if len(whose) == 1 else 's'}"

    @property
    def region_keys(self) -> tuple[str, ...]:
        """WT, TC, ET, then every further label that a case has."""
        found = dict.fromkeys(REGION_KEYS)
        for case in self.cases:
            found |= dict.fromkeys(entry.key for entry in case.regions)
        return tuple(found)

    def title_of(self, region: str) -> str:
        """Name of a region for people."""
        entries = (entry for case in self.cases for entry in case.regions)
        return next((entry.title for entry in entries if entry.key == region), region)

    def has_headline(self, model: str) -> bool:
        """Whether there are enough cases for a number that stands for all of them."""
        return len(self.of_model(model)) >= SMALLEST_COHORT

    def worst_cases(self, model: str, count: int) -> list[CaseReport]:
        """The cases with the lowest mean Dice, the worst first."""
        return sorted(self.of_model(model), key=lambda case: (case.mean_dice, case.case_id))[:count]

    def common(self, first: str, second: str) -> Iterator[tuple[CaseReport, CaseReport]]:
        """The cases that two models share."""
        others = {case.case_id: case for case in self.of_model(second)}
        return ((case, others[case.case_id]) for case in self.of_model(first) if case.case_id in others)

    @property
    def model_pairs(self) -> Sequence[tuple[str, str]]:
        """Every two models, the earlier one first."""
        names = self.models
        return [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
