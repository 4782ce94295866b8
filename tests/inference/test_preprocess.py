from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import affine_transform, gaussian_filter, gaussian_filter1d, laplace

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference import grid_choice
from brainseg_gui.inference.brain import brain_mask
from brainseg_gui.inference.grid_choice import brain_box, choose_network_grid, fixed_box, orient_spacing
from brainseg_gui.inference.image_steps import add_laplacian, gaussian, min_max, pad, percentiles, to_range, zscore
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.inference.network_grid import NetworkGrid, from_axes, orient, to_axes
from brainseg_gui.inference.preprocess import prepare, prepare_part
from brainseg_gui.inference.separable import Banded, apply_along_axes, gaussian_matrix, linear_matrix
from brainseg_gui.progress import run_to_end
from tests.inference.orientation import orient_back

MakeCase = Callable[..., Case]
TWO_MM = default_model().passport


def image(shape: tuple[int, int, int] = (9, 10, 11), seed: int = 0) -> np.ndarray:
    return np.asfortranarray(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def test_zscore_uses_the_brain_only_and_clips() -> None:
    values = np.array([[[0, 2, 4, 100, 7]]], np.float32)
    brain = np.array([[[False, True, True, False, True]]])
    # over 2, 4, 7: mean 13/3, variance (4 + 16 + 49)/3 - (13/3)² = 38/9
    deviation = np.sqrt(38 / 9)
    expected = [-1.0, (2 - 13 / 3) / deviation, (4 - 13 / 3) / deviation, -1.0, 1.25]
    result = zscore(values.copy(), brain, steps.ZScore(-1.0, (-5.0, 1.25)))
    np.testing.assert_allclose(result.ravel(), expected, rtol=1e-6)


def test_zscore_of_a_constant_brain_is_zero() -> None:
    result = zscore(np.full((2, 2, 2), 7, np.float32), np.ones((2, 2, 2), bool), steps.ZScore(0.0, None))
    assert not result.any()


def test_min_max_rounds_in_double_precision() -> None:
    values = np.array([[[-1000, 0, 1, 4, 1000]]], np.float32)  # 1 becomes .5005, a tie: half to even
    assert min_max(values, 3).ravel().tolist() == pytest.approx([0, 0.5, 0.5, 0.502, 1])
    assert min_max(values, None).ravel()[2] == pytest.approx(0.5005)
    assert not min_max(np.full((2, 2, 2), 5, np.float32), 3).any()


@pytest.mark.parametrize("sigma", [(1.0, 1.0, 1.0), (0.5, 0.0, 2.0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_gaussian_equals_scipy(sigma: tuple[float, float, float], order: str) -> None:
    source = np.asarray(image((9, 3, 11)), order=order)  # type: ignore[call-overload]
    np.testing.assert_allclose(gaussian(source, sigma), gaussian_filter(source, sigma), atol=2e-6)


def test_gaussian_wider_than_the_image_equals_scipy() -> None:
    matrix = gaussian_matrix(4, 3.0)
    line = np.array([1.0, 5.0, -2.0, 7.0])
    assert matrix is not None
    np.testing.assert_allclose(dense(matrix) @ line, gaussian_filter(line, 3.0), atol=1e-5)


def dense(matrix: Banded) -> np.ndarray:
    whole = np.zeros(matrix.shape)
    for rows, columns, block in matrix.blocks:
        whole[rows, columns] = block
    return whole


@pytest.mark.parametrize("length", [1, 2, 31, 32, 33, 97, 300])
@pytest.mark.parametrize("sigma", [0.5, 4.0, 50.0])
def test_a_band_is_the_matrix_that_scipy_applies(length: int, sigma: float) -> None:
    smooth = gaussian_matrix(length, sigma)
    assert smooth is not None
    np.testing.assert_allclose(dense(smooth), gaussian_filter1d(np.eye(length), sigma, axis=0), atol=1e-6)
    for step in (0.3, 1.9, 7.0):
        positions = np.arange(int((length - 1) / step) + 1) * step
        sample = linear_matrix(length, positions)
        wanted = [np.interp(positions, np.arange(length), column) for column in np.eye(length)]
        np.testing.assert_allclose(dense(sample), np.transpose(wanted), atol=1e-6)
        np.testing.assert_allclose(dense(sample @ smooth), dense(sample) @ dense(smooth), atol=1e-7)


def test_a_long_axis_costs_its_band_and_not_its_square() -> None:
    tracemalloc.start()
    smooth = gaussian_matrix(16_000, 0.5)
    assert smooth is not None
    whole = linear_matrix(16_000, np.arange(8000) * 2.0) @ smooth
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert whole.shape == (8000, 16_000)
    assert peak < 2**24  # the square has 2 GiB


def test_laplacian_equals_scipy() -> None:
    source = image()
    np.testing.assert_allclose(add_laplacian(source, -0.3), source - 0.3 * laplace(source), atol=1e-5)


def test_apply_along_axes_keeps_the_order_of_memory() -> None:
    first, last = (
        Banded((n, of), ((slice(0, n), slice(0, of), np.ones((n, of), np.float32)),)) for n, of in ((2, 9), (3, 11))
    )
    matrices = [first, None, last]
    source = image()
    expected = np.broadcast_to(source.sum(axis=(0, 2))[None, :, None], (2, 10, 3))
    for order in ("C", "F"):
        result = apply_along_axes(np.asarray(source, order=order), matrices)  # type: ignore[call-overload]
        np.testing.assert_allclose(result, expected, atol=1e-5)
        assert result.flags.f_contiguous == (order == "F")


@pytest.mark.parametrize("error", [-1e-6, 1e-7, 3e-5])
def test_the_last_digit_of_a_header_changes_nothing(error: float) -> None:
    """A turned grid of 2 mm gives a spacing of 2.0000001: nothing is smoothed, and no plane is lost."""
    source = image((12, 13, 14))
    same = NetworkGrid.of_box((0, 0, 0), (12, 13, 14)).with_steps((1.0 + error,) * 3)
    assert same.resampled == (12, 13, 14)
    np.testing.assert_array_equal(apply_along_axes(source, same.forward(0.5)), source)
    half = NetworkGrid.of_box((0, 0, 0), (13, 13, 13)).with_steps((2.0 + error,) * 3)
    assert half.resampled == (7, 7, 7)


@pytest.mark.parametrize("step", [(2.0, 2.0, 2.0), (1.5, 1.0, 0.8)])
def test_resampling_equals_scipy_there_and_back(step: tuple[float, float, float]) -> None:
    source = image((12, 13, 14))
    network_grid = NetworkGrid.of_box((0, 0, 0), (12, 13, 14)).with_steps(step)
    smooth = gaussian_filter(source, [0.5 * (s > 1) for s in step])
    expected = affine_transform(smooth, step, order=1, mode="nearest", output_shape=network_grid.resampled)
    result = apply_along_axes(source, network_grid.forward(0.5))
    np.testing.assert_allclose(result, expected, atol=1e-5)

    whole = [slice(0, n) for n in network_grid.resampled]
    back = apply_along_axes(result, network_grid.backward(whole, [slice(0, n) for n in (12, 13, 14)]))
    inverse = [1 / s for s in step]
    expected_back = affine_transform(expected, inverse, order=1, mode="nearest", output_shape=(12, 13, 14))
    np.testing.assert_allclose(back, expected_back, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "spacing_mm", "words"),
    [
        ((20, 20, 20), (54.0, 54.0, 54.0), "make 520×520×520 voxels of this case"),
        ((300, 300, 300), (5.0, 5.0, 5.0), "make 752×752×752 voxels"),
        ((16_000, 300, 300), (2.0, 2.0, 2.0), "make 16000×304×304 voxels"),
        ((3, 3, 16_000), (1.0, 500.0, 500.0), "voxels of this case"),
        ((16_000, 3, 3), (1.0, 1.0, 1.0), ""),
        ((500, 500, 400), (0.5, 0.5, 0.5), ""),
        ((160, 200, 160), (1.0, 1.0, 1.0), ""),
        ((240, 240, 30), (1.0, 1.0, 5.0), ""),
    ],
)
def test_a_giant_is_refused_before_memory_is_taken(
    shape: tuple[int, int, int], spacing_mm: tuple[float, float, float], words: str
) -> None:
    with pytest.raises(ModelError, match=words) if words else contextlib.nullcontext():
        choose_network_grid(TWO_MM, shape, spacing_mm, np.ones(shape, bool))


def test_what_the_free_memory_does_not_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    case = (240, 240, 160), (1.0, 1.0, 1.0), np.ones((240, 240, 160), bool)
    monkeypatch.setattr(grid_choice, "usable_bytes", lambda: 10 * 2.0**20)
    with pytest.raises(ModelError, match=r"which need 35 MiB of memory, and 10 MiB can be used") as caught:
        choose_network_grid(TWO_MM, *case)
    assert caught.value.remedy.startswith("Close other programs. Use a model with a coarser spacing")
    monkeypatch.setattr(grid_choice, "usable_bytes", lambda: 100 * 2.0**20)
    assert choose_network_grid(TWO_MM, *case).padded == (120, 120, 80)


def test_padding_divides_and_can_be_undone() -> None:
    network_grid = NetworkGrid.of_box((3, 0, 1), (5, 8, 9)).with_padding(8, both_sides=True)
    assert network_grid.padded == (8, 8, 16)
    assert network_grid.before == (1, 0, 3)
    source = image((5, 8, 9))
    padded = pad(source, network_grid, -2.0)
    assert padded.shape == (8, 8, 16)
    np.testing.assert_array_equal(padded[network_grid.inside_padding], source)
    assert (padded == -2).sum() == 8 * 8 * 16 - 5 * 8 * 9


@pytest.mark.parametrize("code", ["RAS", "LPS", "SAR", "IPL", "ARS"])
def test_orientations_and_axis_orders_have_inverses(code: str) -> None:
    array = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(orient_back(orient(array, code), code), array)
    for axes in ("IJKC", "KIJC", "JKIC"):
        np.testing.assert_array_equal(from_axes(to_axes(array, axes), axes), array)


def test_orient_turns_to_the_letters() -> None:
    array = np.arange(24).reshape(2, 3, 4)
    turned = orient(array, "SLP")
    assert turned.shape == (4, 2, 3)
    assert turned[1, 0, 0] == array[1, 2, 1]  # superior 1; leftmost is the last of R; posterior is the last of A
    assert to_axes(array, "KIJC").shape == (4, 2, 3)
    assert orient_spacing((1.0, 2.0, 3.0), "SLP") == (3.0, 1.0, 2.0)


def test_brain_box_grows_and_stays_on_the_grid() -> None:
    brain = np.zeros((10, 10, 10), bool)
    brain[1:4, 5, 9] = True
    assert brain_box(brain, 2) == ((0, 3, 7), (6, 5, 3))


def test_nothing_is_smoothed_along_axes_that_become_no_coarser() -> None:
    network_grid = NetworkGrid.of_box((0, 0, 0), (8, 8, 8)).with_steps((2.0, 1.0, 0.5))
    coarser, same, finer = network_grid.forward(0.5)
    assert coarser is not None
    assert (dense(coarser)[2] > 0).sum() > 1
    assert same is None
    assert finer is not None
    assert dense(finer)[2].max() == 1.0


def test_fixed_crop_is_that_of_the_source_recipe() -> None:
    step = steps.FixedCrop((8, 8, 6), (-8, -8, -5))
    assert fixed_box((240, 240, 155), step) == ((8, 8, 6), (224, 224, 144))
    with pytest.raises(ModelError, match="leaves nothing of 10×10×10"):
        fixed_box((10, 10, 10), step)


def test_default_model_input_equals_a_straightforward_calculation(make_case: MakeCase) -> None:
    shape, brain = (40, 44, 36), np.zeros((40, 44, 36), bool)
    brain[6:33, 7:38, 5:29] = True
    random = np.random.default_rng(1)
    volumes = {m: (brain * random.integers(1, 900, shape)).astype(np.int16) for m in Modality}
    case = make_case(shape, volumes)
    passport = default_model().passport
    prepared = run_to_end(prepare(case.volumes, passport))

    box = np.s_[4:35, 5:40, 3:31]
    inside = brain[box]
    assert prepared.batch.shape == (1, 16, 24, 16, 4)
    for channel, modality in enumerate(passport.modalities):
        values = volumes[modality][box].astype(float)
        scaled = np.clip((values - values[inside].mean()) / values[inside].std(), -5, 5) * inside
        expected = np.zeros((16, 24, 16))
        expected[:16, :18, :14] = gaussian_filter(scaled, 0.5)[::2, ::2, ::2]
        np.testing.assert_allclose(prepared.batch[0, ..., channel], expected, atol=1e-5)


def test_normalisations_look_at_the_voxels_that_their_frameworks_look_at() -> None:
    values = np.array([[[0, 2, 4, -100, 7]]], np.float32)
    brain = np.array([[[False, True, True, False, True]]])
    of_all = zscore(values.copy(), brain, steps.ZScore(0.0, None, "crop"))
    np.testing.assert_allclose(of_all.ravel(), (values.ravel() + 17.4) / values.std(), rtol=1e-5)
    nonzero = zscore(values.copy(), None, steps.ZScore(0.0, None, "nonzero"))
    inside = np.array([2, 4, -100, 7])
    wanted = np.insert((inside - inside.mean()) / inside.std(), 0, 0)
    np.testing.assert_allclose(nonzero.ravel(), wanted, rtol=1e-5)
    assert not zscore(np.zeros((2, 2, 2), np.float32), None, steps.ZScore(0.0, None, "nonzero")).any()


def test_percentiles_become_0_and_1() -> None:
    values = np.arange(101, dtype=np.float32).reshape(1, 1, 101)
    assert percentiles(values, None, steps.Percentiles(10, 90, False, "crop")).ravel()[
        [0, 10, 50, 90]
    ] == pytest.approx([-0.125, 0, 0.5, 1])
    clipped = percentiles(values, None, steps.Percentiles(0, 50, True, "nonzero"))  # over 1 … 100: 1 and 50.5
    assert clipped.ravel()[[0, 1, 50, 100]] == pytest.approx([0, 0, 49 / 49.5, 1])
    assert not percentiles(np.zeros((2, 2, 2), np.float32), None, steps.Percentiles(1, 99, True, "nonzero")).any()


def test_a_range_of_intensities_is_the_same_for_all_images() -> None:
    values = np.array([[[-1000, -50, 40, 3000]]], np.float32)
    assert to_range(values, steps.Range((-100, 300), 40, 20)).ravel().tolist() == [-7, -4.5, 0, 13]


def test_the_brain_of_nnu_net_is_what_is_not_0_and_what_that_encloses(make_case: MakeCase) -> None:
    images = {m: np.zeros((9, 9, 9), np.int16) for m in Modality}
    images[Modality.T1][2:7, 2:7, 2:7] = -5
    images[Modality.T1][4, 4, 4] = 0  # enclosed
    images[Modality.T2][0, 0, 0] = 3
    volumes = make_case((9, 9, 9), images).volumes
    found = brain_mask([(volume, volume.stored) for volume in volumes.values()], "any modality not 0, holes filled")
    assert (found.sum(), found[4, 4, 4], found[0, 0, 0]) == (126, True, True)


@pytest.mark.parametrize("orientation", ["RAS", "LPS"])
@pytest.mark.parametrize(
    "changes",
    [
        {"spacing_mm": (1.0, 1.0, 1.0)},
        {"spacing_mm": (1.5, 1.0, 2.0)},
        {"spacing_mm": (1.0, 1.0, 1.0), "preprocess": (*TWO_MM.preprocess, steps.Laplacian(-0.3))},
        {
            "spacing_mm": (1.0, 1.0, 1.0),
            "preprocess": tuple(s for s in TWO_MM.preprocess if type(s) is not steps.ZScore),
        },
    ],
)
def test_a_part_is_what_the_whole_has_there(make_case: MakeCase, orientation: str, changes: dict[str, Any]) -> None:
    passport = replace(TWO_MM, orientation=orientation, **changes)
    brain = np.zeros((30, 26, 28), np.int16)
    brain[3:-4, 2:-6, 5:-2] = np.random.default_rng(1).integers(90, 120, (23, 18, 21))
    volumes = dict(make_case(brain.shape, {m: brain + n * (brain > 0) for n, m in enumerate(Modality)}).volumes)
    t2 = volumes[Modality.T2]
    volumes[Modality.T2] = replace(t2, slope=0.37, intercept=0.0)
    whole = run_to_end(prepare(volumes, passport))
    box = (slice(3, 11), slice(0, 12), slice(5, whole.network_grid.resampled[2]))
    part = run_to_end(prepare_part(volumes, passport, whole.network_grid, whole.brain, box))
    expected = from_axes(whole.batch[0], passport.axes)[whole.network_grid.inside_padding][box]
    np.testing.assert_array_equal(part, expected)
    assert part.any()


def test_another_grid_has_the_same_crop(make_case: MakeCase) -> None:
    case = make_case((30, 26, 28))
    brain = np.zeros((30, 26, 28), bool)
    brain[4:20, 5:21, 6:22] = True
    first = choose_network_grid(TWO_MM, case.grid.shape, (1.0, 1.0, 1.0), brain)
    finer = replace(TWO_MM, spacing_mm=(1.0, 1.0, 1.0))
    again = choose_network_grid(finer, case.grid.shape, (1.0, 1.0, 1.0), None, like=first)
    assert again == choose_network_grid(finer, case.grid.shape, (1.0, 1.0, 1.0), brain)
