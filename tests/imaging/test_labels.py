"""Label schemes and regions, as the challenges define them, and the colours of their meanings."""

from __future__ import annotations

import colorsys
from itertools import combinations

import numpy as np
import pytest

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.colours import (
    AGREEMENT_COLOURS,
    agreement_table,
    colour_of,
    colour_sets,
    overlay_table,
    rgb,
    safe_colours,
)
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import label_schemes, network_numbering, scheme_named
from brainseg_gui.imaging.labels import (
    LabelMap,
    LabelScheme,
    Meaning,
    from_network_classes,
    label_region,
    meanings,
    regions,
)

WT, TC, ET = regions()


def test_the_regions_are_in_their_usual_order() -> None:
    assert [region.key for region in regions()] == ["WT", "TC", "ET"]
    assert WT.meanings > TC.meanings > ET.meanings


def test_the_volume_of_a_region_is_that_of_its_voxels() -> None:
    """Of BraTS 2020: two voxels of necrosis, three of oedema, one that enhances; each of 2 × 1.5 × 4 mm, 0.012 ml."""
    values = np.zeros((3, 2, 2), np.uint8)
    values.flat[:6] = (1, 1, 2, 2, 2, 4)
    labels = LabelMap(values, Grid(values.shape, np.diag([2, 1.5, 4, 1])), scheme_named("brats2020"))
    assert [labels.volume_ml(region) for region in (WT, TC, ET)] == pytest.approx([0.072, 0.036, 0.012])


@pytest.mark.parametrize(
    ("scheme", "whole", "core", "enhancing"),
    [
        ("brats2020", (1, 2, 4), (1, 4), (4,)),
        ("brats2023", (1, 2, 3), (1, 3), (3,)),  # 4 is the resection cavity, no tumour
        ("brats-ped", (1, 2, 3, 4), (1, 2, 3), (1,)),
        ("brats2013", (1, 2, 3, 4), (1, 3, 4), (4,)),
        ("msd", (1, 2, 3), (2, 3), (3,)),
        ("ed-et-ncr", (1, 2, 3), (2, 3), (2,)),
    ],
)
def test_the_regions_of_every_scheme(
    scheme: str, whole: tuple[int, ...], core: tuple[int, ...], enhancing: tuple[int, ...]
) -> None:
    named = scheme_named(scheme)
    assert (named.values_in(WT), named.values_in(TC), named.values_in(ET)) == (whole, core, enhancing)
    values = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
    labels = LabelMap(values, Grid((4, 8, 8), np.eye(4)), named)
    assert tuple(values[labels.mask(TC)]) == core
    assert not (labels.mask(ET) & ~labels.mask(TC)).any()
    assert not (labels.mask(TC) & ~labels.mask(WT)).any()


@pytest.mark.parametrize("name", list(label_schemes()))
def test_every_scheme_is_sound(name: str) -> None:
    scheme = scheme_named(name)
    assert scheme.name == name
    assert set(scheme.labels.values()) <= set(meanings())
    assert all(1 <= value <= 255 for value in scheme.labels)
    assert len(set(scheme.labels.values())) == len(scheme.labels)
    assert scheme.meaning_of(0) == "?"
    assert scheme.meaning_of(200) == scheme.other
    assert (scheme.other == "?") is scheme.tells_apart


@pytest.mark.parametrize(
    ("scheme", "numbers"),
    [
        ("brats2020", [0, 1, 2, 4]),
        ("brats2023", [0, 1, 2, 3]),
        ("brats-ped", [0, 2, 4, 1]),  # no necrosis there: the non-enhancing core stands for it
        ("brats2013", [0, 1, 2, 4]),
        ("msd", [0, 2, 1, 3]),
        ("ed-et-ncr", [0, 3, 1, 2]),
    ],
)
def test_the_networks_classes_in_every_scheme(scheme: str, numbers: list[int]) -> None:
    classes = np.array([[[0, 1, 2, 3]]], np.uint8)
    assert from_network_classes(classes, scheme_named(scheme)).ravel().tolist() == numbers


@pytest.mark.parametrize(
    ("study", "numbering"),
    [("brats2023", "brats2023"), ("msd", "msd"), ("whole-tumour", "brats2020"), ("edema-active", "brats2020")],
)
def test_no_tissue_that_a_network_finds_is_lost_for_want_of_a_number(study: str, numbering: str) -> None:
    assert network_numbering(scheme_named(study)).name == numbering


def test_a_meaning_without_a_number_is_refused() -> None:
    with pytest.raises(BrainsegError, match=r"BraTS 2017–2021 has no number for RC"):
        scheme_named("brats2020").value_for("RC")


def test_an_unknown_scheme_names_the_known_ones() -> None:
    with pytest.raises(BrainsegError, match="Choose one of brats2020, brats2023"):
        scheme_named("brats1999")


def test_another_scheme_changes_no_voxel() -> None:
    values = np.array([[[0, 1, 2, 4]]], np.uint8)
    labels = LabelMap(values, Grid((1, 1, 4), np.eye(4)), scheme_named("brats2020"))
    other = labels.with_scheme(scheme_named("brats2013"))
    assert other.values is values
    assert labels.present() == other.present() == (1, 2, 4)
    assert labels.mask(label_region("ET")).ravel().tolist() == [False, False, False, True]


def test_colours_follow_the_meaning_not_the_number() -> None:
    old, new = (overlay_table(scheme_named(name), 0.5) for name in ("brats2020", "brats2023"))
    assert old[4].tolist() == new[3].tolist() == [*rgb(colour_of("ET")), 128]
    assert old[0].tolist() == [0, 0, 0, 0]
    assert old[77].tolist() == [*rgb(colour_of("?")), 128]
    assert overlay_table(scheme_named("brats2020"), 0.5, frozenset({"ED"}))[2].tolist() == [0, 0, 0, 0]


def test_red_green_yellow_and_cyan() -> None:
    red, green, blue = rgb(colour_of("NCR"))
    assert red > max(green, blue)
    red, green, blue = rgb(colour_of("ED"))
    assert green > max(red, blue)
    red, green, blue = rgb(colour_of("ET"))
    assert min(red, green) > 2 * blue
    red, green, blue = rgb(colour_of("RC"))
    assert min(green, blue) > 2 * red


# Machado, Oliveira and Fernandes 2009, severity 1: what protanopes, deuteranopes and tritanopes see of linear RGB.
_VISIONS = (
    np.eye(3),
    np.array([[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]),
    np.array([[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]]),
    np.array([[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]),
)
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def _seen(colour: str, vision: np.ndarray) -> np.ndarray:
    """A colour as CIE L*a*b* of somebody's vision."""
    share = np.array(rgb(colour)) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    x = _XYZ @ np.clip(vision @ linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _hue(colour: str) -> float:
    return 360 * colorsys.rgb_to_hsv(*(value / 255 for value in rgb(colour)))[0]


def test_a_set_of_colours_shows_labels_of_ones_own_too() -> None:
    own, red = Meaning("nerve", "optic nerve", "#112233"), Meaning("clot", "clot", meanings()["NCR"].colour)
    for colours in colour_sets().values():
        assert colours.of(own) == own.colour
        assert colours.of(red) == colours.of(meanings()["NCR"])
        scheme = LabelScheme("x", "x", {1: "NCR", 2: "ED"}, looks={1: own})
        rows = overlay_table(scheme, 1.0, colours=colours)[1:3, :3].tolist()
        assert rows == [[*rgb(own.colour)], [*rgb(colour_of("ED", colours))]]


@pytest.mark.parametrize("name", list(label_schemes()))
def test_safe_colours_are_told_apart_with_any_vision(name: str) -> None:
    shown = [colour_of(key, safe_colours()) for key in label_schemes()[name].labels.values()]
    for one, other in combinations([*shown, *AGREEMENT_COLOURS[1:]], 2):
        apart = min(float(np.linalg.norm(_seen(one, v) - _seen(other, v))) for v in _VISIONS)
        assert apart > 15, (one, other)  # 2 is just seen


@pytest.mark.parametrize("key", [key for key in meanings() if key != "?"])
def test_no_safe_colour_has_the_hue_of_missed_or_false(key: str) -> None:
    for wrong in AGREEMENT_COLOURS[1:]:
        away = abs((_hue(colour_of(key, safe_colours())) - _hue(wrong) + 180) % 360 - 180)
        assert away > 25, wrong


def test_agreement_has_three_colours() -> None:
    table = agreement_table(1.0, 1.0)
    assert table.shape == (256, 4)
    assert len({tuple(table[value]) for value in (0, 1, 2, 3)}) == 4
    assert table[1:4, 3].tolist() == [255, 255, 255]
