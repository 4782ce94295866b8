"""What a preparation has reached: a value that each step takes and gives back with more in it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.sampling import sampled
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.image_roles import Seen
from brainseg_gui.preparation.raw_examination import Choice, RawExamination
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.series import Series
from brainseg_gui.progress import Progress

_WHOLE = 0.99  # of the reference's head


class Space(Enum):
    """The voxels that a prepared case has."""

    MILLIMETRE = "1mm"
    REFERENCE = "reference"


@dataclass(frozen=True)
class Wishes:
    """What a person wants of a preparation.

    Parameters
    ----------
    space
        The voxels of the result.
    strip
        Whether the skull is taken off.
    even_out
        Whether shading by the coil is taken out.
    deface
        Whether the face is removed from a head whose skull stays.
    """

    space: Space = Space.MILLIMETRE
    strip: bool = True
    even_out: bool = False
    deface: bool = False


@dataclass(frozen=True, eq=False)
class PlacedSeries:
    """Where series lie, told by their first files: which is what may be decided anew.

    Parameters
    ----------
    reference
        The series whose space it is.
    """

    reference: Path
    alignments: Mapping[Path, Alignment]


@dataclass(frozen=True)
class StepDone:
    """What a step did.

    Parameters
    ----------
    name
        Of the step, as a person would say it.
    sentences
        What it did, and why.
    """

    name: str
    sentences: tuple[str, ...]
    seconds: float = 0.0


@dataclass(frozen=True)
class BrainFound:
    """How the brain was found.

    Parameters
    ----------
    network
        Who found it; empty where the skull was off already.
    certainty
        Of each series; see `BrainMask`.
    """

    network: str
    volume_ml: float
    certainty: Mapping[Modality, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class PreparationWork:
    """A preparation between two steps.

    Parameters
    ----------
    native
        The chosen series as they were read.
    alignments
        Where each lies in the space of the reference.
    prepared
        The same on one grid.
    brain
        (I, J, K), on that grid; None where it was not found.
    seen
        What the images look like, of those that the program looked at.
    placed
        Where series lie by an earlier preparation, or by a person's hand: those are not searched for.
    doubts
        Sentences on what a person should look at.
    done
        The steps so far.
    """

    examination: RawExamination
    choice: Choice
    wishes: Wishes
    native: Mapping[Modality, Volume] = field(default_factory=dict)
    alignments: Mapping[Modality, Alignment] = field(default_factory=dict)
    prepared: Mapping[Modality, Volume] = field(default_factory=dict)
    brain: NDArray[np.bool_] | None = None
    brain_found: BrainFound | None = None
    seen: Mapping[Modality, Seen] = field(default_factory=dict)
    placed: PlacedSeries | None = None
    doubts: tuple[str, ...] = ()
    done: tuple[StepDone, ...] = ()

    @property
    def reference(self) -> Modality:
        """The modality that the others are brought onto."""
        return self.choice.reference

    @property
    def grid(self) -> Grid:
        """Of the prepared images."""
        return self.prepared[self.reference].grid

    def series_of(self, modality: Modality) -> Series:
        """The series that is taken for a modality."""
        return self.examination.series[self.choice.chosen[modality].number]

    @property
    def astray(self) -> frozenset[Modality]:
        """What does not lie on the reference, as far as is known: it could not be registered, or fits badly."""
        return frozenset(modality for modality, one in self.alignments.items() if one.problem)

    def shown(self, modality: Modality) -> NDArray[np.float32] | None:
        """1 where a series has voxels, 0 where it has none, on the grid of the result; None where it shows the head."""
        if self.alignments[modality].overlap >= _WHOLE:
            return None
        own = self.grid_of(modality)
        return sampled(np.ones(own.shape, np.float32), own, self.grid, 0.0)

    def on_reference_of_placed(self) -> PreparationWork:
        """The same onto the series that `placed` is said of, where it places any of the other chosen ones."""
        places = {self.series_of(modality).place: modality for modality in self.native}
        if self.placed is None or self.placed.reference not in places:
            return self
        if not self.placed.alignments.keys() & places.keys() - {self.placed.reference}:
            return self
        return self.onto(places[self.placed.reference])

    def onto(self, reference: Modality) -> PreparationWork:
        """The same with another reference."""
        return replace(self, choice=replace(self.choice, reference=reference))

    def placed_before(self) -> dict[Modality, Alignment]:
        """What `placed` says of the chosen series; nothing where it was said of another reference."""
        if self.placed is None or self.placed.reference != self.series_of(self.reference).place:
            return {}
        found = {m: self.placed.alignments.get(self.series_of(m).place) for m in self.native}
        return {m: one for m, one in found.items() if one is not None and m is not self.reference}

    def grid_of(self, modality: Modality) -> Grid:
        """Where the voxels of a series lie in the space of the reference."""
        return self.alignments[modality].grid_of(self.native[modality].grid)

    def with_doubts(self, *doubts: str) -> PreparationWork:
        """The same with more to look at."""
        return replace(self, doubts=(*self.doubts, *doubts))


class Stepped(NamedTuple):
    """What a step gives: the work, and what is to be said of it."""

    work: PreparationWork
    sentences: tuple[str, ...]


Step = Callable[[PreparationWork], Generator[Progress, None, Stepped]]
