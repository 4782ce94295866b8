"""A second network on a finer grid: what it may change, what stays the first one's word, and when it is left out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.models.model_folder import default_model, read_model_folder
from brainseg_gui.inference.models.passport import Finer, Passport
from brainseg_gui.inference.models.steps import WeakComponents
from brainseg_gui.inference.segment import Outcome, segment_volumes
from brainseg_gui.progress import run_to_end

Array = np.ndarray
FINER = Finer("finer.keras", "0" * 64, (1.0, 1.0, 1.0), None, "WT", 0.3, 4.0)
SHAPE = (49, 41, 45)  # odd: even voxels are even from either end
INSIDE = (slice(14, 25), slice(10, 21), slice(12, 23))  # what the first network calls tumour, on the case's grid


class Fake:
    """A network that a function stands for; remembers what it saw."""

    bytes_per_voxel = 1.0
    fixed_shape = None

    def __init__(self, answer: Callable[[Array], Array], finer: Fake | None = None) -> None:
        self.answer, self.finer, self.seen = answer, finer, list[tuple[int, ...]]()

    def predict(self, batch: Array) -> Array:
        self.seen.append(batch.shape)
        return self.answer(batch)

    def free_bytes(self) -> float:
        return np.inf

    def move_to_cpu(self) -> bool:
        return False


def _passport(orientation: str = "RAS", axes: str = "IJKC", finer: Finer | None = FINER) -> Passport:
    optional = {Modality.T2: "a little"}
    return replace(
        default_model().passport,
        orientation=orientation,
        axes=axes,
        finer=finer,
        postprocess=(),
        may_be_missing=optional,
        expected_dice={},
    )


def _volumes(without: Modality | None = None) -> dict[Modality, Volume]:
    """Brains that end two voxels before the borders; T1ce is bright on the right half."""
    grid = Grid(SHAPE, np.diag([1.0, 1.0, 1.0, 1.0]))
    found = {}
    for modality in Modality:
        stored = np.zeros(SHAPE, np.int16, order="F")
        stored[2:-2, 2:-2, 2:-2] = np.random.default_rng(0).integers(100, 120, [n - 4 for n in SHAPE])
        if modality is Modality.T1CE:
            stored[20:-2, 2:-2, 2:-2] += 500
        if modality is not without:
            found[modality] = Volume(stored, grid, 1.0, 0.0, Path("x.nii"))
    return found


def _first(passport: Passport, share: float = 0.8) -> Callable[[Array], Array]:
    """NCR with a probability, in network voxels of 2 mm that lie on even voxels of the case."""

    def answer(batch: Array) -> Array:
        inside = np.zeros(SHAPE, np.float32)  # RAS, on the case's grid
        inside[tuple(slice(part.start, part.stop, 1) for part in INSIDE)] = share
        flips = tuple(slice(None, None, -1 if letter in "LPI" else 1) for letter in passport.orientation)
        probability = inside[flips][::2, ::2, ::2]
        whole = np.zeros((*[-(-n // 8) * 8 for n in probability.shape], 4), np.float32)
        whole[..., 0] = 1
        part = whole[tuple(slice(n) for n in probability.shape)]
        part[..., 0], part[..., 1] = 1 - probability, probability
        return whole.transpose(*["IJK".index(letter) for letter in passport.axes[:3]], 3)[None]

    return answer


def _bright_is_enhancing(batch: Array) -> Array:
    """ET where T1ce (the third channel) is bright, else ED; half of either is background."""
    bright = batch[..., 2] > 0
    return np.stack([np.full(bright.shape, 0.5), 0 * bright, 0.5 * ~bright, 0.5 * bright], axis=-1).astype(np.float32)


def _segmented(
    passport: Passport, network: Fake, volumes: Mapping[Modality, Volume] | None = None
) -> tuple[Array, Outcome]:
    classes = np.zeros(SHAPE, np.uint8, order="F")
    return classes, run_to_end(segment_volumes(volumes or _volumes(), passport, network, classes))


@pytest.mark.parametrize(("orientation", "axes"), [("RAS", "IJKC"), ("RAS", "KJIC"), ("LPS", "IJKC"), ("LPS", "KIJC")])
def test_the_tissues_are_the_finer_networks_word_and_how_much_is_tumour_the_firsts(orientation: str, axes: str) -> None:
    passport = _passport(orientation, axes)
    finer = Fake(_bright_is_enhancing)
    classes, _ = _segmented(passport, Fake(_first(passport), finer))
    expected = np.zeros(SHAPE, np.uint8)
    expected[INSIDE] = 2
    expected[20:25, 10:21, 12:23] = 3
    np.testing.assert_array_equal(classes, expected)
    (shape,) = finer.seen
    assert all(n % 8 == 0 for n in shape[1:4])
    assert np.prod(shape[1:4]) < np.prod(SHAPE) / 2


def test_far_from_the_region_that_is_looked_at_the_first_ones_tissues_stay() -> None:
    """Near enhancing tumour, which the first network sees in one corner only."""
    passport = _passport(finer=replace(FINER, near="ET", margin_mm=0.0))

    def first(batch: Array) -> Array:
        answer = _first(passport)(batch)
        answer[0, 10:12, 6:8, 8:10] = (0.2, 0.0, 0.0, 0.8)  # voxels 20 to 24, 12 to 16 and 16 to 20 of the case
        return answer

    classes, _ = _segmented(passport, Fake(first, Fake(_bright_is_enhancing)))
    assert set(np.unique(classes[20:25, 10:21, 12:23])) == {1, 3}
    assert np.all(classes[14:18, 10:21, 12:23] == 1)
    assert np.all(classes[20:23, 12:15, 16:19] == 3)


def test_what_the_first_one_is_unsure_of_elsewhere_still_counts_for_how_large_a_tumour_may_be() -> None:
    """A place far from the mask with tumour of .2: nobody draws it, but the volume may be that much larger."""
    passport = _passport()
    first = _first(passport)

    def unsure(batch: Array) -> Array:
        answer = first(batch)
        answer[0, 16:20, 14:18, 16:20] = (0.8, 0.2, 0.0, 0.0)
        return answer

    def largest(answer: Callable[[Array], Array]) -> float:
        classes, outcome = _segmented(passport, Fake(answer, Fake(_bright_is_enhancing)))
        assert np.count_nonzero(classes) == np.prod([part.stop - part.start for part in INSIDE])
        return outcome.sure_ml["WT"][1]

    assert largest(unsure) > largest(first) + 0.25  # 7³ voxels of 1 mm³ are between the middles of 4³ of 2 mm


@pytest.mark.parametrize(("below_ml", "looked_at"), [(0.1, False), (0.02, True), (0.0, True)])
def test_a_speck_that_the_rules_take_away_is_not_looked_at(below_ml: float, looked_at: bool) -> None:
    """Eight network voxels of 8 mm³ far from the rest, which would make the box of both several times larger."""
    passport = replace(_passport(), postprocess=(WeakComponents("WT", 26, below_ml, 0.0, 0),))

    def with_speck(batch: Array) -> Array:
        answer = _first(passport)(batch)
        answer[0, 20:22, 17:19, 19:21] = (0.1, 0.9, 0.0, 0.0)
        return answer

    finer = Fake(_bright_is_enhancing)
    classes, _ = _segmented(passport, Fake(with_speck, finer))
    (shape,) = finer.seen
    alone = Fake(_bright_is_enhancing)
    _segmented(passport, Fake(_first(passport), alone))
    assert (shape != alone.seen[0]) == looked_at
    assert classes[41, 35, 39] == (3 if looked_at else 0)
    assert set(np.unique(classes[INSIDE])) == {2, 3}


def test_the_overlap_is_of_both_networks() -> None:
    passport = _passport()
    _, outcome = _segmented(passport, Fake(_first(passport), Fake(_bright_is_enhancing)))
    assert outcome.overlap["WT"] < 1
    assert outcome.overlap.keys() == {"WT", "TC", "ET"}


@pytest.mark.parametrize("reason", ["nothing found", "a modality is missing", "no finer network in the passport"])
def test_the_finer_network_is_not_asked(reason: str) -> None:
    finer = Fake(_bright_is_enhancing)
    passport = _passport(finer=None if reason.startswith("no finer") else FINER)
    first = _first(passport, 0.2 if reason == "nothing found" else 0.8)
    volumes = _volumes(Modality.T2 if reason == "a modality is missing" else None)
    classes, outcome = _segmented(passport, Fake(first, finer), volumes)
    assert finer.seen == []
    assert set(np.unique(classes)) == ({0} if reason == "nothing found" else {0, 1})
    assert not any("finer" in note for note in outcome.notes)


def test_the_first_ones_word_stays_where_the_finer_one_finds_no_memory() -> None:
    def too_much(batch: Array) -> Array:
        raise MemoryError

    passport = _passport()
    classes, outcome = _segmented(passport, Fake(_first(passport), Fake(too_much)))
    assert np.count_nonzero(classes == 1) == np.prod([part.stop - part.start for part in INSIDE])
    assert any(note.startswith("The finer network was left out: the memory is too small") for note in outcome.notes)


def _with_finer(folder: Path, **changes: Any) -> Path:
    about = json.loads((folder / "model.json").read_text("utf-8"))
    usual = {"weights": "finer.keras", "sha256": "0" * 64, "spacing_mm": [1, 1, 1], "patch": [64, 64, 64]}
    about["finer"] = {**usual, "near": "WT", "from_probability": 0.3, "margin_mm": 12, **changes}
    (folder / "model.json").write_text(json.dumps(about), "utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = shutil.copytree(default_model().path, tmp_path / "model")
    shutil.copyfile(copy / "model.keras", copy / "finer.keras")
    return copy


def test_a_passport_tells_of_its_finer_network(folder: Path) -> None:
    before = read_model_folder(default_model().path).passport
    passport = read_model_folder(_with_finer(folder)).passport
    assert passport.finer == Finer("finer.keras", "0" * 64, (1.0, 1.0, 1.0), (64, 64, 64), "WT", 0.3, 12.0)
    assert passport.digests["finer.keras"] == "0" * 64
    assert passport.sha256 != before.sha256  # another model, though its first network is the same
    finer = passport.of_finer
    assert finer is not None
    assert (finer.weights, finer.spacing_mm, finer.finer) == ("finer.keras", (1.0, 1.0, 1.0), None)
    assert finer.preprocess == passport.preprocess


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": "../finer.keras"}, "file of its folder"),
        ({"weights": "model.keras"}, "one network of its own"),
        ({"weights": "finer.onnx"}, "file of its folder"),
        ({"sha256": "00"}, "64 hexadecimal digits"),
        ({"spacing_mm": None}, "needs spacing_mm"),
        ({"spacing_mm": [1, 1, 0.001]}, r"from 0\.1 to 20"),
        ({"patch": [64, 64, 63]}, "multiples of the divisor"),
        ({"from_probability": 0.6}, r"at most 0\.5"),
        ({"from_probability": 0}, "above 0"),
        ({"near": "ED"}, "near"),
        ({"margin_mm": -1}, "from 0 to 100"),
        ({"margin_mm": 10**6}, "from 0 to 100"),
        ({"more": 1}, "more"),
    ],
)
def test_a_finer_network_that_makes_no_sense_is_refused(changes: dict[str, Any], words: str, folder: Path) -> None:
    with pytest.raises(ModelError, match=words):
        read_model_folder(_with_finer(folder, **changes))


def test_weights_that_are_missing_are_named(folder: Path) -> None:
    (folder / "finer.keras").unlink()
    with pytest.raises(ModelError, match=r"finer\.keras are missing"):
        read_model_folder(_with_finer(folder))
