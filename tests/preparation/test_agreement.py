"""A reference that nothing fits is not the reference, where the others fit each other."""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.registration.motion import Alignment, displacement_mm
from brainseg_gui.preparation.steps import agreement
from brainseg_gui.preparation.steps.agreement import RegisteredSeries, laid_onto_each_other
from brainseg_gui.preparation.steps.placing import register_series
from brainseg_gui.preparation.steps.work import PlacedSeries, PreparationWork
from brainseg_gui.progress import Progress, run_to_end
from tests.preparation.heads import T1CE, T2, brain_points, grid_of, head
from tests.preparation.test_registration import motion
from tests.preparation.test_steps import MOVED, REFERENCE, THICK, stepped, work_of

SMALL = grid_of((8, 9, 8), (10.0, 10.0, 10.0))
LOST = "it fits the reference hardly better (0.20) than by chance (0.17)"
T1, T1C, SECOND, FLAIR = Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR


@pytest.mark.slow
@pytest.mark.timeout(600)  # four searches, which take minutes where others are busy
def test_the_next_best_takes_the_place_of_a_reference_that_lies_wrongly() -> None:
    """Searched for from the T1, this turned T1ce fits at 20°, where it does not belong: round heads fit twice."""
    good = head(REFERENCE, T1CE, seed=1)
    wrong = replace(good, grid=Grid(REFERENCE.shape, motion((75, 0, 0), (0, 0, 0)) @ REFERENCE.affine))
    others = {T1: head(REFERENCE, T1CE, seed=2), SECOND: head(THICK, T2, MOVED, seed=3)}
    work, sentences = stepped(register_series, work_of({T1C: wrong, **others}))
    assert work.reference is T1
    assert work.astray == {T1C}
    assert work.grid_of(T1C) is wrong.grid
    assert displacement_mm(work.alignments[SECOND].to_series, MOVED, brain_points()) < 1.5
    assert sentences[0] == "All others are brought onto T1, for most of them could not be registered onto T1ce"
    instead, remedy = work.doubts
    assert instead == "T1 and T2 fit each other, but not T1ce: T1 is the reference instead of it"
    assert remedy.startswith("T1ce could not be registered and lies where its files place it")
    assert remedy.endswith("or leave it out (“not used” there, or --role t1ce=none)")


class Searches:
    """A registration that says which pairs fit, and remembers what it was asked."""

    def __init__(self, fitting: Collection[tuple[Modality, Modality]], monkeypatch: pytest.MonkeyPatch) -> None:
        self.native = {modality: head(SMALL, T2, seed=seed) for seed, modality in enumerate(Modality)}
        self.there = dict.fromkeys(product(Modality, repeat=2), MOVED)
        self.fitting, self.asked = fitting, list[tuple[Modality, Modality]]()
        monkeypatch.setattr(agreement, "register", self)

    def __call__(self, fixed: Volume, moving: Volume) -> Generator[Progress, None, Alignment]:
        names = {id(volume): modality for modality, volume in self.native.items()}
        pair = names[id(fixed)], names[id(moving)]
        self.asked.append(pair)
        yield Progress("registering", 0.5)
        return Alignment(self.there[pair], problem="" if pair in self.fitting else LOST)

    def laid(self, *modalities: Modality) -> RegisteredSeries:
        native = {m: self.native[m] for m in modalities or Modality}
        return run_to_end(laid_onto_each_other(native, T1C, {}))

    def work(self) -> PreparationWork:
        return work_of(self.native)


def test_a_reference_that_as_many_fit_as_another_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two against two: nothing tells who is right."""
    found = Searches({(T1C, FLAIR), (T1, SECOND), (SECOND, T1)}, monkeypatch).laid()
    assert (found.reference, found.fitting, found.given_up) == (T1C, (FLAIR,), None)


def test_nothing_more_is_searched_for_where_most_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    searches = Searches({(T1C, FLAIR), (T1C, T1), (FLAIR, SECOND)}, monkeypatch)
    found = searches.laid()
    assert (found.reference, found.given_up) == (T1C, None)
    assert len(searches.asked) == 3


def test_a_reference_that_one_fits_by_chance_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Searches({(T1C, FLAIR), (T1, SECOND), (T1, FLAIR)}, monkeypatch).laid()
    assert (found.reference, found.given_up) == (T1, T1C)


def test_of_those_that_agree_the_one_that_most_fit_is_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    searches = Searches({(T1, SECOND), (FLAIR, T1), (FLAIR, SECOND)}, monkeypatch)
    found = searches.laid()
    assert (found.reference, found.given_up) == (FLAIR, T1C)
    assert set(found.fitting) == {T1, SECOND}
    assert found.alignments[T1C].problem == LOST


@pytest.mark.parametrize("agrees", [True, False])
def test_what_could_not_be_the_reference_may_fit_another_one(monkeypatch: pytest.MonkeyPatch, *, agrees: bool) -> None:
    """A whole head, of which slabs cover little, fits a slab; a head that fits itself at two places fits at none."""
    searches = Searches({(T1, SECOND), (T1, FLAIR), (T1, T1C)}, monkeypatch)
    if agrees:
        searches.there[T1C, T1] = np.linalg.inv(MOVED)
    work, sentences = stepped(register_series, searches.work())
    assert work.reference is T1
    assert "most of them could not be registered onto T1ce" in sentences[0]
    assert bool(work.astray) is bool(work.doubts) is not agrees
    if not agrees:
        assert "searched for the other way round it lies" in work.doubts[1]


def test_of_two_nothing_tells_which_lies_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    searches = Searches((), monkeypatch)
    found = searches.laid(T1C, SECOND)
    assert (found.reference, found.fitting, found.given_up) == (T1C, (), None)
    assert searches.asked == [(T1C, SECOND)]


def test_that_nothing_fits_anything_is_said_first(monkeypatch: pytest.MonkeyPatch) -> None:
    work = stepped(register_series, Searches((), monkeypatch).work()).work
    assert work.reference is T1C
    assert work.astray == {T1, SECOND, FLAIR}
    plain, remedy = work.doubts
    assert plain.startswith("No two of T1ce, T1, T2 and FLAIR fit each other, and nothing tells which lies right")
    assert "a mask made of T1ce alone may show tumour where there is none" in plain
    assert remedy.startswith("T1, T2 and FLAIR could not be registered")


def test_a_reference_that_a_person_put_series_onto_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given up before and put by hand stays where the hand put it, on the reference that was found."""
    searches = Searches((), monkeypatch)
    work = searches.work()
    series = {
        one.role.modality: replace(one, files=(one.files[0].with_name(one.name),)) for one in work.examination.series
    }
    named = replace(work, examination=replace(work.examination, series=tuple(series.values())))
    by_hand = Alignment(MOVED, found=Alignment(np.eye(4), problem=LOST))
    placed = PlacedSeries(series[T1].place, {series[T1C].place: by_hand})
    found = stepped(register_series, replace(named, placed=placed)).work
    assert found.reference is T1
    assert found.alignments[T1C] is by_hand
    assert set(searches.asked) == {(T1, SECOND), (T1, FLAIR)}
    nothing = PlacedSeries(series[T1].place, {})
    assert stepped(register_series, replace(named, placed=nothing)).work.reference is T1C
