"""A patient over six visits: what grows, falls apart and is cut out does so, and the truth about it is exact."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from training.synthesis.anatomy import Anatomy
from training.synthesis.course import CAVITY, KINDS, CourseKind, CourseVisit, synthesise_course
from training.synthesis.presets import SynthesisPriors
from training.synthesis.tumour import TumourPriors

SHAPE = (46, 50, 42)
VISITS: dict[CourseKind, int] = {"growth": 3, "response": 6, "resection": 4, "spread": 4}


@pytest.fixture(scope="module")
def courses(anatomy: Anatomy, toy_priors: SynthesisPriors) -> dict[CourseKind, tuple[CourseVisit, ...]]:
    courses = {}
    for kind, visits in VISITS.items():
        satellites = (0.0, 1.0) if kind == "spread" else (1.0,)
        tumour = TumourPriors((4.0, 5.0), (6.0, 9.0), satellites=satellites, satellite_reach=(1.5, 1.8))
        priors = replace(toy_priors, tumours=((1.0, tumour),))
        courses[kind] = synthesise_course(anatomy, (4, 2), kind, visits, 2.0, priors, SHAPE)
    return courses


def _core(visit: CourseVisit) -> np.ndarray[Any, Any]:
    return np.isin(visit.mask, (1, 3))


def test_the_same_seed_gives_the_same_patient(anatomy: Anatomy, toy_priors: SynthesisPriors) -> None:
    first, second = (synthesise_course(anatomy, (4, 1), "growth", 2, 2.0, toy_priors, SHAPE) for _ in range(2))
    for ours, theirs in zip(first, second, strict=True):
        assert (ours.day, ours.mask.tobytes()) == (theirs.day, theirs.mask.tobytes())


@pytest.mark.parametrize("kind", KINDS)
def test_visits_come_one_after_the_other_on_one_grid(
    kind: CourseKind, courses: dict[CourseKind, tuple[CourseVisit, ...]]
) -> None:
    visits = courses[kind]
    assert len(visits) == VISITS[kind]
    assert all(42 <= b.day - a.day < 120 for a, b in pairwise(visits))
    for visit in visits:
        assert visit.mask.shape == visit.foci.shape == SHAPE
        assert ((visit.foci > 0) == _core(visit)).all()
        np.testing.assert_array_equal(visit.affine, visits[0].affine)


def test_a_tumour_that_grows_holds_what_it_held(courses: dict[CourseKind, tuple[CourseVisit, ...]]) -> None:
    first, last = _core(courses["growth"][0]), _core(courses["growth"][-1])
    assert last.sum() > 1.1 * first.sum()
    assert (last & first).sum() > 0.95 * first.sum()


def test_a_tumour_that_responds_shrinks_and_comes_back(courses: dict[CourseKind, tuple[CourseVisit, ...]]) -> None:
    sizes = [int(_core(visit).sum()) for visit in courses["response"]]
    assert min(sizes) < 0.7 * sizes[0]
    assert sizes[-1] > min(sizes)


def test_what_is_cut_out_becomes_a_cavity_and_never_tumour(
    courses: dict[CourseKind, tuple[CourseVisit, ...]],
) -> None:
    visits = courses["resection"]
    assert not (visits[0].mask == CAVITY).any()
    cavities = [visit.mask == CAVITY for visit in visits[1:]]
    assert (cavities[0] & _core(visits[0])).sum() == cavities[0].sum() > 0.6 * _core(visits[0]).sum()
    for before, after in pairwise(cavities):
        assert 0.7 * before.sum() < after.sum() < before.sum()
        assert not (after & ~before).any()
    assert _core(visits[-1]).sum() > _core(visits[1]).sum() > 0


def test_a_tumour_that_spreads_has_a_second_focus_halfway(courses: dict[CourseKind, tuple[CourseVisit, ...]]) -> None:
    foci = [set(np.unique(visit.foci).tolist()) - {0} for visit in courses["spread"]]
    assert foci[:2] == [{1}, {1}]
    assert foci[2:] == [{1, 2}, {1, 2}]
