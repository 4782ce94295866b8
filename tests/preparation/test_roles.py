"""Names and times of protocols as they are met: what each series is, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.dicom.slice_header import SliceHeader
from brainseg_gui.preparation.image_roles import standing_alone, told_apart, with_contrast_gain, with_image
from brainseg_gui.preparation.roles import Certainty, Role, choose, role_of, roles_of

T1, T1CE, T2, FLAIR = Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR


def header(name: str = "", te: float = 0.0, tr: float = 0.0, ti: float = 0.0, **words: Any) -> SliceHeader:
    times = {"EchoTime": te, "RepetitionTime": tr, "InversionTime": ti}
    found = {key: value for key, value in times.items() if value}
    return SliceHeader(
        Path("x"), None, "1", "2", (), (), (), (1, 1), times=found, words={"SeriesDescription": name} | words
    )


@pytest.mark.parametrize(
    ("name", "modality"),
    [
        ("t1_tse_tra", T1),
        ("AX T1", T1),
        ("T1W_SE", T1),
        ("SAG T1 MPRAGE", T1),
        ("t1_mpr_ns_sag_p2_iso", T1),
        ("3D BRAVO", T1),
        ("Ax T1 PRE", T1),
        ("T1 nativ", T1),
        ("t1 sans injection", T1),
        ("t1_se_tra ohne KM", T1),
        ("T1_AX_POST_GAD", T1CE),
        ("MRHR_T1_AX_POST_GAD", T1CE),
        ("t1_mprage_sag_KM", T1CE),
        ("t1_tse_tra_fs+gd", T1CE),
        ("AX T1 +C", T1CE),
        ("T1 C+", T1CE),
        ("SE T1 tra GAD", T1CE),
        ("T1 axial con contraste", T1CE),
        ("T1 apres inj", T1CE),
        ("3D T1 Gadovist", T1CE),
        ("T1ce", T1CE),
        ("T1c", T1CE),
        ("T1 增强", T1CE),
        ("Sag T1 FLAIR", T1),
        ("Ax T1 FLAIR +C", T1CE),
        ("AX T1 POST NO FS", T1CE),
        ("t1_tse_tra KM ohne FS", T1CE),
        ("SAG T1 post non fat sat", T1CE),
        ("Ax T1 C+ w/o MT", T1CE),
        ("T1 NO FS", T1),
        ("T1 post-op", T1),
        ("T1 post operative", T1),
        ("T1 post fossa", T1),
        ("T1 post surgery gd", T1CE),
        ("t2_tse_tra", T2),
        ("AX T2 FSE", T2),
        ("T2W_TSE", T2),
        ("MRHR_T2_AX", T2),
        ("AX T2 FLAIR", FLAIR),
        ("t2_tirm_tra_dark-fluid", FLAIR),
        ("3D FLAIR SAG CUBE", FLAIR),
        ("t2_space_dark-fluid_sag", FLAIR),
        ("MRHR_FLAIR_AX", FLAIR),
        ("FLAIR_longTR", FLAIR),
    ],
)
def test_names_of_protocols(name: str, modality: Modality) -> None:
    role = role_of(header(name))
    assert role.modality is modality
    assert role.certainty is Certainty.SURE
    assert "in its name" in role.reason


@pytest.mark.parametrize(
    "name",
    [
        *("ep2d_diff_3scan_trace_p2", "AX DWI", "ADC (10^-6 mm²/s)", "t2*_gre", "T2* GRE", "SWI_Images", "AX T2STAR"),
        *("TOF_3D_multi-slab", "PERFUSION DSC", "3-plane localizer", "Survey_SHC", "PD FSE", "dti_30dir", "t1_sub"),
    ],
)
def test_names_of_other_contrasts_are_none_of_the_four(name: str) -> None:
    assert role_of(header(name)).modality is None


@pytest.mark.parametrize(
    ("te", "tr", "ti", "sequence", "modality"),
    [
        (12.0, 500.0, 0.0, "SE", T1),
        (2.98, 2300.0, 900.0, "GR\\IR", T1),
        (3.2, 8.2, 450.0, "GR", T1),
        (100.0, 4500.0, 0.0, "SE", T2),
        (90.0, 9000.0, 2500.0, "SE\\IR", FLAIR),
        (120.0, 11000.0, 2800.0, "IR", FLAIR),
        (40.0, 1500.0, 0.0, "SE", None),
        (0.0, 0.0, 0.0, "", None),
    ],
)
def test_times_tell_where_names_do_not(
    te: float, tr: float, ti: float, sequence: str, modality: Modality | None
) -> None:
    role = role_of(header("Serie 7", te, tr, ti, ScanningSequence=sequence))
    assert role.modality is modality
    assert role.certainty is not Certainty.SURE


def test_a_t2_whose_fluid_is_nulled_is_a_flair() -> None:
    assert role_of(header("t2_tra", 90.0, 9000.0, 2500.0)).modality is FLAIR


def test_a_t1_that_is_called_flair_is_told_by_its_inversion() -> None:
    assert role_of(header("Ax T1 FLAIR", 24.0, 2200.0, 860.0)).certainty is Certainty.SURE
    assert role_of(header("T1 ax (FLAIR)", 24.0, 2200.0, 860.0)).modality is T1
    assert role_of(header("T1 FLAIR", 120.0, 9000.0, 2500.0)).modality is FLAIR
    assert role_of(header("FLAIR t1-like", 120.0, 9000.0, 2500.0)).modality is FLAIR
    assert role_of(header("T1 T2 FLAIR", 120.0, 9000.0, 2500.0)).modality is FLAIR


def test_a_name_that_the_times_contradict_is_unsure_and_says_so() -> None:
    role = role_of(header("FLAIR", 12.0, 500.0))
    assert role.modality is FLAIR
    assert role.certainty is Certainty.UNSURE
    assert "TE 12 ms, TR 500 ms" in role.reason


def test_the_agent_of_the_header_counts_where_the_name_is_silent() -> None:
    assert role_of(header("t1_se", ContrastBolusAgent="Gadovist")).modality is T1CE
    assert role_of(header("t1_se", ContrastBolusAgent="no contrast")).modality is T1
    assert role_of(header("t1_se pre", ContrastBolusAgent="Gadovist")).modality is T1


def test_the_later_of_two_silent_t1_is_taken_for_t1ce_and_not_silently() -> None:
    first, second = (header("t1_se", SeriesTime=time) for time in ("101500", "104200"))
    for given in ((first, second), (second, first)):
        by_time = {h.words["SeriesTime"]: role for h, role in zip(given, roles_of(given), strict=True)}
        assert by_time["101500"].modality is T1
        assert by_time["104200"].modality is T1CE
        assert by_time["104200"].certainty is Certainty.UNSURE


def test_without_times_two_silent_t1_stay_t1() -> None:
    assert [role.modality for role in roles_of((header("t1_a"), header("t1_b")))] == [T1, T1]


def test_a_named_t1ce_leaves_the_others_alone() -> None:
    given = (header("t1", SeriesTime="1"), header("t1", SeriesTime="2"), header("t1 gd", SeriesTime="3"))
    assert [role.modality for role in roles_of(given)] == [T1, T1, T1CE]


def test_the_surest_is_chosen_and_then_the_finest() -> None:
    roles = roles_of((header("t2_tra"), header("t2_space"), header("x", 100.0, 4500.0)))
    chosen = choose(roles, [(0.9, 0.9, 5.5), (1.0, 1.0, 1.0), (0.5, 0.5, 0.5)])
    assert set(chosen) == {T2}
    assert chosen[T2].number == 1
    assert chosen[T2].role.reason.endswith("the finest of 3")


def test_neither_a_slab_nor_thick_slices_go_before_a_whole_head_in_3d() -> None:
    roles = roles_of((header("T1 MPRAGE POST"), header("Ax T1 SE POST"), header("Cor T1 sella POST")))
    voxels = [(1.0, 1.0, 1.0), (0.43, 0.43, 5.0), (0.35, 0.35, 0.9)]
    chosen = choose(roles, voxels, [176.0, 120.0, 30.0])[T1CE]
    assert chosen.number == 0
    assert chosen.role.reason.endswith("the finest that shows the most, of 3")
    assert choose(roles, voxels, [30.0, 120.0, 30.0])[T1CE].number == 1, "thick slices of a whole head show more"
    assert choose(roles, voxels, [176.0, 95.0, 100.0])[T1CE].number == 2, "of whole ones the finest"


@pytest.mark.parametrize(
    ("likelihoods", "number", "why"),
    [
        ((0.95, 0.60, 0.90), 2, "the finest of the 2 likeliest, of 3"),
        ((0.95, 0.60, 0.70), 0, "by its image the likeliest of 3"),
        ((0.80, 0.61, 0.75), 1, "the finest of 3"),
        ((0.95, None, 0.60), 1, "the finest of the 2 likeliest, of 3"),
    ],
)
def test_what_is_clearly_likelier_by_its_image_goes_before_what_is_finer(
    likelihoods: tuple[float | None, ...], number: int, why: str
) -> None:
    roles = [Role(T2, Certainty.UNSURE, f"the image of {name}") for name in ("thick", "fine", "middling")]
    chosen = choose(roles, [(0.9, 0.9, 5.5), (1.0, 1.0, 1.0), (1.0, 1.0, 2.0)], None, likelihoods)[T2]
    assert chosen.number == number
    assert chosen.role.reason == f"{roles[number].reason}; {why}"


def test_a_likelihood_never_goes_before_what_tags_say() -> None:
    roles = [Role(T2, Certainty.LIKELY, "TE 100 ms"), Role(T2, Certainty.UNSURE, "the image looks like T2")]
    assert choose(roles, [(0.9, 0.9, 5.5), (1.0, 1.0, 1.0)], None, [None, 0.99])[T2].number == 0


def seen(**shares: float) -> dict[Modality | None, float]:
    """How likely an image is each of the four; the rest is another."""
    found: dict[Modality | None, float] = {modality: shares.get(modality.value, 0.0) for modality in Modality}
    return found | {None: 1.0 - sum(found.values())}


UNKNOWN = Role(None, Certainty.UNSURE, "neither its name nor its times tell what it is")


@pytest.mark.parametrize(
    ("role", "image", "modality", "certainty"),
    [
        (UNKNOWN, seen(t2=0.95), T2, Certainty.UNSURE),
        (UNKNOWN, seen(t2=0.6), T2, Certainty.UNSURE),
        (UNKNOWN, seen(t1ce=0.99), T1CE, Certainty.UNSURE),
        (UNKNOWN, seen(t1=0.28, t1ce=0.32, t2=0.4), T1CE, Certainty.UNSURE),  # of both T1 together, more than of T2
        (UNKNOWN, seen(t1=0.2, t1ce=0.2, t2=0.6), T2, Certainty.UNSURE),
        (UNKNOWN, seen(), None, Certainty.UNSURE),
        (Role(T2, Certainty.SURE, "a name"), seen(t2=0.9), T2, Certainty.SURE),
        (Role(T2, Certainty.SURE, "a name"), seen(flair=0.6), T2, Certainty.SURE),
        (Role(T2, Certainty.SURE, "a name"), seen(flair=0.9), T2, Certainty.UNSURE),
        (Role(FLAIR, Certainty.LIKELY, "TE"), seen(), FLAIR, Certainty.UNSURE),
        (Role(T2, Certainty.UNSURE, "TE"), seen(t2=0.9), T2, Certainty.LIKELY),
        (Role(T1, Certainty.SURE, "a name"), seen(t1ce=0.99), T1, Certainty.SURE),
        (Role(T1CE, Certainty.UNSURE, "later"), seen(t1=0.99), T1CE, Certainty.UNSURE),
        (Role(None, Certainty.SURE, "“dwi” in its name"), seen(t2=0.5), None, Certainty.SURE),
    ],
)
def test_the_image_decides_where_tags_are_silent_and_casts_doubt_where_they_contradict_it(
    role: Role, image: dict[Modality | None, float], modality: Modality | None, certainty: Certainty
) -> None:
    found = with_image(role, image)
    assert (found.modality, found.certainty) == (modality, certainty)
    if found != role:
        assert "the image looks like" in found.reason


def test_of_two_t1_the_one_that_shines_is_taken_for_t1ce_and_a_change_is_told() -> None:
    plain, enhanced = Role(T1, Certainty.LIKELY, "TE 12 ms"), Role(T1CE, Certainty.UNSURE, "another T1 came before it")
    kept = with_contrast_gain(plain, enhanced, 3.0)
    assert not kept.changed
    assert kept.enhanced.certainty is Certainty.LIKELY
    swapped = with_contrast_gain(plain, enhanced, -3.0)
    assert swapped.changed
    assert [role.modality for role in swapped[:2]] == [T1, T1CE]
    assert all("shine" in role.reason for role in swapped[:2])
    assert with_contrast_gain(plain, enhanced, 0.1).enhanced.certainty is Certainty.UNSURE
    sure = Role(T1CE, Certainty.SURE, "a name")
    assert with_contrast_gain(plain, sure, 0.1)[:2] == (plain, sure)
    against = with_contrast_gain(plain, sure, -3.0)
    assert {role.certainty for role in against[:2]} == {Certainty.UNSURE}


def test_what_shines_and_what_each_image_looks_like_are_weighed_against_each_other() -> None:
    plain, enhanced = Role(T1, Certainty.UNSURE, "silent"), Role(T1CE, Certainty.UNSURE, "silent")
    by_looks = with_contrast_gain(plain, enhanced, 0.1, looks=0.8)
    assert {role.certainty for role in by_looks[:2]} == {Certainty.UNSURE}, "one image by itself settles nothing"
    contrary = with_contrast_gain(plain, enhanced, -1.5, looks=0.8)
    assert not contrary.changed
    assert contrary.enhanced.certainty is Certainty.UNSURE
    assert "the other T1 shines more" in contrary.enhanced.reason


@pytest.mark.parametrize(("gain", "changed"), [(-1.0, True), (-0.2, False), (0.2, False), (1.0, False)])
def test_what_shines_too_little_to_tell_is_a_doubt_in_either_order(gain: float, *, changed: bool) -> None:
    """Two painted T1 without agent differ by up to 1: once 0.5 was enough to call the guess likely."""
    plain, enhanced = Role(T1, Certainty.UNSURE, "silent"), Role(T1CE, Certainty.UNSURE, "silent")
    found = with_contrast_gain(plain, enhanced, gain)
    assert found.changed is changed
    assert [role.modality for role in found[:2]] == [T1, T1CE]
    assert {role.certainty for role in found[:2]} == {Certainty.UNSURE}
    assert "shines" in found.enhanced.reason
    by_tags = with_contrast_gain(Role(T1, Certainty.SURE, "t1"), enhanced, gain)
    assert not by_tags.changed, "what a tag says is exchanged for clear ones alone"
    assert by_tags.enhanced.certainty is Certainty.UNSURE


@pytest.mark.parametrize(
    ("roles", "images", "modalities"),
    [
        ((UNKNOWN, UNKNOWN), (seen(t1=0.9, t1ce=0.1), seen(t1=0.6, t1ce=0.4)), [T1, T1CE]),
        ((UNKNOWN, UNKNOWN), (seen(t1=0.3, t1ce=0.7), seen(t1=0.2, t1ce=0.8)), [T1, T1CE]),
        ((Role(T1CE, Certainty.SURE, "gd"), UNKNOWN), (seen(t1=0.9, t1ce=0.1), seen(t1ce=0.9)), [T1CE, T1]),
        ((Role(T1, Certainty.SURE, "t1"), UNKNOWN), (seen(t1ce=0.9, t1=0.1), seen(t1=0.9, t1ce=0.1)), [T1, T1CE]),
        ((Role(T1, Certainty.SURE, "t1"),) * 2, (seen(t1=0.9, t1ce=0.1), seen(t1=0.1, t1ce=0.9)), [T1, T1CE]),
        ((Role(T1, Certainty.SURE, "t1"),) * 2, (seen(t1=0.9, t1ce=0.1), seen(t1=0.6, t1ce=0.4)), [T1, T1]),
        ((UNKNOWN, Role(T2, Certainty.SURE, "t2")), (seen(t1=0.6, t1ce=0.4), {}), [T1, T2]),
        ((UNKNOWN, UNKNOWN), ({}, seen(t2=0.4, flair=0.3)), [None, None]),
    ],
)
def test_of_series_that_look_like_t1_the_one_most_like_contrast_agent_is_t1ce_as_unsure(
    roles: tuple[Role, ...], images: tuple[dict[Modality | None, float], ...], modalities: list[Modality | None]
) -> None:
    found = told_apart(roles, images)
    assert [role.modality for role in found] == modalities
    for before, now in zip(roles, found, strict=True):
        if now.modality is not before.modality:
            assert now.certainty is Certainty.UNSURE
            assert "looks" in now.reason


SURE_T1, LIKELY_T1 = Role(T1, Certainty.SURE, "“t1” in its name"), Role(T1, Certainty.LIKELY, "TE 12 ms, TR 500 ms")


@pytest.mark.parametrize("role", [SURE_T1, LIKELY_T1])
def test_a_t1_that_shines_is_never_taken_silently_where_there_is_no_t1ce(role: Role) -> None:
    enhanced, plain = seen(t1=0.04, t1ce=0.94), seen(t1=0.9, t1ce=0.08)
    (found,) = told_apart([role], [enhanced])
    assert (found.modality, found.certainty) == (T1, Certainty.UNSURE)
    assert "shines as after contrast agent (96% likely)" in found.reason
    assert standing_alone([found], [enhanced]) == (found,), "it is said once"
    assert told_apart([role], [plain]) == (role,)
    assert told_apart([role], [{}]) == (role,)
    with_other = told_apart([role, Role(T1CE, Certainty.SURE, "gd")], [enhanced, {}])
    assert with_other[0] == role, "both are compared on each other"


def test_a_person_in_bids_is_no_subtraction() -> None:
    assert role_of(header("sub-1_run-2", 12.0, 500.0)).modality is T1
    assert role_of(header("t1_sub")).modality is None
