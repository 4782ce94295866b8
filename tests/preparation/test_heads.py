"""Where the brain is and what an image shows, with stand-ins for the networks whose answers are known."""

from __future__ import annotations

from collections.abc import Generator
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.errors import ImageError
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.heads.bites import bitten_off, other_half
from brainseg_gui.preparation.heads.contrast import agent_chance, contrast_gain, guess_contrast, shine
from brainseg_gui.preparation.heads.field import SHAPE, normalised, on_field
from brainseg_gui.preparation.heads.shells import SHARES, shell_shares
from brainseg_gui.preparation.heads.skull import brain_mask, brain_of, vote
from brainseg_gui.progress import Progress, run_to_end

Array = np.ndarray[Any, Any]
SPACING = (1.8, 2.2, 5.5)
RADIUS_MM, SCALP_MM = 60.0, 78.0


def finds_bright(batch: Array) -> Generator[Progress, None, Array]:
    """A network that takes what is brighter than the mean of the head for brain."""
    yield Progress("inferring", 0.5)
    inside = 1.0 / (1.0 + np.exp(-20.0 * (batch[..., 0] - 1.0)))
    return np.stack((1.0 - inside, inside), axis=-1).astype(np.float32)


def ball_head(shape: tuple[int, int, int] = (90, 84, 34), middle_mm: tuple[float, ...] = (3.0, -4.0, 6.0)) -> Array:
    """A bright ball within a darker one, in RAS order."""
    indices = np.indices(shape) - (np.array(shape).reshape(3, 1, 1, 1) - 1) / 2
    place = indices * np.array(SPACING).reshape(3, 1, 1, 1) - np.array(middle_mm).reshape(3, 1, 1, 1)
    distance = np.sqrt(np.square(place).sum(axis=0))
    return np.where(distance < RADIUS_MM, 900, np.where(distance < SCALP_MM, 300, 2)).astype(np.int16)


def affine_of(turn_deg: float = 0.0) -> Array:
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.diag(SPACING)
    return affine


def dice(first: Array, second: Array) -> float:
    return 2.0 * float((first & second).sum()) / float(first.sum() + second.sum())


ORIENTATIONS = list(product(permutations(range(3)), product((1, -1), repeat=3)))


@pytest.mark.parametrize(("order", "flips"), ORIENTATIONS[::5])
def test_the_brain_is_found_in_the_images_own_order_of_axes(order: tuple[int, ...], flips: tuple[int, ...]) -> None:
    ras, affine = ball_head(), affine_of(8.0)
    step = tuple(slice(None, None, flip) for flip in flips)
    turned = np.eye(4)
    for axis, (source, flip) in enumerate(zip(order, flips, strict=True)):
        turned[:3, axis] = affine[:3, source] * flip
    image = ras.transpose(order)[step]
    found = run_to_end(brain_mask(image, turned, finds_bright))
    assert found.mask.shape == image.shape
    assert dice(found.mask, image == 900) > 0.98
    assert found.volume_ml == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3 / 1000, rel=0.03)


def test_a_sharp_brain_of_usual_size_leaves_no_doubt_and_a_small_one_does() -> None:
    affine = affine_of()
    found = run_to_end(brain_mask(ball_head(), affine, finds_bright))
    assert found.certainty > 0.95
    assert found.doubts == ()
    small = np.diag((*np.diag(affine)[:3] * 0.7, 1.0))
    assert "900 to 2,100 ml are usual" in run_to_end(brain_mask(ball_head(), small, finds_bright)).doubts[0]


def test_only_the_largest_part_counts_and_its_holes_are_filled() -> None:
    head = ball_head()
    brain = head == 900
    head[40:50, 38:46, 16:19] = 2
    head[4:9, 4:9, 28:31] = 900
    found = run_to_end(brain_mask(head, affine_of(), finds_bright)).mask
    assert found[45, 42, 17]
    assert not found[:12, :12].any()
    assert dice(found, brain) > 0.97


def test_where_no_brain_is_found_that_is_said() -> None:
    def finds_nothing(batch: Array) -> Generator[Progress, None, Array]:
        yield from ()
        return np.stack((np.ones(batch.shape[:4]), np.zeros(batch.shape[:4])), axis=-1).astype(np.float32)

    found = run_to_end(brain_mask(ball_head(), affine_of(), finds_nothing))
    assert not found.mask.any()
    assert found.doubts == ("No brain was found in this image",)


@pytest.mark.parametrize("image", [np.zeros((9, 9, 9)), np.full((9, 9, 9), np.nan), np.zeros((9, 9))])
def test_what_is_no_head_is_refused_in_words(image: Array) -> None:
    with pytest.raises(ImageError, match="Choose another series"):
        run_to_end(brain_mask(image, affine_of(), finds_bright))


def test_finding_the_brain_can_be_cancelled_at_every_step() -> None:
    steps = sum(1 for _ in brain_mask(ball_head(), affine_of(), finds_bright))
    assert steps >= 4
    for count in range(1, steps + 1):
        work = brain_mask(ball_head(), affine_of(), finds_bright)
        for _ in range(count):
            next(work)
        work.close()


def test_a_series_that_hardly_shows_the_brain_does_not_outvote_one_that_does() -> None:
    truth = ball_head()[::2, ::2] == 900
    good, bad = np.where(truth, 0.8, 0.1).astype(np.float32), np.full(truth.shape, 0.02, np.float32)
    assert dice(vote([good, bad, bad], [0.97, 0.8, 0.7]), truth) == 1.0
    assert not vote([good, bad, bad], [0.97, 0.97, 0.97]).any()


def test_a_series_has_no_vote_beyond_its_end() -> None:
    whole = np.zeros((20, 20, 20), np.float32)
    whole[5:15, 5:15, 4:16] = 1.0
    shown = np.zeros_like(whole)
    shown[:, :, 10:] = 1.0
    assert not vote([whole, whole * shown], [0.9, 0.95])[10, 10, 6], "it had"
    found = vote([whole, whole * shown], [0.9, 0.95], [None, shown])
    assert np.array_equal(found, whole == 1.0)
    other = np.roll(whole, 4, axis=0)
    assert np.array_equal(
        vote([whole, other], [0.8, 0.95], [None, np.ones_like(whole)]), vote([whole, other], [0.8, 0.95])
    )


def test_the_field_holds_the_top_of_a_head_that_is_longer_than_it() -> None:
    head = np.zeros((60, 60, 140), np.float32)
    head[10:50, 10:50, 2:136] = 1.0
    field = on_field(head, (4.0, 4.0, 3.0))
    top = np.flatnonzero(field.values.any(axis=(0, 1)))[-1]
    assert SHAPE[2] - 8 < top < SHAPE[2] - 1


def test_intensities_do_not_depend_on_the_scanners_scale() -> None:
    head = ball_head().astype(np.float32)
    assert np.allclose(normalised(head), normalised(37.0 * head), atol=1e-5)


def test_air_may_lie_below_nothing() -> None:
    head = ball_head().astype(np.float32)
    zscores = (head - head.mean()) / head.std()
    found = run_to_end(brain_mask(zscores, affine_of(), finds_bright))
    assert dice(found.mask, head == 900) > 0.98


def test_what_an_image_shows_is_what_the_network_says_of_the_shells_around_the_brains_edge() -> None:
    seen = []

    def says(batch: Array) -> Generator[Progress, None, Array]:
        yield Progress("inferring", 0.5)
        seen.append(batch)
        return np.array([0.1, 0.2, 0.6, 0.1, 0.0], np.float32).reshape(1, 1, 1, 1, 5)

    head = ball_head()
    brain = run_to_end(brain_mask(head, affine_of(), finds_bright))
    guess = run_to_end(guess_contrast(brain.field, brain.coarse > 0.5, says))
    assert seen[0].shape == (1, 1, 1, 1, SHARES)
    assert guess.best is Modality.T2
    assert guess.certainty == pytest.approx(0.6, abs=1e-3)
    assert guess.probabilities[None] == pytest.approx(0.0, abs=1e-3)


def test_what_stands_out_of_a_brain_tells_of_contrast_agent_whatever_the_scale() -> None:
    """The middle two thirds of 10,000 even steps are 6,800 wide, so that 20,400 above the middle is 3 of it.

    The outermost voxels of the brain may shine as they like.
    """

    def rimmed(brightest: float) -> NDArray[np.float32]:
        steps = np.linspace(0.0, 10_000.0, 10_000, dtype=np.float32)
        steps[-20:] = np.maximum(steps[-20:], brightest)
        return np.pad(steps.reshape(10, 25, 40), 1, constant_values=90_000.0)

    plain, bright = rimmed(0.0), rimmed(5_000.0 + 3 * 6_800.0)
    brain = np.ones(plain.shape, bool)
    assert shine(plain, brain) == pytest.approx(0.499 / 0.68, abs=1e-3)
    assert shine(bright, brain) == pytest.approx(3.0, abs=0.01)
    assert shine(0.01 * bright + 7.0, brain) == pytest.approx(3.0, abs=0.01)
    assert agent_chance(bright, brain) > 0.98
    assert agent_chance(plain, brain) < 0.02
    assert agent_chance(bright, np.zeros_like(brain)) == pytest.approx(0.5), "nothing is seen of it"


def shells_of(field: Array, brain: Array) -> Array:
    """Shares as such, a row for each shell from the outermost."""
    return np.square(shell_shares(field.astype(np.float32), brain)).reshape(6, -1)


def test_shells_tell_how_bright_it_is_at_each_distance_from_the_brains_edge_whatever_the_scale() -> None:
    away = np.sqrt(np.square(np.indices(SHAPE) - np.array([32, 40, 40]).reshape(3, 1, 1, 1)).sum(axis=0))
    brain = away < 20
    head = np.where(brain, 1.0, np.where(away < 23, 0.3, 3.0))
    shells = shells_of(head, brain)
    assert shells.sum(axis=1) == pytest.approx(np.ones(6))
    assert shells[0].argmax() > shells[5].argmax() > shells[2].argmax()
    assert np.array_equal(shells_of(0.5 * head, brain), shells)
    stripped = shells_of(np.where(brain, head, 0.0), brain)
    assert stripped[0, 0] == pytest.approx(1.0)
    assert stripped[1, 0] > 0.9
    assert not shells_of(head, np.zeros(SHAPE, bool)).any()


def test_a_voxel_that_is_rather_not_brain_still_counts_as_brain() -> None:
    said = np.zeros(SHAPE, np.float32)
    said[10:50, 10:50, 10:50] = 0.35
    said[20:40, 20:40, 20:40] = 0.9
    found = brain_of(said)
    assert np.array_equal(found > 0.5, said > 0.3)
    assert found.max() > 0.9
    assert not brain_of(np.where(said == np.float32(0.35), np.float32(0.25), said))[12, 12, 12] > 0.5


def test_of_two_t1_the_one_in_which_little_shines_was_taken_after_contrast_agent() -> None:
    rng = np.random.default_rng(4)
    tissue = rng.normal(100.0, 12.0, (30, 30, 30))
    mask = np.ones(tissue.shape, bool)
    vessels = rng.random(tissue.shape) < 0.03
    plain = tissue + rng.normal(0.0, 3.0, tissue.shape)
    enhanced = 2.5 * (tissue + rng.normal(0.0, 3.0, tissue.shape) + 90.0 * vessels) + 40.0
    assert contrast_gain(plain, enhanced, mask) > 1.0
    assert contrast_gain(enhanced, plain, mask) < -1.0
    repeated = 1.3 * (tissue + rng.normal(0.0, 3.0, tissue.shape))
    assert abs(contrast_gain(plain, repeated, mask)) < 0.3
    assert contrast_gain(plain, enhanced, np.zeros_like(mask)) == 0.0


def ellipsoid(turn_deg: float = 0.0, shift: float = 0.0) -> Array:
    """A brain on the field, turned about the axis from foot to head and moved to one side."""
    places = np.indices(SHAPE).reshape(3, -1) - np.array([32.0 + shift, 40.0, 40.0])[:, None]
    angle = np.deg2rad(turn_deg)
    across = np.cos(angle) * places[0] + np.sin(angle) * places[1]
    along = np.cos(angle) * places[1] - np.sin(angle) * places[0]
    return ((across / 21) ** 2 + (along / 28) ** 2 + (places[2] / 23) ** 2 <= 1).reshape(SHAPE)


@pytest.mark.parametrize(("turn_deg", "shift"), [(0.0, 0.0), (9.0, 3.0)])
def test_a_tumour_at_the_cortex_that_is_taken_for_skull_is_kept(turn_deg: float, shift: float) -> None:
    whole = ellipsoid(turn_deg, shift)
    i, j, k = np.indices(SHAPE)
    tumour = whole & ((i - 48 - shift) ** 2 + (j - 42) ** 2 + (k - 44) ** 2 < 7**2)
    image = np.where(tumour, 2.2, np.where(whole, 1.0, 0.1)).astype(np.float32)
    lost = tumour & ~bitten_off(whole & ~tumour, image)
    assert tumour.sum() > 400
    assert lost.sum() < 0.12 * tumour.sum()
    assert not bitten_off(whole, image).any()
    dark = np.where(tumour, 0.1, image).astype(np.float32)  # air or bone: a hole where a flap of skull lies
    assert not bitten_off(whole & ~tumour, dark).any()


def test_no_brain_has_no_bites() -> None:
    nothing = np.zeros(SHAPE, bool)
    assert not bitten_off(nothing, np.ones(SHAPE, np.float32)).any()


@pytest.mark.parametrize("middle", [31.5, 30.0, 33.2])
def test_the_mirror_image_of_a_brain_lies_on_it(middle: float) -> None:
    """Else one side lacks what it has, and the other is not missed what it lacks."""
    i, j, k = np.indices(SHAPE)
    brain = ((i - middle) / 21) ** 2 + ((j - 40) / 27) ** 2 + ((k - 40) / 25) ** 2 <= 1
    other = other_half(brain) > 0.5
    assert abs(float(np.argwhere(other)[:, 0].mean() - np.argwhere(brain)[:, 0].mean())) < 0.7
