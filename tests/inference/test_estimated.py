"""An image that a case lacks is estimated from the others, and then the networks for whole cases speak."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.estimated import Surroundings, estimate, file_of, inputs_of
from brainseg_gui.inference.models.dense import DenseNetwork, dense_as_bytes
from brainseg_gui.inference.models.model_folder import default_model, read_model_folder
from brainseg_gui.inference.segment import segment_volumes
from brainseg_gui.progress import run_to_end
from tests.inference.test_incomplete import Fake

SHAPE = (30, 34, 28)
OTHERS = (Modality.T1, Modality.T1CE, Modality.T2)


def volume(values: np.ndarray, spacing: tuple[float, float, float] = (2.0, 2.0, 2.0)) -> Volume:
    return Volume(np.asfortranarray(values), Grid(values.shape, np.diag([*spacing, 1.0])), 1.0, 0.0, Path("x.nii"))


@pytest.fixture
def images() -> dict[Modality, Volume]:
    """Noise within a block, 0 around it, another for each modality."""
    rng, found = np.random.default_rng(0), {}
    for modality in Modality:
        values = np.zeros(SHAPE, np.float32)
        values[4:-4, 4:-4, 4:-4] = rng.normal(500, 100, [n - 8 for n in SHAPE])
        found[modality] = volume(values)
    return found


def telling(column: int) -> DenseNetwork:
    """A network that gives back one of its inputs."""
    weights = np.zeros((inputs_of(3), 1), np.float32)
    weights[column] = 1
    nothing = np.zeros(inputs_of(3), np.float32)
    return DenseNetwork(nothing, nothing + 1, ((weights, np.zeros(1, np.float32)),))


def test_of_several_networks_the_mean_is_told(images: dict[Modality, Volume]) -> None:
    """As each tells it alone, through the file that holds them all."""
    one, other = telling(0), telling(1)
    layers = tuple(
        (np.stack([w1, w2]), np.stack([b1, b2])) for (w1, b1), (w2, b2) in zip(one.layers, other.layers, strict=True)
    )
    both = DenseNetwork(one.mean, one.spread, layers)
    inputs = np.random.default_rng(0).normal(0, 1, (20, inputs_of(3))).astype(np.float32)
    np.testing.assert_allclose(both.outputs(inputs), (one.outputs(inputs) + other.outputs(inputs)) / 2, rtol=1e-6)


def test_an_estimate_is_what_the_network_tells_of_each_voxel(images: dict[Modality, Volume]) -> None:
    """Of the first input, the first image itself: it is that image, in no unit, above 0 in the brain alone."""
    found = run_to_end(estimate(images, OTHERS, telling(0)))
    brain = images[Modality.T1].stored > 0
    assert (found.stored[~brain] == 0).all()
    assert found.stored[brain].min() == 1
    assert np.corrcoef(found.stored[brain], images[Modality.T1].stored[brain])[0, 1] > 0.9999
    assert not found.stored.flags.writeable


def test_gain_and_offset_of_an_image_change_nothing(images: dict[Modality, Volume]) -> None:
    before = run_to_end(estimate(images, OTHERS, telling(0)))
    brain = images[Modality.T1].stored > 0
    other = volume(np.where(brain, 7 * images[Modality.T1].stored + 300, 0).astype(np.float32))
    after = run_to_end(estimate({**images, Modality.T1: other}, OTHERS, telling(0)))
    np.testing.assert_allclose(after.stored, before.stored, atol=1e-3)


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (1.0, 1.0, 1.0), (1.0, 1.0, 5.0)])
def test_what_is_around_a_voxel_is_of_the_brain_alone(spacing: tuple[float, float, float]) -> None:
    """Of an image that is the same all over the brain every mean is that value, at its rim too, and nothing varies."""
    values = np.zeros(SHAPE, np.float32)
    values[5:-5, 5:-5, 5:-5] = 1
    there = Surroundings.of({Modality.T1: volume(values, spacing)})
    inputs = there.seen([np.where(there.brain, np.float32(3), np.float32(0))]).inputs(slice(None))
    assert inputs.shape == (there.brain.sum(), inputs_of(1))
    means, uneven, across, places = np.split(inputs, (6, 8, 10), axis=1)
    np.testing.assert_allclose(means, 3, rtol=1e-3)
    np.testing.assert_allclose(across, 3, rtol=1e-3)
    assert uneven.max() < 0.01
    depth, aside, *along = places.T
    assert depth.min() > 0
    assert depth.max() <= min(n * s for n, s in zip(there.brain.shape, spacing, strict=True)) / 2 + max(spacing)
    assert (aside.min(), aside.max()) == pytest.approx((0, 0.5), abs=0.05)
    assert all((one.min(), one.max()) == (0, 1) for one in along)


@pytest.mark.parametrize("spacing", [2.0, 1.0])
def test_the_other_side_is_that_of_the_head(spacing: float) -> None:
    """A bright half is what voxels of the dark half see across, and they do not see it around them."""
    values = np.zeros((60, 34, 28), np.float32)
    values[5:-5, 5:-5, 5:-5] = 1
    there = Surroundings.of({Modality.T1: volume(values, (spacing, spacing, spacing))})
    image = np.zeros(there.brain.shape, np.float32)
    image[:25] = 4  # of 50
    seen = there.seen([image]).inputs(slice(None))
    grid = np.indices(there.brain.shape)[0].reshape(-1)
    far = {"dark": seen[grid >= 40], "bright": seen[grid < 10]}
    near_mean, across = 3, 8  # of 4 mm each
    assert (far["dark"][:, across] > 3.5).all()
    assert (far["dark"][:, near_mean] < 0.5).all()
    assert (far["bright"][:, across] < 0.5).all()
    edge = seen[(grid >= 24) & (grid < 26), 6]
    assert edge.min() > 1 > far["dark"][:, 6].max()  # it varies where the halves meet


def test_some_voxels_are_seen_as_all_are(images: dict[Modality, Volume]) -> None:
    there = Surroundings.of(images)
    seen = there.seen([there.standardised(one) for one in images.values()])
    chosen = np.array([5, 900, 17])
    np.testing.assert_array_equal(seen.inputs(chosen), seen.inputs(slice(None))[chosen])


class Estimating(Fake):
    """A network whose model estimates FLAIR, unless its file is damaged."""

    def __init__(self, told: DenseNetwork | ModelError, other: Fake | None = None) -> None:
        super().__init__(2, other)
        self.told = told

    def estimator(self, modality: Modality) -> DenseNetwork | None:
        assert modality is Modality.FLAIR
        if isinstance(self.told, ModelError):
            raise self.told
        return self.told


@pytest.mark.parametrize(
    ("without", "asked", "said"),
    [
        ((), (1, 0), ()),
        ((Modality.FLAIR,), (1, 0), ("FLAIR was estimated from the other images",)),
        ((Modality.T1CE,), (0, 1), ()),  # nothing estimates it
        ((Modality.FLAIR, Modality.T1), (0, 1), ()),  # from two images nothing is estimated
    ],
)
def test_who_speaks_where_one_image_is_estimated(
    images: dict[Modality, Volume], without: tuple[Modality, ...], asked: tuple[int, int], said: tuple[str, ...]
) -> None:
    passport = replace(default_model().passport, postprocess=(), finer=None)
    assert passport.estimated is not None
    estimated = replace(passport.estimated, files={Modality.FLAIR: ("x.npz", "0")}, mirrored="")
    passport = replace(passport, estimated=estimated)
    other = Fake(3)
    network = Estimating(telling(0), other)
    given = {modality: one for modality, one in images.items() if modality not in without}
    outcome = run_to_end(segment_volumes(given, passport, network, np.zeros(SHAPE, np.uint8, order="F")))
    assert (network.asked, other.asked) == asked
    assert outcome.notes == said


@pytest.mark.parametrize(("without", "passes"), [((), 1), ((Modality.FLAIR,), 2), ((Modality.T1CE,), 1)])
def test_of_an_estimate_the_first_network_sees_the_mirror_image_too(
    images: dict[Modality, Volume], without: tuple[Modality, ...], passes: int
) -> None:
    """It alone, and of no other case: the finer one is asked once."""
    passport = replace(default_model().passport, postprocess=())
    assert passport.finer is not None
    assert passport.estimated is not None
    estimated = replace(passport.estimated, files={Modality.FLAIR: ("x.npz", "0")}, mirrored="I")
    passport = replace(passport, estimated=estimated, incomplete=None)
    network = Estimating(telling(0))
    network.finer = finer = Fake(3)
    given = {modality: one for modality, one in images.items() if modality not in without}
    run_to_end(segment_volumes(given, passport, network, np.zeros(SHAPE, np.uint8, order="F")))
    assert network.asked == passes
    assert finer.asked == (0 if Modality.T1CE in without else 1)


def test_a_damaged_file_is_told_and_the_other_network_speaks(images: dict[Modality, Volume]) -> None:
    passport = replace(default_model().passport, postprocess=(), finer=None)
    other = Fake(3)
    network = Estimating(ModelError("it is damaged", "Put it back"), other)
    del images[Modality.FLAIR]
    outcome = run_to_end(segment_volumes(images, passport, network, np.zeros(SHAPE, np.uint8, order="F")))
    assert (network.asked, other.asked) == (0, 1)
    assert outcome.notes == ("FLAIR was not estimated: it is damaged",)


def test_without_memory_for_it_the_other_network_speaks(
    images: dict[Modality, Volume], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(Surroundings, "seen", too_much)
    passport = replace(default_model().passport, postprocess=(), finer=None)
    other = Fake(3)
    network = Estimating(telling(0), other)
    del images[Modality.FLAIR]
    outcome = run_to_end(segment_volumes(images, passport, network, np.zeros(SHAPE, np.uint8, order="F")))
    assert (network.asked, other.asked) == (0, 1)
    assert outcome.notes == ("FLAIR was not estimated: the memory is too small",)


def test_a_file_is_read_back_and_always_has_the_same_bytes(tmp_path: Path) -> None:
    network, file = telling(3), tmp_path / "x.npz"
    file.write_bytes(dense_as_bytes(network))
    assert file.read_bytes() == dense_as_bytes(network)
    read = file_of(3).read(file)
    inputs = np.random.default_rng(0).normal(size=(9, inputs_of(3))).astype(np.float32)
    np.testing.assert_array_equal(read.outputs(inputs), network.outputs(inputs))
    with pytest.raises(ModelError, match="its layers do not fit"):
        file_of(2).read(file)
    with pytest.raises(ModelError, match="damaged or another file"):
        file_of(3).read(file, "0" * 64)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ModelError, match="estimates an image from the others"):
        file_of(3).read(file)
    with pytest.raises(ModelError, match="it is missing, and it estimates"):
        file_of(3).read(tmp_path / "none.npz")


@pytest.fixture
def with_estimated(tmp_path: Path) -> Callable[[Any], Path]:
    """The default model whose passport says something else of what is estimated."""

    def made(estimated: Any) -> Path:
        folder = Path(shutil.copytree(default_model().path, tmp_path / "model"))
        about = json.loads((folder / "model.json").read_text("utf-8"))
        about["estimated"] = estimated
        (folder / "model.json").write_text(json.dumps(about), "utf-8")
        (folder / "estimated_flair.npz").write_bytes(b"")  # it is not read before it is needed
        return folder

    return made


FILE = {"weights": "estimated_flair.npz", "sha256": "0" * 64}


def test_what_the_passport_tells(with_estimated: Callable[[Any], Path]) -> None:
    line = {"WT": {"overlap": [0.5, 0.9], "dice": [0.3, 0.8], "error": 0.1}}
    said = {"networks": {"flair": FILE}, "expected_dice": line, "mirrored": ["I", "K"]}
    passport = read_model_folder(with_estimated(said)).passport
    assert passport.estimated is not None
    assert (passport.mirrored, passport.where_estimated.mirrored) == ("", "IK")
    assert passport.estimated.files == {Modality.FLAIR: ("estimated_flair.npz", "0" * 64)}
    assert passport.digests["estimated_flair.npz"] == "0" * 64
    assert passport.sha256 != default_model().passport.sha256
    assert passport.sha256_of_whole_cases == default_model().passport.sha256_of_whole_cases
    assert passport.to_estimate([m for m in Modality if m is not Modality.FLAIR]) is Modality.FLAIR
    assert passport.to_estimate([m for m in Modality if m is not Modality.T1]) is None
    assert passport.to_estimate(list(Modality)) is None
    assert passport.to_estimate([Modality.T1CE, Modality.T2]) is None
    assert passport.expected_with(OTHERS).keys() == {"WT"}
    assert passport.of_incomplete is not None
    assert passport.of_incomplete.estimated is None


@pytest.mark.parametrize(
    ("estimated", "words"),
    [
        ({"networks": {}}, "a file of its own"),
        ({"networks": {"flair": {**FILE, "weights": "x.keras"}}}, "no .npz file"),
        ({"networks": {"flair": {**FILE, "weights": "../x.npz"}}}, "no .npz file of its folder"),
        ({"networks": {"flair": {**FILE, "sha256": "00"}}}, "64 hexadecimal digits"),
        ({"networks": {"flair": FILE, "t1": FILE}}, "a file of its own"),
        ({"networks": {"adc": FILE}}, "estimates adc"),
        ({"networks": {"flair": {**FILE, "more": 1}}}, "more"),
        ({"networks": {"flair": FILE}, "more": 1}, "more"),
        ({"networks": {"flair": FILE}, "mirrored": ["L"]}, "different axes out of I, J, K"),
        ([], "estimated"),
    ],
)
def test_what_is_refused(with_estimated: Callable[[Any], Path], estimated: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        read_model_folder(with_estimated(estimated))
