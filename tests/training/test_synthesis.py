"""The generator on a toy brain of nested ellipsoids, and the demonstration case that it made."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from brainseg_gui.errors import ImageError
from training.synthesis.__main__ import main
from training.synthesis.acquisition import AcquisitionPriors, scan
from training.synthesis.anatomy import Anatomy, Tissue, find_anatomies, read_anatomy
from training.synthesis.case import SynthesisPriors, SyntheticCase, brats_affine, synthesise, write_case
from training.synthesis.contrast import ContrastPriors, _cut_folia, paint
from training.synthesis.fields import smooth_noise, spline_basis
from training.synthesis.growth import grow
from training.synthesis.oedema import travel_time
from training.synthesis.tumour import CORE, ENHANCING, OEDEMA, TumourParameters, TumourPriors, draw_tumour
from training.synthesis.warp import (
    Brain,
    PlacementPriors,
    diffeomorphism,
    draw_placement,
    place,
    push_aside,
    sample_at_nodes,
)

GRID = (88, 96, 80)
TOY_PRIORS = SynthesisPriors(
    placement=PlacementPriors(brain_ml=(140.0, 150.0), pitch_deg=0.0, warp_mm=1.5, warp_scale_mm=30.0, floor=2),
    tumour=TumourPriors(core_ml=(4.0, 5.0), oedema_ml=(6.0, 9.0), enhancement=(1.0, 0.0, 0.0, 0.0), satellites=(1.0,)),
)
ROUND = TumourParameters(
    core_ml=3.0,
    oedema_ml=8.0,
    enhancement="ring",
    rim_mm=2.5,
    gaps=0.01,
    roughness=0.1,
    axes=np.eye(3),
    mass_effect=0.3,
    satellites=0,
)


def _toy_labels() -> np.ndarray[Any, np.dtype[np.int16]]:
    """Skull, CSF, cortex and white matter of two hemispheres, a ventricle up front in each; RAS, 1 mm."""
    shape = (84, 92, 80)
    i, j, k = np.indices(shape) - (np.array(shape).reshape(3, 1, 1, 1) - 1) / 2
    size = np.sqrt((i / 31) ** 2 + (j / 36) ** 2 + (k / 30) ** 2)
    right = i > 0
    labels = np.zeros(shape, np.int16)
    labels[size < 1.2] = 515
    labels[size < 1.08] = 24
    labels[size < 1.0] = 3
    labels[size < 0.85] = 2
    labels[((np.abs(i) - 9) / 4) ** 2 + ((j - 6) / 14) ** 2 + ((k - 4) / 6) ** 2 < 1] = 4
    labels[(np.abs(i) < 1) & (k > 4) & (size < 1)] = 24
    other = {3: 42, 2: 41, 4: 43}
    for left_number, right_number in other.items():
        labels[right & (labels == left_number)] = right_number
    return labels


def _write_labels(path: Path, labels: np.ndarray[Any, Any], spacing: float = 1.0) -> Path:
    nib.save(nib.Nifti1Image(labels, np.diag((spacing, spacing, spacing, 1.0))), path)
    return path


@pytest.fixture(scope="module")
def toy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write_labels(tmp_path_factory.mktemp("anatomy") / "toy.nii.gz", _toy_labels())


@pytest.fixture(scope="module")
def anatomy(toy_file: Path) -> Anatomy:
    return read_anatomy(toy_file)


@pytest.fixture(scope="module")
def case(anatomy: Anatomy) -> SyntheticCase:
    return synthesise(anatomy, 5, TOY_PRIORS, GRID)


@pytest.fixture(scope="module")
def brain(anatomy: Anatomy) -> Brain:
    placement = draw_placement(np.random.default_rng(2), anatomy, TOY_PRIORS.placement, GRID)
    return place(anatomy, placement)


def _white_centre(brain: Brain) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The voxel deepest within the white matter of the left hemisphere."""
    deep = ndimage.distance_transform_edt((brain.share(Tissue.WHITE) > 0.5) & (brain.midline_mm < -4.0))
    return np.array(np.unravel_index(int(np.argmax(deep)), deep.shape), np.float64)


# Fields


def test_spline_weights_sum_to_one_and_reproduce_a_straight_line() -> None:
    basis = spline_basis(20, 4.0, 0.3)
    np.testing.assert_allclose(basis.sum(axis=1), 1.0, atol=1e-6)
    line = basis @ (np.arange(basis.shape[1]) - 1.0)
    np.testing.assert_allclose(line, np.arange(20) / 4.0 + 0.3, atol=1e-5)


def test_smooth_noise_has_unit_variance_and_is_smooth() -> None:
    noise = smooth_noise(np.random.default_rng(0), (60, 60, 60), 4.0)
    assert noise.std() == pytest.approx(1.0, abs=0.1)
    assert np.diff(noise, axis=0).std() < 0.35


# Anatomy


def test_the_hull_holds_the_brain_but_not_the_skull(anatomy: Anatomy) -> None:
    solid = np.isin(anatomy.tissue, (Tissue.WHITE, Tissue.CORTEX, Tissue.VENTRICLE))
    assert anatomy.hull[solid].mean() > 0.99
    toy = _toy_labels()
    assert anatomy.hull.sum() < np.isin(toy, (2, 3, 4, 24, 41, 42, 43)).sum() * 1.02


def test_the_midline_parts_left_from_right(anatomy: Anatomy) -> None:
    half = anatomy.tissue.shape[0] // 2
    white = anatomy.tissue == Tissue.WHITE
    assert (anatomy.midline_mm[: half - 3][white[: half - 3]] < 0).all()
    assert (anatomy.midline_mm[half + 3 :][white[half + 3 :]] > 0).all()


def test_the_stored_orientation_of_an_anatomy_does_not_matter(tmp_path: Path, anatomy: Anatomy) -> None:
    flipped = _toy_labels()[::-1, ::-1]
    path = tmp_path / "toy.nii.gz"
    nib.save(nib.Nifti1Image(np.ascontiguousarray(flipped), np.diag((-1.0, -1.0, 1.0, 1.0))), path)
    np.testing.assert_array_equal(read_anatomy(path).tissue, anatomy.tissue)


@pytest.mark.parametrize("fault", ["missing", "text", "two millimetres", "no brain"])
def test_a_bad_anatomy_is_named_with_the_remedy(tmp_path: Path, fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.nii.gz"
    if fault == "text":
        path.write_text("not an image")
    elif fault == "two millimetres":
        _write_labels(path, _toy_labels(), 2.0)
    elif fault == "no brain":
        _write_labels(path, np.full((20, 20, 20), 515, np.int16))
    assert main(["--anatomy", str(path), "--out", str(tmp_path / "out")]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert str(path) in message
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_holds_no_anatomies(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no anatomical label map"):
        find_anatomies(tmp_path)


# Placement


def test_the_warp_is_a_bijection_and_moves_as_far_as_asked() -> None:
    shape = (80, 96, 72)
    warp = diffeomorphism(np.random.default_rng(1), shape, 3.0, 30.0)
    assert 1.5 < warp.std() < 4.5
    assert _jacobian(warp / 4.0).min() > 0.1


def test_mass_effect_is_a_bijection_outwards_and_spares_the_skull(anatomy: Anatomy) -> None:
    placement = draw_placement(np.random.default_rng(1), anatomy, TOY_PRIORS.placement, GRID)
    placement = replace(placement, displacement=np.zeros_like(placement.displacement))
    hull_mm = sample_at_nodes(placement, anatomy.hull_mm)
    centre = np.array(placement.shape) / 2.0
    moved = push_aside(placement, hull_mm, centre, 12.0, 0.45, 20.0).displacement
    assert _jacobian(moved / 4.0).min() > 0.05
    nodes = np.indices(moved.shape[1:]) * 4.0 - 4.0 - centre.reshape(3, 1, 1, 1)
    assert ((moved * nodes).sum(axis=0) <= 1e-4).all()  # the pull-back looks inwards: tissue moves outwards
    assert np.abs(moved).max() > 2.0
    assert np.abs(moved[:, hull_mm <= 0]).max() < 1e-6


def test_tissue_shares_sum_to_one_and_hold_partial_volume(brain: Brain) -> None:
    np.testing.assert_allclose(brain.fractions.sum(axis=0), 1.0, atol=1e-4)
    white = brain.share(Tissue.WHITE)
    assert ((white > 0.2) & (white < 0.8)).sum() > 5000


def test_flipped_or_not_the_midline_is_negative_on_the_left(anatomy: Anatomy) -> None:
    flips = set()
    for seed in range(6):
        placement = draw_placement(np.random.default_rng(seed), anatomy, TOY_PRIORS.placement, GRID)
        placed = place(anatomy, placement)
        flips.add(bool(np.linalg.det(placement.matrix) < 0))
        white = placed.share(Tissue.WHITE) > 0.5
        assert placed.midline_mm[:20][white[:20]].max() < 0 < placed.midline_mm[-20:][white[-20:]].min()
    assert flips == {True, False}


def test_a_source_voxel_is_found_again_on_the_target(anatomy: Anatomy) -> None:
    placement = draw_placement(np.random.default_rng(3), anatomy, TOY_PRIORS.placement, GRID)
    wanted = np.array(anatomy.tissue.shape) / 2.0 + (8.0, -5.0, 3.0)
    i, j, k = np.round(placement.target_of(wanted)).astype(int)
    np.testing.assert_allclose(placement.coordinates()[:, i, j, k], wanted, atol=2.0)


def _jacobian(displacement: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Determinant of the map x -> x + displacement, both in lattice units: (i, j, k)."""
    gradient = np.stack([np.stack(np.gradient(part)) for part in displacement])  # (component, axis, i, j, k)
    return np.linalg.det(np.moveaxis(gradient, (0, 1), (-2, -1)) + np.eye(3))


# Tumour


def test_enhancement_is_a_rim_around_a_core_within_oedema(brain: Brain) -> None:
    centre = _white_centre(brain)
    tumour = grow(np.random.default_rng(3), brain, ROUND, centre)
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


def test_no_enhancement_where_none_is_drawn(brain: Brain) -> None:
    tumour = grow(np.random.default_rng(3), brain, replace(ROUND, enhancement="none"), _white_centre(brain))
    assert not (tumour.classes == ENHANCING).any()
    assert (tumour.classes == CORE).sum() > 2000


def test_oedema_stays_out_of_ventricles_fluid_and_other_hemisphere(brain: Brain) -> None:
    tumour = grow(np.random.default_rng(4), brain, replace(ROUND, oedema_ml=14.0), _white_centre(brain))
    wet = tumour.classes == OEDEMA
    _, pieces = ndimage.label(tumour.swelling > 0.02)
    assert pieces == 1
    fluid = brain.share(Tissue.VENTRICLE, Tissue.CSF, Tissue.MENINGES)
    beside = ndimage.binary_dilation(fluid > 0.5, iterations=2) & (fluid <= 0.2)
    assert (wet & beside).sum() > 50  # it does reach the wall, so the next line means something
    assert not (wet & (fluid > 0.5)).any()
    assert not (tumour.classes[brain.share(Tissue.VENTRICLE) > 0.5] > 0).any()


def test_oedema_prefers_white_matter_to_cortex(brain: Brain) -> None:
    tumour = grow(np.random.default_rng(4), brain, replace(ROUND, oedema_ml=14.0), _white_centre(brain))
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


# Images


def test_contrasts_are_those_of_the_modalities(brain: Brain) -> None:
    tumour = grow(np.random.default_rng(3), brain, ROUND, _white_centre(brain))
    t1, t1ce, t2, flair = paint(np.random.default_rng(0), brain, tumour, ContrastPriors())

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


def test_leaves_of_the_cerebellum_turn_some_of_its_cortex_into_fluid() -> None:
    fractions = np.zeros((len(Tissue), 40, 40, 40), np.float32)
    fractions[Tissue.WHITE] = 1.0
    fractions[Tissue.WHITE, 5:35, 5:35, 5:35] = 0.0
    fractions[Tissue.CEREBELLAR_CORTEX, 5:35, 5:35, 5:35] = 1.0
    _cut_folia(np.random.default_rng(0), fractions)
    fluid = fractions[Tissue.CSF]
    np.testing.assert_allclose(fractions.sum(axis=0), 1.0, atol=1e-6)
    assert fluid[fractions[Tissue.WHITE] > 0].max() == 0.0
    assert 0.2 < (fluid > 0.1).sum() / 30**3 < 0.5


def test_thick_slices_blur_along_their_axis_only_and_keep_the_mean() -> None:
    images = np.ones((4, 40, 40, 40), np.float32)
    images[:, :, :, ::2] = 3.0
    still = AcquisitionPriors(
        white_matter=((1000, 1000),) * 4, thickness_mm=(4.0, 4.0), thick=1.0, blur_mm=(0.01, 0.01),
        bias=(0.0, 0.0), gamma=(1.0, 1.0), noise=(0.0, 0.0), slice_axes=(0.0, 0.0, 1.0),
    )  # fmt: skip
    scanned = scan(np.random.default_rng(0), images, np.ones((40, 40, 40), bool), still)[0].astype(float)
    inner = scanned[5:-5, 5:-5, 8:-8]
    assert inner.mean() == pytest.approx(2000, rel=0.03)
    assert inner.std() < 150
    sharp = scan(np.random.default_rng(0), images, np.ones((40, 40, 40), bool), replace(still, thick=0.0))[0]
    assert sharp[5:-5, 5:-5, 8:-8].std() > 500


def test_dark_voxels_of_the_brain_are_stored_above_zero() -> None:
    mask = np.zeros((24, 24, 24), bool)
    mask[4:-4, 4:-4, 4:-4] = True
    dim = AcquisitionPriors(white_matter=((5.0, 5.0),) * 4, noise=(0.0, 0.0))
    for stored in scan(np.random.default_rng(0), np.zeros((4, 24, 24, 24), np.float32), mask, dim):
        np.testing.assert_array_equal(stored > 0, mask)


# Cases


def _digest(case: SyntheticCase) -> str:
    digest = hashlib.sha256(case.mask.tobytes())
    for modality in ("t1", "t1ce", "t2", "flair"):
        digest.update(case.images[modality].tobytes())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_bits_and_another_does_not(anatomy: Anatomy, case: SyntheticCase) -> None:
    assert _digest(synthesise(anatomy, 5, TOY_PRIORS, GRID)) == _digest(case)
    other = synthesise(anatomy, 6, TOY_PRIORS, GRID)
    assert (other.mask != case.mask).any()
    assert (other.images["t1"] != case.images["t1"]).mean() > 0.1


def test_images_are_zero_outside_the_brain_only_and_hold_the_mask(case: SyntheticCase) -> None:
    assert case.mask.dtype == np.uint8
    assert set(np.unique(case.mask)) == {0, 1, 2, 4}
    brain = case.images["t1"] > 0
    assert 120 < brain.sum() / 1000.0 < 170
    for image in case.images.values():
        assert image.dtype == np.int16
        assert image.shape == GRID
        np.testing.assert_array_equal(image > 0, brain)
        assert image.min() == 0
        assert len(np.unique(image)) > 100
    assert brain[case.mask > 0].all()
    _, parts = ndimage.label(brain)
    assert parts == 1


def test_regions_are_nested_and_enhancement_touches_the_core(case: SyntheticCase) -> None:
    assert 3.0 < case.volume_ml(1, 4) < 5.2
    assert 5.0 < case.volume_ml(2) < 9.2
    core, enhancing = case.mask == 1, case.mask == 4
    assert case.volume_ml(4) <= case.volume_ml(1, 4) <= case.volume_ml(1, 2, 4)
    parts, count = ndimage.label(enhancing, np.ones((3, 3, 3)))
    largest = parts == 1 + int(np.argmax(ndimage.sum_labels(enhancing, parts, np.arange(1, count + 1))))
    assert (ndimage.binary_dilation(largest) & core).any()


def test_front_and_top_are_where_the_affine_says(case: SyntheticCase) -> None:
    brain = case.images["t2"] > 0
    deep = ndimage.distance_transform_edt(brain) > 12
    ventricle = deep & (case.mask == 0) & (case.images["t2"] > 2.2 * np.median(case.images["t2"][brain]))
    assert ventricle.sum() > 1000
    to_world = [nib.affines.apply_affine(case.affine, np.argwhere(part)).mean(axis=0) for part in (ventricle, brain)]
    _, front, up = to_world[0] - to_world[1]
    assert front > 3.0
    assert up > 2.0


def test_files_are_stored_as_brats_stores_them(tmp_path: Path, case: SyntheticCase) -> None:
    write_case(case, tmp_path / "new" / "id", "id")
    names = sorted(path.name for path in (tmp_path / "new" / "id").iterdir())
    assert names == [f"id_{part}.nii.gz" for part in ("flair", "seg", "t1", "t1ce", "t2")]
    for name in names:
        image = nib.load(tmp_path / "new" / "id" / name)
        _assert_brats_grid(image, GRID)
        part = name.removeprefix("id_").removesuffix(".nii.gz")
        expected = case.mask if part == "seg" else case.images[part]
        assert image.get_data_dtype() == expected.dtype
        np.testing.assert_array_equal(np.asanyarray(image.dataobj), expected)


def test_the_command_writes_as_many_cases_as_asked(
    tmp_path: Path, toy_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds: list[int] = []

    def quick(anatomy: Anatomy, seed: int) -> SyntheticCase:
        seeds.append(seed)
        blank = np.zeros((4, 4, 4), np.int16)
        images = dict.fromkeys(("t1", "t1ce", "t2", "flair"), blank)
        return SyntheticCase(images, blank.astype(np.uint8), brats_affine((4, 4, 4)), anatomy.name, seed)

    monkeypatch.setattr("training.synthesis.__main__.synthesise", quick)
    out = tmp_path / "out"
    arguments = ["--anatomy", str(toy_file.parent), "--out", str(out), "--cases", "2", "--seed", "7", "--name", "p"]
    assert main(arguments) == 0
    assert seeds == [7, 8]
    assert sorted(path.name for path in out.iterdir()) == ["p-00001", "p-00002"]
    assert (out / "p-00002" / "p-00002_seg.nii.gz").is_file()
    assert "anatomy toy, seed 8" in capsys.readouterr().out


def _assert_brats_grid(image: Any, shape: tuple[int, int, int]) -> None:
    assert image.shape == shape
    assert nib.aff2axcodes(image.affine) == ("L", "P", "S")
    np.testing.assert_array_equal(image.affine, [[-1, 0, 0, 0], [0, -1, 0, shape[1] - 1], [0, 0, 1, 0], [0, 0, 0, 1]])
    np.testing.assert_array_equal(image.header.get_zooms(), (1, 1, 1))
    assert int(image.header["qform_code"]) == int(image.header["sform_code"]) == 1
    np.testing.assert_allclose(image.get_qform(), image.affine, atol=1e-6)


# The demonstration case


def test_the_demonstration_case_is_a_brats_case_of_at_most_ten_megabytes(demo_folder: Path) -> None:
    name = "brainseg-demo-synthetic"
    paths = {part: demo_folder / name / f"{name}_{part}.nii.gz" for part in ("t1", "t1ce", "t2", "flair", "seg")}
    assert sum(path.stat().st_size for path in paths.values()) <= 10_000_000
    volumes = {}
    for part, path in paths.items():
        image = nib.load(path)
        _assert_brats_grid(image, (240, 240, 155))
        volumes[part] = np.asanyarray(image.dataobj)
        assert volumes[part].dtype == (np.uint8 if part == "seg" else np.int16)
    mask, brain = volumes["seg"], volumes["t1"] > 0
    assert set(np.unique(mask)) == {0, 1, 2, 4}
    assert 60.0 < (mask > 0).sum() / 1000.0 < 90.0
    assert brain[mask > 0].all()
    assert 1000.0 < brain.sum() / 1000.0 < 1700.0
    assert volumes["t1ce"][mask == 4].mean() > 1.5 * volumes["t1ce"][mask == 2].mean()
    assert volumes["flair"][mask == 2].mean() > 1.3 * volumes["flair"][brain & (mask == 0)].mean()
    assert "synthetic" in (demo_folder / name / "README.md").read_text().lower()
