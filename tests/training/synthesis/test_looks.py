"""What tissues, tumours and look-alikes look like."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from training.synthesis.anatomy import Tissue
from training.synthesis.brain import Brain
from training.synthesis.contrast import ContrastPriors, draw_parts, draw_tissues
from training.synthesis.growth import grow
from training.synthesis.lookalikes import LookalikePriors, add_caps, add_lookalikes
from training.synthesis.paint import _cut_folia, _divide_tissues, paint
from training.synthesis.presets import TRAINING
from training.synthesis.tumour import CORE, ENHANCING, OEDEMA, TumourParameters, no_tumour

Voxel = np.ndarray[Any, np.dtype[np.float64]]
T1, T1CE, T2, FLAIR = range(4)


def test_contrasts_are_those_of_the_modalities(
    brain: Brain, round_tumour: TumourParameters, white_centre: Voxel
) -> None:
    tumour = grow(np.random.default_rng(3), brain, round_tumour, white_centre)
    t1, t1ce, t2, flair = paint(np.random.default_rng(0), brain, tumour, ContrastPriors(), LookalikePriors())

    def mean(image: np.ndarray[Any, Any], *tissues: Tissue) -> float:
        return float(image[(brain.share(*tissues) > 0.95) & (tumour.classes == 0)].mean())

    white, cortex, ventricle = Tissue.WHITE, Tissue.CORTEX, Tissue.VENTRICLE
    assert mean(t1, ventricle) < mean(t1, cortex) < mean(t1, white)
    assert mean(t2, white) < mean(t2, cortex) < mean(t2, ventricle)
    assert mean(flair, ventricle) < mean(flair, white) < mean(flair, cortex)
    oedema = (tumour.classes == OEDEMA) & (tumour.swelling > 0.9)
    assert flair[oedema].mean() > 1.3 * mean(flair, white)
    enhancing, dead = tumour.classes == ENHANCING, (tumour.classes == CORE) & (tumour.necrosis > 0.9)
    assert t1ce[enhancing].mean() > 1.4 * t1[enhancing].mean()
    assert t1ce[dead].mean() < 0.8 * mean(t1ce, white)


def test_wetter_priors_make_the_same_oedema_brighter(
    brain: Brain, round_tumour: TumourParameters, white_centre: Voxel
) -> None:
    tumour = grow(np.random.default_rng(3), brain, round_tumour, white_centre)
    oedema = tumour.classes == OEDEMA

    def t2(**wet: float) -> list[float]:
        images = paint(np.random.default_rng(0), brain, tumour, ContrastPriors(**wet), LookalikePriors())
        return np.percentile(images[T2][oedema], [10, 50]).tolist()  # where it fades, and all of it

    faint, usual = t2()
    assert t2(wetness=0.92)[1] > 1.02 * usual
    assert t2(wet_edge=1.3)[0] > 1.03 * faint


def test_leaves_of_the_cerebellum_turn_some_of_its_cortex_into_fluid() -> None:
    fractions = np.zeros((len(Tissue), 40, 40, 40), np.float32)
    fractions[Tissue.WHITE] = 1.0
    fractions[Tissue.WHITE, 5:35, 5:35, 5:35] = 0.0
    fractions[Tissue.CEREBELLAR_CORTEX, 5:35, 5:35, 5:35] = 1.0
    far = np.full((40, 40, 40), 50.0, np.float32)
    _cut_folia(np.random.default_rng(0), Brain(fractions, far, far), fractions)
    fluid = fractions[Tissue.CSF]
    np.testing.assert_allclose(fractions.sum(axis=0), 1.0, atol=1e-6)
    assert fluid[fractions[Tissue.WHITE] > 0].max() == 0.0
    assert 0.2 < (fluid > 0.1).sum() / 30**3 < 0.5


@pytest.mark.parametrize("random", [0.0, 1.0], ids=["tissue priors", "random tissues"])
@pytest.mark.parametrize("grade", ["high", "low"])
def test_tumours_keep_their_side_of_white_matter(grade: Any, random: float) -> None:
    priors = replace(TRAINING.contrast, random=random)
    tables, flair = [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        contrast = draw_tissues(rng, priors)
        parts = draw_parts(rng, contrast, priors, grade)
        white, cortex = contrast.table[Tissue.WHITE], contrast.table[Tissue.CORTEX]
        low, high = (np.minimum(white, cortex), np.maximum(white, cortex)) if random else (white, white)
        np.testing.assert_allclose(white, 1.0, rtol=1e-6)
        assert parts["oedema"][FLAIR] > high[FLAIR]
        assert parts["oedema"][T2] > high[T2]
        assert parts["solid"][T1] < low[T1] * 1.0001
        assert parts["enhancing"][T1CE] > high[T1CE]
        tables.append(contrast.table)
        flair.append(parts["oedema"][FLAIR] / high[FLAIR])
    assert min(flair) < 1.3  # faint
    assert max(flair) > 1.9  # strong
    darker = np.mean([table[Tissue.CORTEX, T1] < 1.0 for table in tables])
    assert 0.3 < darker < 0.7 if random else darker > 0.9


def test_what_takes_up_nothing_looks_on_t1ce_as_on_t1() -> None:
    for seed in range(50):
        rng = np.random.default_rng(seed)
        contrast = draw_tissues(rng, ContrastPriors(gain_spread=0.0))
        parts = draw_parts(rng, contrast, replace(TRAINING.contrast, random=0.0), "low")
        for part in ("solid", "oedema", "necrosis", "cyst"):
            assert parts[part][T1CE] == pytest.approx(parts[part][T1], rel=0.1)


def test_tissues_are_divided_into_parts(brain: Brain) -> None:
    images = np.ones((4, *brain.shape), np.float32)
    _divide_tissues(np.random.default_rng(0), brain, images, 0.1)
    white = brain.share(Tissue.WHITE) > 0.99
    for image in images:
        assert 0.003 < image[white].std() < 0.2
    same = np.ones((4, *brain.shape), np.float32)
    _divide_tissues(np.random.default_rng(0), brain, same, 0.0)
    assert (same == 1.0).all()


def test_a_mismatch_is_dark_on_flair_within_a_bright_border(
    brain: Brain, round_tumour: TumourParameters, white_centre: Voxel
) -> None:
    parameters = replace(round_tumour, enhancement="none", grade="low", oedema_ml=0.0, core_ml=6.0)
    tumour = grow(np.random.default_rng(1), brain, parameters, white_centre)
    priors = replace(TRAINING.contrast, random=0.0, mismatch=1.0, blood=0.0, blur_mm=(0.3, 0.3))
    images = paint(np.random.default_rng(1), brain, tumour, priors, LookalikePriors())
    border = (tumour.depth_mm > 0) & (tumour.depth_mm < 1.5)
    deep = tumour.depth_mm > 0.8 * tumour.depth_mm.max()
    assert images[FLAIR][deep].mean() < 0.9 * images[FLAIR][border].mean()


def test_blood_is_bright_before_contrast_and_no_enhancement(
    brain: Brain, round_tumour: TumourParameters, white_centre: Voxel
) -> None:
    tumour = grow(np.random.default_rng(1), brain, replace(round_tumour, enhancement="none"), white_centre)
    core = tumour.classes == CORE
    t1 = []
    for blood in (0.0, 1.0):
        priors = replace(TRAINING.contrast, random=0.0, blood=blood)
        t1.append(paint(np.random.default_rng(1), brain, tumour, priors, LookalikePriors())[T1][core])
    assert np.percentile(t1[0], 99) < 1.05
    assert np.percentile(t1[1], 99) > 1.1


@pytest.mark.parametrize(
    ("priors", "modality", "tissue"),
    [
        (LookalikePriors(spots=1.0), FLAIR, Tissue.WHITE),
        (LookalikePriors(meninges=1.0), T1CE, Tissue.MENINGES),
        (LookalikePriors(vessels=1.0), T1CE, Tissue.WHITE),
        (LookalikePriors(flow=1.0), FLAIR, Tissue.VENTRICLE),
    ],
    ids=["spots", "meninges", "vessels", "flow"],
)
def test_look_alikes_shine_in_their_tissue(
    brain: Brain, priors: LookalikePriors, modality: int, tissue: Tissue
) -> None:
    before = np.ones((4, *brain.shape), np.float32)
    brightest = 0.0
    for seed in range(4):
        images = before.copy()
        add_lookalikes(np.random.default_rng(seed), brain, images, priors)
        brightest = max(brightest, float(images[modality][brain.share(tissue) > 0.9].max()))
        for other in {T1, T1CE, T2, FLAIR} - {modality}:
            assert images[other].max() < images[modality].max() or images[modality].max() == 1.0
    assert brightest > 1.15


def test_caps_lie_in_white_matter_beside_the_ventricles(brain: Brain) -> None:
    images = np.ones((4, *brain.shape), np.float32)
    add_caps(np.random.default_rng(0), brain, images, LookalikePriors(caps=(2.0, 2.0)))
    bright = images[FLAIR] > 1.1
    assert bright.sum() > 100
    assert brain.share(Tissue.WHITE)[bright].min() > 0.02
    assert (images[T1] == 1.0).all()


def test_look_alikes_do_not_enter_the_mask(brain: Brain) -> None:
    tumour = no_tumour(brain.shape)
    all_of_them = LookalikePriors(caps=(3.0, 3.0), spots=1.0, meninges=1.0, vessels=1.0, flow=1.0)
    images = paint(np.random.default_rng(2), brain, tumour, TRAINING.contrast, all_of_them)
    plain = paint(np.random.default_rng(2), brain, tumour, TRAINING.contrast, LookalikePriors(caps=(0.0, 0.0)))
    assert (images[FLAIR] > 1.3 * plain[FLAIR]).sum() > 100
    assert not tumour.classes.any()


def test_an_ordered_core_holds_more_water_than_the_oedema_around_it() -> None:
    priors = replace(TRAINING.contrast, ordered=1.0, random=0.0, gain_spread=0.0)
    apart = []
    for seed in range(50):
        random = np.random.default_rng(seed)
        parts = draw_parts(random, draw_tissues(random, priors), priors, "high")
        for part in ("necrosis", "solid", "cyst"):
            assert parts[part][T1] < parts["oedema"][T1]
            assert parts[part][T2] > parts["oedema"][T2]
            apart.append(parts[part][T1CE] / parts[part][T1])
    assert 0.9 < min(apart) <= max(apart) < 1.12  # what takes up no contrast agent looks the same after it
