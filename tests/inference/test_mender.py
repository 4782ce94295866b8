"""What mends masks: by weights that are plain to see, on grids of every kind; and never out of its reach."""

from __future__ import annotations

import hashlib
import io
import pickle
import tracemalloc
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.box import whole_box
from brainseg_gui.imaging.hints import NESTED_REGIONS, REACH_MM, Hint, distance_mm
from brainseg_gui.inference.case_features import CaseFeatures, FineTissues
from brainseg_gui.inference.clicks.mender import OUTPUTS, Mender, mended_regions
from brainseg_gui.inference.clicks.mender_file import MENDER, read_mender, shipped_mender
from brainseg_gui.inference.clicks.own_lesion import begun_regions, enough_begun, own_lesion
from brainseg_gui.inference.clicks.traits import COUNT, box_near, traits_near
from brainseg_gui.inference.network_grid import NetworkGrid

SHAPE = (60, 56, 52)
START = (4, 3, 2)
AT = (30, 28, 26)
SPACING = (1.0, 1.0, 1.0)
GRIDS = {"as the network's": (1.0, 1.0, 1.0), "1 mm": (2.0, 2.0, 2.0), "odd": (1.7, 2.3, 0.8)}
Triple = tuple[float, float, float]
Mask = NDArray[np.bool_]


def ball(radius: float, at: tuple[int, int, int] = AT) -> Mask:
    return distance_mm([at], whole_box(SHAPE), SPACING) <= radius


def nothing() -> dict[str, Mask]:
    return {region: np.zeros(SHAPE, bool) for region in NESTED_REGIONS}


def features_on(steps: Triple, lesion: float = 0.0) -> CaseFeatures:
    """A network that sees a lesion: oedema, and enhancing tumour in its middle; all of the box is brain."""
    i, j, k = (length - first - 3 for length, first in zip(SHAPE, START, strict=True))
    grid = NetworkGrid.of_box(START, (i, j, k)).with_steps(steps)
    places = np.stack(np.meshgrid(*map(np.arange, grid.resampled), indexing="ij"), axis=-1) * steps + START
    away = np.linalg.norm(places - AT, axis=-1)
    classes = [away > lesion, np.zeros(away.shape, bool), (away <= lesion) & (away > lesion / 2), away <= lesion / 2]
    images = np.random.default_rng(0).normal(size=(*away.shape, 4))
    values = np.concatenate([np.stack(classes, axis=-1), images], axis=-1).astype(np.float16)
    return CaseFeatures(values, grid, np.ones((i, j, k), bool))


def by_distance(mm: float, tissue: float = -1.0) -> Mender:
    """Says that everything nearer than some mm is wrong; the tissue is always the same."""
    weights = np.zeros((COUNT, len(OUTPUTS)), np.float32)
    weights[0, 0] = -10  # the first trait is the distance in cm
    bias = np.array([mm, tissue, tissue], np.float32)
    return Mender(np.zeros(COUNT, np.float32), np.ones(COUNT, np.float32), ((weights, bias),))


def by_chance(seed: int) -> Mender:
    rng = np.random.default_rng(seed)
    shapes = (COUNT, 8), (8, len(OUTPUTS))
    layers = [(rng.normal(size=s).astype(np.float32), rng.normal(size=s[1]).astype(np.float32)) for s in shapes]
    return Mender(np.zeros(COUNT, np.float32), np.ones(COUNT, np.float32), tuple(layers))


@pytest.mark.parametrize("steps", GRIDS.values(), ids=GRIDS)
def test_what_it_says_arrives_on_the_grid_of_the_case(steps: Triple) -> None:
    hints = [Hint("WT", True, (AT,))]
    box, wanted = mended_regions(by_distance(8.0), features_on(steps), nothing(), hints, SPACING)
    apart = wanted["WT"] ^ ball(8)[box]
    assert not (apart & (np.abs(distance_mm([AT], box, SPACING) - 8) > 1)).any()
    assert not wanted["TC"].any()


@pytest.mark.parametrize("steps", GRIDS.values(), ids=GRIDS)
def test_a_hint_that_convinces_nobody_still_changes_what_a_person_sees(steps: Triple) -> None:
    hints = [Hint("WT", True, (AT,))]
    box, wanted = mended_regions(by_distance(-5.0), features_on(steps), nothing(), hints, SPACING)  # nothing is wrong
    assert 250 <= np.count_nonzero(wanted["WT"]) < 400  # .25 ml of 1 mm, and what is as likely as the last of it
    assert not (wanted["WT"] & (distance_mm([AT], box, SPACING) > 6)).any()  # the likeliest: what lies nearest
    present = {**nothing(), "WT": ball(3), "TC": ball(2)}
    _, wanted = mended_regions(by_distance(-5.0), features_on(steps), present, [Hint("WT", False, (AT,))], SPACING)
    assert not wanted["WT"].any()  # there is no more of it to be had


def test_what_joins_a_region_joins_those_around_it_and_gets_its_tissue() -> None:
    features, hints = features_on(GRIDS["1 mm"]), [Hint("TC", True, (AT,))]
    _, wanted = mended_regions(by_distance(6.0), features, nothing(), hints, SPACING)
    assert (wanted["TC"] == wanted["WT"]).all()
    assert wanted["TC"].any()
    assert not wanted["ET"].any()
    whole = [Hint("WT", True, (AT,))]
    _, wanted = mended_regions(by_distance(6.0, tissue=1.0), features, nothing(), whole, SPACING)
    assert (wanted["TC"] == wanted["WT"]).all()


def test_enhancing_tumour_grows_but_is_begun_by_who_points_at_it_alone() -> None:
    features, mender = features_on(GRIDS["1 mm"]), by_distance(6.0, tissue=1.0)
    for region in ("WT", "TC"):
        hints = [Hint(region, True, (AT,))]
        _, wanted = mended_regions(mender, features, nothing(), hints, SPACING)
        assert wanted["TC"].any()
        assert not wanted["ET"].any()
        away = {**nothing(), **dict.fromkeys(NESTED_REGIONS, ball(3, (30, 28, 40)))}
        box, wanted = mended_regions(mender, features, away, hints, SPACING)
        assert (wanted["ET"] == away["ET"][box]).all()
        near = {**nothing(), **dict.fromkeys(NESTED_REGIONS, ball(3, (30, 28, 33)))}
        box, wanted = mended_regions(mender, features, near, hints, SPACING)
        assert (wanted["ET"] == wanted[region]).all()
        assert wanted["ET"].sum() > near["ET"].sum()
    _, wanted = mended_regions(mender, features, nothing(), [Hint("ET", True, (AT,))], SPACING)
    assert wanted["ET"].any()


@pytest.mark.parametrize(
    ("region", "enhancing_mm", "tumour_mm", "little"),
    [("ET", 0, 24, True), ("ET", 6, 24, True), ("ET", 7, 24, False), ("TC", 6, 24, False), ("ET", 6, 6, False)],
)
def test_where_there_is_little_enhancing_tumour_a_hint_adds_what_convinces_alone(
    region: str, enhancing_mm: int, tumour_mm: int, little: bool
) -> None:
    elsewhere = (15, 14, 13)  # 24 mm away
    enhancing = ball(enhancing_mm, elsewhere) if enhancing_mm else np.zeros(SHAPE, bool)  # .9 ml and 1.4 ml
    present = {"WT": ball(tumour_mm, elsewhere), "TC": enhancing, "ET": enhancing}
    hints = [Hint(region, True, (AT,))]
    box, wanted = mended_regions(by_distance(-5.0), features_on(SPACING), present, hints, SPACING)
    joined = np.count_nonzero(wanted[region] & ~present[region][box])
    assert (joined == np.count_nonzero(ball(2.0))) if little else (250 <= joined < 400)


def test_what_leaves_a_region_leaves_those_within_it_and_stays_in_those_around() -> None:
    present = {"WT": ball(14), "TC": ball(9), "ET": ball(7)}
    hints = [Hint("TC", False, (AT,))]
    features = features_on(GRIDS["1 mm"], lesion=28)  # its enhancing half is claimed to 14 mm
    box, wanted = mended_regions(by_distance(5.0), features, present, hints, SPACING)
    assert (wanted["WT"] == present["WT"][box]).all()
    assert not (wanted["TC"] & ball(4)[box]).any()
    assert not (wanted["ET"] & ball(4)[box]).any()
    assert (wanted["ET"] | ball(6)[box]).sum() == (present["ET"] | ball(6))[box].sum()


def test_an_island_that_only_the_mask_claims_goes_as_a_whole_and_no_larger_thing_does() -> None:
    hints, features, claimed = [Hint("WT", False, (AT,))], features_on(GRIDS["1 mm"]), features_on(GRIDS["1 mm"], 12)
    for seen, radius, goes in ((features, 12, True), (claimed, 12, False), (features, 22, False)):
        present = {**nothing(), "WT": ball(radius)}
        _, wanted = mended_regions(by_distance(4.0), seen, present, hints, SPACING)
        assert wanted["WT"].any() != goes


def test_an_island_stays_when_its_rim_is_pointed_at_or_somebody_asked_for_it() -> None:
    features, present = features_on(GRIDS["1 mm"]), {**nothing(), "WT": ball(12)}
    rim, middle = Hint("WT", False, ((30, 28, 36),)), Hint("WT", False, (AT,))
    asked, elsewhere = Hint("TC", True, ((30, 24, 26),)), Hint("WT", True, ((2, 2, 2),))
    for hints, stays in (([rim], True), ([asked, middle], True), ([elsewhere, middle], False), ([middle], False)):
        _, wanted = mended_regions(by_distance(4.0), features, present, hints, SPACING)
        assert wanted["WT"].any() == stays


def test_what_is_small_keeps_most_of_itself_where_a_hint_convinces_nobody() -> None:
    present = dict.fromkeys(NESTED_REGIONS, ball(3))  # .1 ml, and the network claims it
    hints = [Hint("TC", False, ((30, 28, 29),))]
    box, wanted = mended_regions(by_distance(-5.0), features_on(GRIDS["1 mm"], 12), present, hints, SPACING)
    lost = np.count_nonzero(present["TC"][box] & ~wanted["TC"])
    assert 0 < lost < 0.5 * np.count_nonzero(present["TC"])


@pytest.mark.parametrize(("earlier", "newest"), [("+ET", "-WT"), ("+TC", "-TC"), ("-WT", "+ET"), ("-TC", "+TC")])
def test_what_is_nearer_to_an_earlier_hint_that_says_the_contrary_stays(earlier: str, newest: str) -> None:
    before, last = Hint(earlier[1:], earlier[0] == "+", ((30, 22, 26),)), Hint(newest[1:], newest[0] == "+", (AT,))
    present = nothing() if last.adds else dict.fromkeys(NESTED_REGIONS, ball(14))
    mender = by_distance(12.0, tissue=1.0)
    box, wanted = mended_regions(mender, features_on(GRIDS["1 mm"], 28), present, [before, last], SPACING)
    changed = wanted[last.region] ^ present[last.region][box]
    nearer = distance_mm(before.voxels_ijk, box, SPACING) < distance_mm([AT], box, SPACING)
    assert not changed[nearer].any()
    assert (changed | nearer)[ball(8)[box]].all()


def test_what_joins_is_no_tissue_where_that_was_denied() -> None:
    said, hint = Hint("ET", False, ((30, 22, 26),)), Hint("WT", True, (AT,))
    present = {**nothing(), **dict.fromkeys(NESTED_REGIONS, ball(2))}
    mender = by_distance(12.0, tissue=1.0)
    box, wanted = mended_regions(mender, features_on(GRIDS["1 mm"]), present, [said, hint], SPACING)
    nearer = distance_mm(said.voxels_ijk, box, SPACING) < distance_mm([AT], box, SPACING)
    assert wanted["WT"][nearer].any()
    assert not (wanted["ET"] & nearer & ~present["ET"][box]).any()
    assert np.count_nonzero(wanted["ET"]) > np.count_nonzero(present["ET"])


@pytest.mark.parametrize("seed", range(6))
def test_nothing_changes_out_of_reach_whatever_the_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = list(GRIDS.values())[seed % 3]
    present = {"WT": ball(20), "TC": ball(12), "ET": ball(6)}
    i, j, k = (int(rng.integers(n)) for n in SHAPE)
    region, adds = NESTED_REGIONS[seed % 3], not present[NESTED_REGIONS[seed % 3]][i, j, k]
    hint = Hint(region, adds, ((i, j, k),))
    box, wanted = mended_regions(by_chance(seed), features_on(steps, 10), present, [hint], SPACING)
    outside = np.ones(SHAPE, bool)
    outside[box] = distance_mm(hint.voxels_ijk, box, SPACING) > REACH_MM
    for key, mask in wanted.items():
        after = present[key].copy()
        after[box] = mask
        assert not ((after != present[key]) & outside).any()
        assert after[i, j, k] == adds or key != region
    assert not (wanted["ET"] & ~wanted["TC"]).any()
    assert not (wanted["TC"] & ~wanted["WT"]).any()


def test_traits_by_hand() -> None:
    features, present = features_on(GRIDS["1 mm"], 10), {**nothing(), "WT": ball(8)}
    earlier, hint = Hint("TC", False, ((30, 28, 36),)), Hint("TC", True, (AT,))
    box = box_near((slice(20, 40), slice(18, 38), slice(16, 36)), features)
    traits = traits_near(features, box, present, [earlier, hint], SPACING)
    assert traits.shape == (*(part.stop - part.start for part in box), COUNT)
    at = tuple((v - first) // 2 - part.start for v, first, part in zip(AT, START, box, strict=True))
    there = traits[at]  # half a voxel of the network's grid away from the hint along j: 28 - 3 is odd
    assert there[:3] == pytest.approx([0.1, 2.0, np.hypot(1.0, 0.1)], abs=1e-3)
    logit = np.log((1 - 2e-3) / 2e-3)
    assert there[19:28:3] == pytest.approx([logit] * 3, rel=1e-3)  # WT, TC and ET, in favour of what is said
    assert there[34:42].tolist() == [0, 1, 0, 0] * 2  # drawn as oedema, as the hint's voxel is
    assert there[42:48].tolist() == [0, 0, 1, 0, 0, 0]  # adds to the core


def test_a_click_within_a_lesion_that_the_network_sees_is_worth_all_of_it() -> None:
    features, present = features_on(GRIDS["odd"], 12), nothing()
    inside, outside = Hint("ET", True, (AT,)), Hint("ET", True, ((8, 8, 8),))
    found = begun_regions(features, None, present, [inside], SPACING)
    assert found is not None
    box, wanted = found
    whole = np.zeros(SHAPE, bool)
    whole[box] = wanted["WT"]
    assert np.count_nonzero(whole ^ ball(12)) < 0.2 * np.count_nonzero(ball(12))
    assert 0 < np.count_nonzero(wanted["ET"]) < 0.25 * np.count_nonzero(wanted["WT"])
    assert own_lesion(features, outside) is None


@pytest.mark.parametrize("fine", [(1.0, 1.0, 1.0), (0.8, 1.3, 0.8)], ids=["as the case", "odd"])
def test_the_tissues_of_a_lesion_are_those_of_the_finer_network(fine: Triple) -> None:
    features = features_on(GRIDS["1 mm"], 12)
    grid = NetworkGrid.of_box(START, features.network_grid.shape).with_steps(fine)
    places = np.stack(np.meshgrid(*map(np.arange, grid.resampled), indexing="ij"), axis=-1) * fine + START
    away = np.linalg.norm(places - AT, axis=-1)
    told = np.stack([np.zeros(away.shape), away <= 3, away > 5, (away > 3) & (away <= 5)], axis=-1)
    box = tuple(slice(int(10 / step), int(45 / step)) for step in fine)
    tissues = FineTissues(told[box].astype(np.float16), grid, (box[0], box[1], box[2]))
    before, after = (own_lesion(one, Hint("WT", True, (AT,))) for one in (features, replace(features, tissues=tissues)))
    assert before is not None
    assert after is not None
    assert before.box == after.box
    np.testing.assert_array_equal(before.regions["WT"], after.regions["WT"])
    rounding = 0 if fine == (1.0, 1.0, 1.0) else 0.2  # of the shell, two voxels thick
    for region, wanted in (("TC", ball(5)), ("ET", ball(5) & ~ball(3))):
        wrong = np.count_nonzero(after.regions[region] ^ wanted[after.box])
        assert wrong <= rounding * np.count_nonzero(wanted)
        assert np.count_nonzero(before.regions[region] ^ wanted[before.box]) > wrong


def test_where_the_lesion_says_something_else_than_the_hint_it_is_mended_at_once() -> None:
    features, rim = features_on(GRIDS["1 mm"], 12), (30, 28, 36)
    hints = [Hint("TC", True, (rim,))]
    assert begun_regions(features, None, nothing(), hints, SPACING) is None
    found = begun_regions(features, by_distance(4.0), nothing(), hints, SPACING)
    assert found is not None
    box, wanted = found
    after = {region: np.zeros(SHAPE, bool) for region in NESTED_REGIONS}
    for region, mask in wanted.items():
        after[region][box] = mask
    assert after["TC"][rim]
    assert after["TC"][AT]  # the core that the network saw itself
    assert after["WT"][30, 28, 16]
    assert not after["TC"][30, 28, 16]


@pytest.mark.parametrize("drawn_mm", [0.0, 11.5], ids=["a network sees little", "most is drawn"])
def test_a_lesion_is_begun_with_what_a_person_sees(drawn_mm: float) -> None:
    features, mender = features_on(GRIDS["1 mm"], 12), by_distance(-5.0)  # nothing is wrong, it says
    at = (30, 28, 38)  # 12 mm off: beside what is drawn
    present = nothing() if not drawn_mm else {**nothing(), "WT": ball(drawn_mm)}
    little = {region: present[region] | (ball(1, at) if region == "WT" else False) for region in NESTED_REGIONS}
    answer = whole_box(SHAPE), little
    hints = [Hint("WT", True, (at,))]
    box, wanted = enough_begun(answer, features, mender, present, hints, SPACING)
    added = wanted["WT"] & ~present["WT"][box]
    assert 250 <= np.count_nonzero(added) < 500
    assert (wanted["WT"] | ~little["WT"][box]).all()
    assert not wanted["TC"].any()
    assert enough_begun(answer, features, None, present, hints, SPACING) is answer
    enough = whole_box(SHAPE), {**little, "WT": present["WT"] | ball(5, at)}
    assert enough_begun(enough, features, mender, present, hints, SPACING) is enough


def saved(file: Path, arrays: Mapping[str, Any]) -> Path:
    np.savez(file, **arrays)
    return file


def test_a_file_is_read_as_it_was_written_and_only_the_one_of_the_passport(tmp_path: Path) -> None:
    mender = by_chance(0)
    file = saved(tmp_path / MENDER, mender.arrays())
    traits = np.random.default_rng(1).normal(size=(5, COUNT)).astype(np.float32)
    assert (read_mender(file).logits(traits) == mender.logits(traits)).all()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert shipped_mender(tmp_path, digest) is not None
    assert shipped_mender(tmp_path, "") is None
    with pytest.raises(ModelError, match=f"mender.npz: it is damaged or another file: its SHA-256 is {digest[:12]}…"):
        shipped_mender(tmp_path, "0" * 64)
    file.unlink()
    with pytest.raises(ModelError, match=r"mender.npz: it is missing, .* Install the program again"):
        shipped_mender(tmp_path, digest)


DAMAGED: dict[str, Mapping[str, Any]] = {
    "inputs": {"weights 0": np.zeros((COUNT + 1, 8), np.float32)},
    "outputs": {"bias 1": np.zeros(2, np.float32)},
    "traits": {"spread": np.ones(3, np.float32)},
    "flat": {"bias 0": np.zeros((8, 1), np.float32)},
    "number": {"bias 0": np.float32(0)},
    "spread": {"spread": np.zeros(COUNT, np.float32)},
    "pickle": {"mean": np.array([object()])},
    "kind": {"mean": np.zeros(COUNT, np.float64)},
    "no number": {"mean": np.full(COUNT, np.nan, np.float32)},
    "name": {"more": np.zeros(1, np.float32)},
}


@pytest.mark.parametrize("arrays", DAMAGED.values(), ids=DAMAGED)
def test_a_file_of_other_contents_is_refused(arrays: Mapping[str, Any], tmp_path: Path) -> None:
    file = saved(tmp_path / MENDER, {**by_chance(0).arrays(), **arrays})
    with pytest.raises(ModelError, match="it is no network that corrects what is drawn") as caught:
        read_mender(file)
    assert caught.value.remedy.startswith("Install the program again")


def hostile(arrays: Mapping[str, Any]) -> dict[str, bytes]:
    """Archives that lie about what they hold, or that NumPy itself would unpickle or allocate for."""
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"shape": (10**12,), "fortran_order": False, "descr": "<f4"})
    huge, packed, negative = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(huge, "w") as archive:
        archive.writestr("mean.npy", member.getvalue() + bytes(16))
    np.savez_compressed(packed, mean=np.zeros(10**7, np.float32))
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"shape": (-2, -2), "fortran_order": False, "descr": "<f4"})
    with zipfile.ZipFile(negative, "w") as archive:
        archive.writestr("mean.npy", member.getvalue() + bytes(16))
    large, whole = io.BytesIO(), io.BytesIO()
    np.savez(large, mean=np.zeros(2**19, np.float32))
    np.savez(whole, **arrays)
    return {
        "huge shape": huge.getvalue(),
        "negative shape": negative.getvalue(),
        "packed": packed.getvalue(),
        "large": large.getvalue(),
        "cut": whole.getvalue()[:-200],
        "pickle": pickle.dumps([1]),
        "empty": b"",
        "begun": b"PK\x03\x04",
    }


def test_a_hostile_file_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    arrays: dict[str, Any] = dict(by_chance(0).arrays())
    for name, content in hostile(arrays).items():
        file = tmp_path / f"{name}.npz"
        file.write_bytes(content)
        tracemalloc.start()
        with pytest.raises(ModelError, match=f"{name}.npz: it "):
            read_mender(file)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * 2**20, name
