"""Laying series onto each other: onto the best of them, or onto the next best where that one fits none of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from brainseg_gui.imaging.cases.side_by_side import side_by_side
from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.raw_examination import FINEST
from brainseg_gui.preparation.registration.motion import Alignment, displacement_mm
from brainseg_gui.preparation.registration.register import register
from brainseg_gui.progress import Progress, scaled

REGISTERING = "registering"
_SAME_PLACE_MM = 10.0
_FIRST_SHARE = 0.6  # of the time, where another reference has to be found


@dataclass(frozen=True, eq=False)
class RegisteredSeries:
    """Series as they lie on one of them.

    Parameters
    ----------
    alignments
        Of all others.
    given_up
        What was to be the reference before, and most others did not fit.
    """

    reference: Modality
    alignments: Mapping[Modality, Alignment]
    given_up: Modality | None = None

    @property
    def fitting(self) -> tuple[Modality, ...]:
        """Those that fit the reference."""
        return tuple(modality for modality, one in self.alignments.items() if not one.problem)


def laid_onto_each_other(
    native: Mapping[Modality, Volume], reference: Modality, known: Mapping[Modality, Alignment]
) -> Generator[Progress, None, RegisteredSeries]:
    """All series registered to a reference, or to another one that more of the others fit.

    A reference that lies wrongly fits nothing, or next to nothing, although all others agree: what is registered to it
    would be lost, and a network would see it alone. Where most others fail, of these the one takes its place that more
    of them fit; what was meant to be the reference is then registered like any other. Of two series nothing tells which
    of them lies wrongly.

    Parameters
    ----------
    known
        Where series lie on the reference, by the word of a person or of an earlier search: then it stays the reference.

    Yields
    ------
    Progress
        Closing the generator stops the search.
    """
    others = [modality for modality in native if modality is not reference and modality not in known]
    settled = bool(known) or len(others) < 2
    first = yield from scaled(_onto(native, reference, others), 0.0, 1.0 if settled else _FIRST_SHARE)
    if settled or 2 * len(first.fitting) >= len(others):
        return replace(first, alignments={**known, **first.alignments})
    best = yield from scaled(_best_of(native, others), _FIRST_SHARE, 0.9)
    if len(best.fitting) <= len(first.fitting):
        return first
    back = yield from scaled(_onto(native, best.reference, [reference]), 0.9, 1.0)
    there = first.alignments[best.reference]
    last = {reference: _confirmed(back.alignments[reference], there, native[best.reference].grid)}
    return RegisteredSeries(best.reference, {**best.alignments, **last}, reference)


def _confirmed(back: Alignment, there: Alignment, grid: Grid) -> Alignment:
    """What a search found, not believed where the one the other way round, from a series on `grid`, ended elsewhere."""
    if back.problem:
        return back
    voxels = np.array(list(product((0.25, 0.75), repeat=3))) * grid.shape  # about where the brain is
    points = voxels @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    turned_round: Affine = np.linalg.inv(there.to_series).astype(np.float64)
    apart = displacement_mm(back.to_series, turned_round, points.astype(np.float64))
    if apart <= _SAME_PLACE_MM:
        return back
    return replace(back, problem=f"searched for the other way round it lies {apart:.0f} mm elsewhere")


def _best_of(
    native: Mapping[Modality, Volume], among: Sequence[Modality]
) -> Generator[Progress, None, RegisteredSeries]:
    """The series that most of the others fit; of equals the one that a reference is taken from first."""
    found, ranked = list[RegisteredSeries](), [modality for modality in FINEST if modality in among]
    for number, candidate in enumerate(ranked):
        rest = [modality for modality in among if modality is not candidate]
        looking = _onto(native, candidate, rest)
        found.append((yield from scaled(looking, number / len(ranked), (number + 1) / len(ranked))))
        if len(found[-1].fitting) == len(rest):
            break
    return max(found, key=lambda one: len(one.fitting))


def _onto(
    native: Mapping[Modality, Volume], reference: Modality, others: Sequence[Modality]
) -> Generator[Progress, None, RegisteredSeries]:
    searches = [register(native[reference], native[one]) for one in others]
    found = yield from side_by_side(searches, REGISTERING)
    return RegisteredSeries(reference, dict(zip(others, found, strict=True)))
