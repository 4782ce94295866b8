"""Tumours as they are drawn and grown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from training.synthesis.anatomy import Anatomy, Tissue
from training.synthesis.brain import Brain
from training.synthesis.growth import grow
from training.synthesis.oedema import travel_time
from training.synthesis.presets import TRAINING
from training.synthesis.tumour import (
    CORE,
    ENHANCING,
    OEDEMA,
    TumourParameters,
    TumourPriors,
    draw_seed,
    draw_tumour,
)

Voxel = np.ndarray[Any, np.dtype[np.float64]]


def test_enhancement_is_a_rim_around_a_core_within_oedema(
    brain: Brain, round_tumour: TumourParameters, white_centre: Voxel
) -> None:
    centre = white_centre
    tumour = grow(np.random.default_rng(3), brain, round_tumour, centre)
    classes = tumour.classes
    assert np.linalg.norm(np.argwhere(np.isin(classes, (CORE, ENHANCING))).mean(axis=0) - centre) < 5.0
    volumes = [float((classes == number).sum()) / 1000.0 for number in (CORE, OEDEMA, ENHANCING)]
    assert all(volume > 0.3 for volume in volumes)
    assert volumes[0] + volumes[2] == pytest.approx(3.0, abs=0.5)
    assert volumes[1] == pytest.approx(8.0, abs=1.2)
    depth = tumour.depth_mm
    assert depth[classes == ENHANCING].mean() < depth[classes == CORE].mean()
    touching = ndimage.binary_dilation(classes == CORE) & (classes == ENHANCING)
    assert touching.sum() > 100


def test_no_enhancement_where_none_is_drawn(brain: Brain, round_tumour: TumourParameters, white_centre: Voxel) -> None:
    tumour = grow(np.random.default_rng(3), brain, replace(round_tumour, enhancement="none"), white_centre)
    assert not (tumour.classes == ENHANCING).any()
    assert (tumour.classes == CORE).sum() > 2000


def test_oedema_stays_out_of_ventricles_fluid_and_other_hemisphere(
    brain: Brain, round_tumour: TumourParameters, white_centre: Voxel
) -> None:
    tumour = grow(np.random.default_rng(4), brain, replace(round_tumour, oedema_ml=14.0), white_centre)
    wet = tumour.classes == OEDEMA
    _, pieces = ndimage.label(tumour.swelling > 0.02)
    assert pieces == 1
    fluid = brain.share(Tissue.VENTRICLE, Tissue.CSF, Tissue.MENINGES)
    beside = ndimage.binary_dilation(fluid > 0.5, iterations=2) & (fluid <= 0.2)
    assert (wet & beside).sum() > 50  # it does reach the wall, so the next line means something
    assert not (wet & (fluid > 0.5)).any()
    assert not (tumour.classes[brain.share(Tissue.VENTRICLE) > 0.5] > 0).any()


def test_oedema_prefers_white_matter_to_cortex(
    brain: Brain, round_tumour: TumourParameters, white_centre: Voxel
) -> None:
    tumour = grow(np.random.default_rng(4), brain, replace(round_tumour, oedema_ml=14.0), white_centre)
    near = ndimage.binary_dilation(tumour.classes > 0, iterations=3) & ~np.isin(tumour.classes, (CORE, ENHANCING))
    wet = tumour.classes == OEDEMA
    white, cortex = (near & (brain.share(tissue) > 0.8) for tissue in (Tissue.WHITE, Tissue.CORTEX))
    assert cortex.sum() > 100
    assert wet[white].mean() > 3.0 * wet[cortex].mean()


def test_the_way_around_a_barrier_is_longer_than_the_way_through() -> None:
    shape = (48, 48, 24)
    fractions = np.zeros((len(Tissue), *shape), np.float32)
    fractions[Tissue.WHITE] = 1.0
    fractions[:, 22:26, :40] = 0.0
    fractions[Tissue.VENTRICLE, 22:26, :40] = 1.0
    far = np.full(shape, 50.0, np.float32)
    core = np.zeros(shape, bool)
    core[14:20, 8:14, 8:14] = True
    for seed in range(3):
        time = travel_time(np.random.default_rng(seed), Brain(fractions, far, far), core)
        assert time[30, 10, 10] > 2.5 * time[6, 10, 10]


def test_drawn_volumes_lie_within_the_priors() -> None:
    priors = TumourPriors()
    drawn = [draw_tumour(np.random.default_rng(seed), priors) for seed in range(300)]
    assert all(3.0 <= one.core_ml <= 60.0 and 8.0 <= one.oedema_ml <= 120.0 for one in drawn)
    assert all(np.linalg.det(one.axes) == pytest.approx(1.0, abs=1e-6) for one in drawn)
    share = np.mean([one.enhancement == "none" for one in drawn])
    assert share == pytest.approx(0.15, abs=0.06)


def test_training_volumes_cover_one_to_two_hundred_and_fifty_millilitres() -> None:
    for _, priors in TRAINING.tumours:
        if priors is None:
            continue
        drawn = [draw_tumour(np.random.default_rng(seed), priors) for seed in range(400)]
        whole = np.array([one.core_ml + one.oedema_ml for one in drawn])
        assert 1.0 <= whole.min() < 1.6
        assert 220.0 < whole.max() <= 250.0
        shares = np.array([one.core_ml / (one.core_ml + one.oedema_ml) for one in drawn])
        assert shares.max() == 1.0
        assert all(one.oedema_ml == 0.0 for one, share in zip(drawn, shares, strict=True) if share == 1.0)


def test_low_grade_tumours_are_mostly_core_and_never_enhance() -> None:
    low = next(priors for _, priors in TRAINING.tumours if priors is not None and priors.enhancement[3] == 1.0)
    assert low.grade == "low"
    drawn = [draw_tumour(np.random.default_rng(seed), low) for seed in range(200)]
    assert {one.enhancement for one in drawn} == {"none"}
    assert np.median([one.core_ml / (one.core_ml + one.oedema_ml) for one in drawn]) > 0.7


def test_rims_grow_with_the_core() -> None:
    priors = TumourPriors(rim_share=(0.2, 0.2), core_ml=(1.0, 1.0), oedema_ml=(1.0, 1.0))
    small = draw_tumour(np.random.default_rng(0), priors)
    large = draw_tumour(np.random.default_rng(0), replace(priors, core_ml=(64.0, 64.0)))
    assert small.rim_mm == pytest.approx(0.2 * 6.2035, rel=1e-3)  # radius of a ball of 1 ml
    assert large.rim_mm == pytest.approx(4.0 * small.rim_mm)


def test_a_small_core_does_not_vanish(brain: Brain, round_tumour: TumourParameters, white_centre: Voxel) -> None:
    tumour = grow(np.random.default_rng(0), brain, replace(round_tumour, core_ml=0.03, oedema_ml=1.0), white_centre)
    assert np.isin(tumour.classes, (CORE, ENHANCING)).sum() == pytest.approx(30, abs=12)


def test_solid_enhancement_fills_more_of_the_core_than_patches(
    brain: Brain, round_tumour: TumourParameters, white_centre: Voxel
) -> None:
    shares = []
    for pattern in ("solid", "patchy"):
        parameters = replace(round_tumour, enhancement=pattern, patchiness=0.5)
        classes = grow(np.random.default_rng(1), brain, parameters, white_centre).classes
        shares.append((classes == ENHANCING).sum() / np.isin(classes, (CORE, ENHANCING)).sum())
    assert shares[0] > 0.7
    assert 0.05 < shares[1] < 0.6


def test_a_cyst_lies_within_the_core_away_from_its_surface(
    brain: Brain, round_tumour: TumourParameters, white_centre: Voxel
) -> None:
    parameters = replace(round_tumour, cystic=True, enhancement="none")
    tumour = grow(np.random.default_rng(1), brain, parameters, white_centre)
    assert tumour.cyst is not None
    fluid = tumour.cyst > 0.5
    assert fluid.sum() > 200
    assert (tumour.classes[fluid] == CORE).all()
    assert tumour.depth_mm[fluid].min() > 1.5


def test_a_low_grade_core_is_alive(brain: Brain, round_tumour: TumourParameters, white_centre: Voxel) -> None:
    parameters = replace(round_tumour, enhancement="none", grade="low")
    assert grow(np.random.default_rng(1), brain, parameters, white_centre).necrosis.max() == 0.0


def test_only_a_core_that_may_cross_does(brain: Brain, round_tumour: TumourParameters) -> None:
    at_midline = np.argwhere((brain.share(Tissue.WHITE) > 0.9) & (np.abs(brain.midline_mm) < 3.0))
    centre = at_midline[len(at_midline) // 2].astype(np.float64)
    side = np.sign(brain.midline_mm[tuple(centre.astype(int))]) or 1.0
    reach = []
    for crosses in (False, True):
        tumour = grow(np.random.default_rng(1), brain, replace(round_tumour, crosses=crosses, oedema_ml=0.0), centre)
        core = np.isin(tumour.classes, (CORE, ENHANCING))
        reach.append(float((brain.midline_mm[core] * side < -4.0).mean()))
    assert reach[0] == 0.0
    assert reach[1] > 0.1


def test_fibres_lead_oedema_further_along_some_directions() -> None:
    shape = (48, 48, 48)
    fractions = np.zeros((len(Tissue), *shape), np.float32)
    fractions[Tissue.WHITE] = 1.0
    far = np.full(shape, 50.0, np.float32)
    core = np.zeros(shape, bool)
    core[22:26, 22:26, 22:26] = True

    def elongation(fibres: bool) -> float:
        ratios = []
        for seed in range(4):
            time = travel_time(np.random.default_rng(seed), Brain(fractions, far, far), core, fibres)
            wet = np.argwhere(time <= np.partition(time.ravel(), 6000)[6000])
            spread = np.sqrt(np.linalg.eigvalsh(np.cov(wet.T)))
            ratios.append(spread[-1] / spread[0])
        return float(np.mean(ratios))

    assert elongation(True) > 1.15 * elongation(False)


def test_seeds_lie_deep_in_white_matter_unless_drawn_elsewhere(
    anatomy: Anatomy, round_tumour: TumourParameters
) -> None:
    radius = round_tumour.radius_mm

    def depth(parameters: TumourParameters) -> list[float]:
        seeds = [draw_seed(np.random.default_rng(n), anatomy, parameters) for n in range(30)]
        assert all(anatomy.tissue[tuple(seed.astype(int))] == Tissue.WHITE for seed in seeds)
        return [float(anatomy.hull_mm[tuple(seed.astype(int))]) for seed in seeds]

    assert min(depth(round_tumour)) > 0.99 * radius
    assert min(depth(replace(round_tumour, anywhere=True))) < 0.7 * radius
