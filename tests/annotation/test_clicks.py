"""Clicks: what the images alone make of them, what may change, and what voxels become."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.annotation.slab import Area, LabelChange
from brainseg_gui.annotation.tools.click_answers import begins_lesion, change_towards, heeds
from brainseg_gui.annotation.tools.clicks import (
    SURROUNDINGS_MM,
    from_images,
    grown_from_hint,
    joined_or_left,
    near_hint,
    spoken_of,
)
from brainseg_gui.imaging.box import whole_box
from brainseg_gui.imaging.hints import NESTED_REGIONS, Hint, distance_mm
from brainseg_gui.imaging.labelling.known_schemes import label_schemes, scheme_named
from brainseg_gui.imaging.labels import LabelScheme, region_named
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.progress import run_to_end

SHAPE = (40, 36, 32)
CENTRE = (20, 18, 16)
SPACING = (1.5, 1.5, 1.5)
BRATS = scheme_named("brats2020")  # NCR 1, ED 2, ET 4

VolumeOf = Callable[..., Volume]
Volumes = dict[Modality, Volume]


def ball(centre: tuple[int, int, int], radius: float) -> NDArray[np.bool_]:
    return distance_mm([centre], whole_box(SHAPE), (1.0, 1.0, 1.0)) <= radius


@pytest.fixture
def bright_ball(volume_of: VolumeOf) -> Volumes:
    """A lesion of 8 voxels' radius on two modalities, with noise, in a head that fills the grid."""
    noise = np.random.default_rng(0).normal(0, 6, (2, *SHAPE))
    lesion = ball(CENTRE, 8)
    images = (100 + 80 * lesion + noise[0], 150 - 60 * lesion + noise[1])
    names = (Modality.FLAIR, Modality.T1)
    volumes = [volume_of(np.asarray(image, np.float32), spacing=SPACING) for image in images]
    return dict(zip(names, volumes, strict=True))


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def test_one_click_from_nothing_finds_the_lesion_under_it(bright_ball: Volumes) -> None:
    area = run_to_end(grown_from_hint(bright_ball, np.zeros(SHAPE, bool), Hint("WT", True, (CENTRE,))))
    assert area is not None
    assert dice(area.on_grid(SHAPE), ball(CENTRE, 8)) > 0.9


def test_one_click_takes_away_what_does_not_belong_there(bright_ball: Volumes) -> None:
    mine = ball(CENTRE, 8) | ball((20, 31, 16), 4)
    area = run_to_end(grown_from_hint(bright_ball, mine, Hint("WT", False, ((20, 31, 16),))))
    assert area is not None
    assert not (area.on_grid(SHAPE) & ~mine).any()
    assert dice(mine & ~area.on_grid(SHAPE), ball(CENTRE, 8)) > 0.95


def test_an_island_that_is_within_reach_goes_as_a_whole(bright_ball: Volumes) -> None:
    island = ball((8, 8, 8), 3)
    area = run_to_end(grown_from_hint(bright_ball, island, Hint("WT", False, ((8, 8, 8),))))
    assert area is not None
    assert (area.on_grid(SHAPE) == island).all()


def test_where_the_contrary_was_said_before_nothing_changes(bright_ball: Volumes) -> None:
    said = Hint("WT", False, ((24, 18, 16),))
    area = run_to_end(grown_from_hint(bright_ball, np.zeros(SHAPE, bool), Hint("WT", True, (CENTRE,)), [said]))
    assert area is not None
    found = area.on_grid(SHAPE)
    assert found[CENTRE]
    assert not found[24, 18, 16]


def test_nothing_outside_of_a_box_changes(bright_ball: Volumes) -> None:
    box = (slice(14, 27), slice(8, 29), slice(6, 27))
    area = run_to_end(grown_from_hint(bright_ball, np.zeros(SHAPE, bool), Hint("WT", True, (CENTRE,), box)))
    assert area is not None
    found = area.on_grid(SHAPE)
    assert found.any()
    found[box] = False
    assert not found.any()


def test_a_click_speaks_of_the_region_of_the_label_in_the_hand() -> None:
    assert [spoken_of(BRATS, label) for label in (1, 2, 4)] == ["TC", "WT", "ET"]
    assert spoken_of(scheme_named("brats2023"), 4) == "RC"
    assert spoken_of(scheme_named("brats-ped"), 3) == "TC"  # cystic
    assert spoken_of(scheme_named("whole-tumour"), 1) == "WT"


def test_a_structure_that_is_in_no_region_is_found_by_itself(bright_ball: Volumes) -> None:
    scheme = scheme_named("brats2023")
    values = np.where(ball((26, 18, 16), 3), 2, 0).astype(np.uint8)
    change = run_to_end(from_images(bright_ball, values, scheme, [Hint("RC", True, ((18, 18, 16),))]))
    after = applied(values, change)
    assert dice(after == 4, ball(CENTRE, 8)) > 0.9
    gone = run_to_end(from_images(bright_ball, after, scheme, [Hint("RC", False, ((18, 18, 16),))]))
    assert not (applied(after, gone) == 4).any()


@pytest.mark.parametrize("said", [Hint("RC", False, ((26, 18, 16),)), Hint("ET", True, ((26, 18, 16),))])
def test_a_structure_goes_no_further_than_what_was_called_something_else(bright_ball: Volumes, said: Hint) -> None:
    scheme, values = scheme_named("brats2023"), np.zeros(SHAPE, np.uint8)
    hint = Hint("RC", True, ((16, 18, 16),))
    bounded = applied(values, run_to_end(from_images(bright_ball, values, scheme, [said, hint]))) == 4
    unbounded = applied(values, run_to_end(from_images(bright_ball, values, scheme, [hint]))) == 4
    assert bounded[16, 18, 16]
    assert not bounded[26, 18, 16]
    assert dice(unbounded, ball(CENTRE, 8)) > 0.9
    assert np.count_nonzero(bounded) < 0.8 * np.count_nonzero(unbounded)


def test_another_click_makes_a_structure_larger_and_one_that_takes_away_leaves_what_was_pointed_at(
    bright_ball: Volumes,
) -> None:
    scheme = scheme_named("brats2023")
    first, second = Hint("RC", True, ((20, 18, 16),)), Hint("RC", True, ((6, 18, 16),))
    values = np.where(ball(CENTRE, 3), 4, 0).astype(np.uint8)
    larger = applied(values, run_to_end(from_images(bright_ball, values, scheme, [first, second])))
    assert larger[6, 18, 16] == 4
    assert (larger == 4)[ball(CENTRE, 3)].all()
    too_much = Hint("RC", False, ((24, 18, 16),))
    values = np.where(ball(CENTRE, 8), 4, 0).astype(np.uint8)
    less = applied(values, run_to_end(from_images(bright_ball, values, scheme, [first, too_much])))
    assert less[24, 18, 16] == 0
    assert less[20, 18, 16] == 4


def test_a_click_into_the_region_adds_nothing(bright_ball: Volumes) -> None:
    assert run_to_end(grown_from_hint(bright_ball, np.ones(SHAPE, bool), Hint("WT", True, (CENTRE,)))) is None


def test_only_what_touches_the_surroundings_of_a_hint_changes() -> None:
    changed = ball((20, 18, 16), 2) | ball((20, 24, 16), 3) | ball((5, 5, 5), 3)
    near = near_hint(changed, whole_box(SHAPE), Hint("WT", True, ((20, 15, 16),)), (1.0, 1.0, 1.0))
    numbers_far = ball((5, 5, 5), 3)
    assert near[20, 18, 16]
    assert near[20, 27, 16]  # farther than the surroundings, but of the part that touches them
    assert not (near & numbers_far).any()
    assert SURROUNDINGS_MM < 9


@pytest.mark.parametrize(
    ("region", "adds", "becomes"),
    [
        ("WT", True, {0: 2, 1: 1, 2: 2, 4: 4}),
        ("TC", True, {0: 1, 1: 1, 2: 1, 4: 4}),
        ("ET", True, {0: 4, 1: 4, 2: 4, 4: 4}),
        ("WT", False, {0: 0, 1: 0, 2: 0, 4: 0}),
        ("TC", False, {0: 0, 1: 2, 2: 2, 4: 2}),
        ("ET", False, {0: 0, 1: 1, 2: 2, 4: 1}),
    ],
)
def test_what_joins_or_leaves_a_region_becomes(region: str, adds: bool, becomes: dict[int, int]) -> None:
    values = np.array([0, 1, 2, 4], np.uint8).reshape(4, 1, 1)
    area = Area(whole_box(values.shape), np.ones(values.shape, bool))
    change = joined_or_left(values, BRATS, Hint(region, adds, ((0, 0, 0),)), area)
    assert change is not None
    after = values.copy()
    np.copyto(after[change.slab], change.labels, where=change.mask)
    assert {int(a): int(b) for a, b in zip(values.ravel(), after.ravel(), strict=True)} == becomes


def applied(values: NDArray[np.uint8], change: LabelChange | None) -> NDArray[np.uint8]:
    after = values.copy()
    if change is not None:
        np.copyto(after[change.slab], change.labels, where=change.mask)
    return after


def test_a_change_towards_other_regions_keeps_to_the_hint_and_knows_the_scheme() -> None:
    values = np.zeros(SHAPE, np.uint8)
    wanted = {"WT": ball(CENTRE, 8), "TC": ball(CENTRE, 5), "ET": ball(CENTRE, 3)}
    far = ball((4, 4, 4), 2)
    wanted["WT"] = wanted["WT"] | far
    change = change_towards(values, BRATS, whole_box(SHAPE), wanted, Hint("ET", True, (CENTRE,)), SPACING)
    after = applied(values, change)
    assert (after[far] == 0).all()
    assert ((after == 4) == wanted["ET"]).all()
    assert (np.isin(after, (1, 4)) == wanted["TC"]).all()
    assert ((after > 0) == (wanted["WT"] & ~far)).all()


@pytest.mark.parametrize("region", NESTED_REGIONS)
def test_the_images_alone_leave_a_cavity_unless_it_is_pointed_at(bright_ball: Volumes, region: str) -> None:
    scheme = scheme_named("brats2023")  # 4 is a cavity
    cavity = ball((CENTRE[0] + 3, *CENTRE[1:]), 3)
    values = np.where(cavity, 4, 0).astype(np.uint8)
    beside = Hint(region, True, ((CENTRE[0] - 4, *CENTRE[1:]),))
    after = applied(values, run_to_end(from_images(bright_ball, values, scheme, [beside])))
    assert (after[cavity] == 4).all()
    assert np.count_nonzero(after[~cavity]) > 100
    within = Hint(region, True, ((CENTRE[0] + 3, *CENTRE[1:]),))
    after = applied(values, run_to_end(from_images(bright_ball, values, scheme, [within])))
    assert scheme.look_up(region_named(region))[after[within.voxels_ijk[0]]]


def test_labels_that_are_in_no_region_stay() -> None:
    scheme = scheme_named("brats2023")  # 4 is a cavity
    values = np.where(ball(CENTRE, 3), 4, 0).astype(np.uint8)
    wanted = {"WT": ball(CENTRE, 8), "TC": ball(CENTRE, 8), "ET": ball(CENTRE, 8)}
    change = change_towards(values, scheme, whole_box(SHAPE), wanted, Hint("ET", True, (CENTRE,)), SPACING)
    after = applied(values, change)
    assert (after[values == 4] == 4).all()
    assert np.count_nonzero(after == 3)


@pytest.mark.parametrize("region", NESTED_REGIONS)
def test_a_lesion_begun_beside_another_takes_nothing_of_it(region: str) -> None:
    values = np.where(ball(CENTRE, 6), 2, 0).astype(np.uint8)
    values[ball(CENTRE, 4)], values[ball(CENTRE, 2)] = 1, 4
    beside = (CENTRE[0] + 9, *CENTRE[1:])
    wanted = dict.fromkeys(NESTED_REGIONS, ball(beside, 4))  # it forgets the other one
    hint = Hint(region, True, (beside,))
    after = applied(values, change_towards(values, BRATS, whole_box(SHAPE), wanted, hint, SPACING))
    for key in NESTED_REGIONS:
        table = BRATS.look_up(region_named(key))
        assert table[after][table[values]].all()
    assert (after[ball(beside, 2)] == 4).all()


def test_beside_a_lesion_it_is_that_lesion_which_is_meant() -> None:
    """Within 8 mm, whatever the voxels; begun anew, the lesion's own tissues were drawn over (TC .775 to .520)."""
    values = np.zeros((40, 40, 12), np.uint8)
    values[20, 20, 6] = 2
    spacing = (1.0, 1.0, 4.0)
    for voxel, begins in (((28, 20, 6), False), ((29, 20, 6), True), ((20, 20, 8), False), ((20, 20, 9), True)):
        assert begins_lesion(Hint("WT", True, (voxel,)), values, spacing) is begins
    assert not begins_lesion(Hint("WT", False, ((0, 0, 0),)), values, spacing)
    assert not begins_lesion(Hint("WT", True, ((0, 0, 0), (20, 20, 6))), values, spacing)


def test_nothing_changes_where_the_regions_are_as_wanted() -> None:
    values = np.where(ball(CENTRE, 6), 2, 0).astype(np.uint8)
    empty = np.zeros(SHAPE, bool)
    wanted = {"WT": ball(CENTRE, 6), "TC": empty, "ET": empty}
    assert change_towards(values, BRATS, whole_box(SHAPE), wanted, Hint("WT", True, (CENTRE,)), SPACING) is None


def test_a_change_heeds_a_hint_where_it_does_what_was_said() -> None:
    values = np.zeros(SHAPE, np.uint8)
    wanted = {"WT": ball(CENTRE, 6), "TC": ball(CENTRE, 1), "ET": np.zeros(SHAPE, bool)}
    change = change_towards(values, BRATS, whole_box(SHAPE), wanted, Hint("WT", True, (CENTRE,)), SPACING)
    outside = (CENTRE[0] + 5, *CENTRE[1:])
    assert heeds(change, values, BRATS, Hint("WT", True, (outside,)))
    assert not heeds(None, values, BRATS, Hint("WT", True, (outside,)))
    assert heeds(change, values, BRATS, Hint("TC", True, (CENTRE,)))
    assert not heeds(change, values, BRATS, Hint("TC", False, (CENTRE,)))
    assert heeds(change, values, BRATS, Hint("ET", False, (CENTRE, outside, (0, 0, 0))))


def test_in_a_tumour_that_is_there_only_the_region_of_the_hint_changes() -> None:
    values = np.where(ball(CENTRE, 8), 2, 0).astype(np.uint8)
    values[ball(CENTRE, 4)] = 1
    wanted = {"WT": ball(CENTRE, 9), "TC": ball(CENTRE, 3), "ET": ball(CENTRE, 2)}
    slab = whole_box(SHAPE)
    smaller = applied(values, change_towards(values, BRATS, slab, wanted, Hint("TC", False, (CENTRE,)), SPACING))
    assert (np.isin(smaller, (1, 4)) == wanted["TC"]).all()
    assert ((smaller > 0) == (values > 0)).all()
    assert (smaller != 4).all()
    nothing = {key: np.zeros(SHAPE, bool) for key in NESTED_REGIONS}
    hint = Hint("TC", False, (CENTRE,))
    change = change_towards(values, BRATS, slab, nothing, hint, SPACING)
    assert heeds(change, values, BRATS, hint)
    gone = applied(values, change)
    assert (gone[ball(CENTRE, 8)] == 2).all()  # no core, but tumour as before
    larger = applied(values, change_towards(values, BRATS, slab, wanted, Hint("TC", True, (CENTRE,)), SPACING))
    assert ((larger > 0) == (values > 0)).all()  # who speaks of the core adds no oedema
    brighter = applied(values, change_towards(values, BRATS, slab, wanted, Hint("ET", True, (CENTRE,)), SPACING))
    assert ((brighter == 4) == wanted["ET"]).all()
    assert (brighter[ball(CENTRE, 4) & ~wanted["ET"]] == 1).all()


@pytest.mark.parametrize("adds", [True, False])
@pytest.mark.parametrize(
    ("scheme", "label"),
    [(scheme, label) for scheme in label_schemes().values() for label in scheme.labels],
    ids=lambda value: getattr(value, "name", None),
)
def test_every_label_of_every_scheme_can_be_clicked(scheme: LabelScheme, label: int, adds: bool) -> None:
    region = spoken_of(scheme, label)
    if region not in NESTED_REGIONS:
        assert scheme.value_for(region) == label
        return
    hint, everywhere = Hint(region, adds, ((2, 2, 2),)), Area(whole_box((5, 5, 5)), np.ones((5, 5, 5), bool))
    values = np.full((5, 5, 5), 0 if adds else label, np.uint8, order="F")
    wanted = {key: np.full((5, 5, 5), (adds and key == region) or (key == "WT" and adds)) for key in NESTED_REGIONS}
    for change in (
        joined_or_left(values, scheme, hint, everywhere),
        change_towards(values, scheme, everywhere.slab, wanted, hint, SPACING),
    ):
        assert change is not None
        after = np.broadcast_to(change.labels, change.mask.shape)[change.mask]
        assert set(np.unique(after).tolist()) <= {0, *scheme.labels}
        assert (scheme.look_up(region_named(region))[after] == adds).all()


def test_where_a_scheme_knows_no_necrosis_what_does_not_enhance_is_oedema() -> None:
    scheme = scheme_named("edema-active")  # oedema 1, active tumour 2
    area = Area(whole_box((3, 3, 3)), np.ones((3, 3, 3), bool))
    change = joined_or_left(np.full((3, 3, 3), 2, np.uint8), scheme, Hint("ET", False, ((1, 1, 1),)), area)
    assert change is not None
    assert np.unique(change.labels).tolist() == [1]
