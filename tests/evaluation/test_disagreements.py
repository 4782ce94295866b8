"""Disagreements worked out by hand, and against their definitions on random masks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, label

from brainseg_gui.errors import GridMismatchError
from brainseg_gui.evaluation.metrics.disagreements import (
    Disagreement,
    DisagreementKind,
    Disagreements,
    dice_gain,
    find_disagreements,
)
from brainseg_gui.evaluation.metrics.overlap import Counts, count
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, regions

WT, TC, ET = regions()
EVERYWHERE = np.ones((3, 3, 3), bool)
Mask = NDArray[np.bool_]


def _labels(mask: Mask, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0), value: int = 2) -> LabelMap:
    grid = Grid(mask.shape, np.diag([*spacing, 1.0]))  # type: ignore[arg-type]
    return LabelMap(mask.astype(np.uint8) * np.uint8(value), grid, scheme_named("brats2020"))


def _block(
    *boxes: tuple[tuple[int, int], tuple[int, int], tuple[int, int]], shape: tuple[int, int, int] = (40, 30, 20)
) -> Mask:
    mask = np.zeros(shape, bool)
    for box in boxes:
        mask[tuple(slice(*ends) for ends in box)] = True
    return mask


def _find(reference: Mask, prediction: Mask, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Disagreements:
    return find_disagreements(_labels(reference, spacing), _labels(prediction, spacing), WT)


def _corrected(prediction: Mask, piece: Disagreement) -> Mask:
    corrected = prediction.copy()
    corrected[piece.box][piece.inside] = piece.kind.missed
    return corrected


# --- by hand ----------------------------------------------------------------------------------------------------


def test_a_missed_lesion_a_false_lesion_and_a_bite() -> None:
    body, bite = ((5, 15), (5, 15), (5, 15)), ((10, 15), (5, 15), (5, 15))
    missed, false = ((25, 28), (5, 8), (5, 8)), ((32, 35), (20, 24), (5, 7))
    reference = _block(body, missed)
    prediction = _block(body, false) & ~_block(bite)
    found = _find(reference, prediction)
    assert found.dice == pytest.approx(2 * 500 / (1027 + 524))
    assert [piece.kind for piece in found] == [
        DisagreementKind.MISSED_PART,
        DisagreementKind.MISSED_LESION,
        DisagreementKind.FALSE_LESION,
    ]
    part, lost, extra = found
    assert (part.voxels, lost.voxels, extra.voxels) == (500, 27, 24)
    assert part.ml == pytest.approx(0.5)
    # 5 voxels thick: the middle layer is 3 mm from the nearest voxel outside
    assert part.depth_mm == pytest.approx(3.0)
    assert part.centre[0] == 12
    assert (lost.centre, lost.depth_mm) == ((26, 6, 6), 2.0)
    assert extra.depth_mm == 1.0
    assert lost.box == (slice(25, 28), slice(5, 8), slice(5, 8))
    # 2b/(r+p): b = 500, r = 1027, p = 524
    assert part.cost == pytest.approx(2 * 1000 / (1027 + 1024) - 1000 / 1551)
    assert lost.cost == pytest.approx(2 * 527 / (1027 + 551) - 1000 / 1551)
    assert extra.cost == pytest.approx(1000 / (1027 + 500) - 1000 / 1551)
    assert (part.words, lost.words, extra.words) == ("missed part", "missed lesion", "false lesion")


def test_a_rim_with_a_deep_bite_is_taken_apart() -> None:
    """One layer is missed all round, and in one corner ten voxels deep: one connected component, two mistakes."""
    body, inner = ((4, 36), (4, 26), (2, 18)), ((5, 35), (5, 25), (3, 17))
    reference = _block(body)
    prediction = _block(inner) & ~_block(((25, 36), (15, 26), (2, 18)))
    assert label(reference & ~prediction, EVERYWHERE)[1] == 1
    rim, bite = sorted(_find(reference, prediction), key=lambda piece: piece.depth_mm)
    assert (rim.words, bite.words) == ("missed rim", "missed part")
    assert rim.depth_mm == 1.0
    assert bite.depth_mm == 6.0
    assert rim.voxels + bite.voxels == (reference & ~prediction).sum()
    i, j, _k = bite.centre
    assert i >= 25
    assert j >= 15
    assert bite.box[0].start >= 25 - 3
    assert bite.box[1].start >= 15 - 3


def test_a_lesion_is_one_piece_whatever_its_shape() -> None:
    dumbbell = _block(((2, 12), (2, 12), (2, 12)), ((12, 25), (6, 7), (6, 7)), ((25, 35), (2, 12), (2, 12)))
    (piece,) = _find(dumbbell, np.zeros_like(dumbbell))
    assert piece.kind is DisagreementKind.MISSED_LESION
    assert piece.voxels == dumbbell.sum()
    assert piece.cost == 1.0


def test_touching_without_a_common_voxel_is_both_missed_and_false() -> None:
    found = _find(_block(((5, 10), (5, 10), (5, 10))), _block(((10, 15), (5, 10), (5, 10))))
    assert {piece.kind for piece in found} == {DisagreementKind.MISSED_LESION, DisagreementKind.FALSE_LESION}


def test_a_voxel_that_touches_agreement_at_a_corner_belongs_to_its_border() -> None:
    body = _block(((5, 10), (5, 10), (5, 10)))
    corner = _block(((10, 11), (10, 11), (10, 11)))
    (piece,) = _find(body, body | corner)
    assert (piece.kind, piece.words, piece.centre) == (DisagreementKind.FALSE_PART, "false rim", (10, 10, 10))


def test_depth_is_in_millimetres_of_anisotropic_voxels() -> None:
    lesion = _block(((5, 12), (5, 12), (5, 10)))
    (piece,) = _find(lesion, np.zeros_like(lesion), spacing=(0.5, 1.0, 3.0))
    assert piece.depth_mm == pytest.approx(4 * 0.5)  # out along i, four voxels from the middle one
    assert piece.ml == pytest.approx(7 * 7 * 5 * 1.5 / 1000)


def test_a_lesion_at_the_border_of_the_volume_ends_there() -> None:
    lesion = _block(((0, 3), (0, 30), (0, 20)))
    (piece,) = _find(lesion, np.zeros_like(lesion))
    assert piece.depth_mm == 2.0
    assert piece.centre[0] == 1


def test_regions_are_compared_by_meaning() -> None:
    shape = (10, 10, 10)
    values = np.zeros(shape, np.uint8)
    values[2:6, 2:6, 2:6] = 4
    grid = Grid(shape, np.eye(4))
    reference = LabelMap(values, grid, scheme_named("brats2020"))
    same = LabelMap(np.where(values == 4, 3, 0).astype(np.uint8), grid, scheme_named("brats2023"))
    assert [len(find_disagreements(reference, same, region)) for region in regions()] == [0, 0, 0]
    oedema = LabelMap(np.where(values == 4, 2, 0).astype(np.uint8), grid, scheme_named("brats2023"))
    assert [len(find_disagreements(reference, oedema, region)) for region in regions()] == [0, 1, 1]


@pytest.mark.parametrize("empty", ["both", "reference", "prediction"])
def test_empty_masks(empty: str) -> None:
    lesion, nothing = _block(((5, 8), (5, 8), (5, 8))), _block()
    reference = nothing if empty in ("both", "reference") else lesion
    prediction = nothing if empty in ("both", "prediction") else lesion
    found = _find(reference, prediction)
    assert found.dice == (1.0 if empty == "both" else 0.0)
    assert [piece.cost for piece in found] == ([] if empty == "both" else [1.0])


def test_the_gain_of_the_last_false_voxel_is_one() -> None:
    assert dice_gain(Counts(0, 0, 5), 5, missed=False) == 1.0
    assert dice_gain(Counts(0, 0, 5), 4, missed=False) == 0.0


def test_other_grids_are_refused() -> None:
    with pytest.raises(GridMismatchError):
        find_disagreements(_labels(_block()), _labels(_block(shape=(39, 30, 20))), WT)


# --- many -------------------------------------------------------------------------------------------------------


def test_a_long_list_is_cut_and_says_what_it_leaves_out() -> None:
    prediction = np.zeros((40, 30, 20), bool)
    prediction[::2, ::2, ::2] = True  # 3,000 single voxels
    prediction[0:2, 0:2, 0:2] = True  # joins eight of them: 2,993 pieces
    found = find_disagreements(_labels(_block()), _labels(prediction), WT, limit=100)
    assert len(found) == 100
    assert found.left_out == 2893
    assert found.pieces[0].voxels == 8 + 7
    assert found.left_out_ml == pytest.approx(2.893)


def test_half_a_million_single_voxels_do_not_explode() -> None:
    prediction = np.zeros((160, 160, 160), bool)
    prediction[::2, ::2, ::2] = True
    found = _find(np.zeros_like(prediction), prediction)
    assert len(found) + found.left_out == 80**3


# --- against the definitions ------------------------------------------------------------------------------------


def _random_pair(seed: int) -> tuple[Mask, Mask]:
    """Blobs that are moved, cut and sprinkled with single voxels."""
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(seed)
    field = gaussian_filter(random.standard_normal((36, 28, 24)), 2.5)
    other = gaussian_filter(random.standard_normal(field.shape), 2.5)
    reference = field > np.quantile(field, 0.8)
    mixed = field + random.uniform(0.2, 1.0) * other
    prediction = mixed > np.quantile(mixed, 0.8)
    return reference, prediction ^ (random.random(field.shape) < 0.003)


@pytest.fixture(params=range(12))
def random_pair(request: pytest.FixtureRequest) -> tuple[Mask, Mask]:
    return _random_pair(request.param)


def test_the_pieces_are_the_whole_difference_and_correcting_all_gives_dice_1(random_pair: tuple[Mask, Mask]) -> None:
    reference, prediction = random_pair
    corrected, seen = prediction, np.zeros(prediction.shape, int)
    pieces = _all(reference, prediction)
    for piece in pieces:
        corrected = _corrected(corrected, piece)
        seen[piece.box] += piece.inside
    assert count(reference, corrected).dice == 1.0
    np.testing.assert_array_equal(seen, (reference ^ prediction).astype(int))


def test_a_cost_is_what_correcting_that_piece_alone_gains(random_pair: tuple[Mask, Mask]) -> None:
    reference, prediction = random_pair
    before = count(reference, prediction).dice
    pieces = _all(reference, prediction).pieces
    assert len(pieces) > 10
    for piece in pieces:
        assert count(reference, _corrected(prediction, piece)).dice - before == pytest.approx(piece.cost, abs=1e-12)
    costs = [piece.cost for piece in pieces]
    assert costs == sorted(costs, reverse=True)


def test_kinds_follow_their_definition(random_pair: tuple[Mask, Mask]) -> None:
    reference, prediction = random_pair
    lesions = {True: label(reference, EVERYWHERE)[0], False: label(prediction, EVERYWHERE)[0]}
    for piece in _all(reference, prediction):
        mine, other = lesions[piece.kind.missed], prediction if piece.kind.missed else reference
        lesion = mine == mine[piece.centre]
        alone = not (lesion & other).any()
        assert alone == (piece.kind in (DisagreementKind.MISSED_LESION, DisagreementKind.FALSE_LESION))
        if alone:
            assert piece.voxels == lesion.sum()


def test_the_centre_is_the_deepest_voxel_and_lies_inside(random_pair: tuple[Mask, Mask]) -> None:
    reference, prediction = random_pair
    spacing = (1.0, 0.7, 2.0)
    for wrong in (True, False):
        depth = distance_transform_edt(
            np.pad(reference & ~prediction if wrong else prediction & ~reference, 1), sampling=spacing
        )[1:-1, 1:-1, 1:-1]
        for piece in find_disagreements(_labels(reference, spacing), _labels(prediction, spacing), WT, limit=10_000):
            if piece.kind.missed is wrong:
                assert piece.depth_mm == pytest.approx(piece.taken_from(depth).max())
                assert depth[piece.centre] == pytest.approx(piece.depth_mm)
                corner = [part.start for part in piece.box]
                assert piece.inside[tuple(np.subtract(piece.centre, corner))]


@pytest.mark.parametrize("turn", [lambda a: a.transpose(2, 0, 1), lambda a: a[::-1, :, ::-1]], ids=["axes", "flip"])
def test_the_way_the_voxels_lie_in_memory_changes_nothing(turn: Callable[[Mask], Mask]) -> None:
    reference, prediction = _random_pair(3)
    straight = sorted((p.words, p.voxels) for p in _all(reference, prediction))
    assert sorted((p.words, p.voxels) for p in _all(turn(reference), turn(prediction))) == straight


def _all(reference: Mask, prediction: Mask) -> Disagreements:
    found = find_disagreements(_labels(reference), _labels(prediction), WT, limit=10_000)
    assert found.left_out == 0
    return found
