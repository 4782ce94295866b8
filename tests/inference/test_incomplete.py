"""A model may have another network for cases that lack a modality: the passport tells of it, and it speaks then."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.inference.answers import with_odds
from brainseg_gui.inference.models.dice_line import DiceLine
from brainseg_gui.inference.models.model_folder import default_model, read_model_folder
from brainseg_gui.inference.models.passport import Incomplete
from brainseg_gui.inference.segment import segment_volumes
from brainseg_gui.progress import Progress, run_to_end

Array = np.ndarray
SHAPE = (40, 40, 40)


class Fake:
    """A network that sees one class everywhere; counts what it is asked."""

    bytes_per_voxel = 1.0
    fixed_shape = None

    def __init__(self, said: int, other: Fake | None = None, finer: Fake | None = None) -> None:
        self.said, self.other, self.finer, self.asked = said, other, finer, 0

    def predict(self, batch: Array) -> Array:
        self.asked += 1
        answer = np.zeros((*batch.shape[:4], 4), np.float32)
        answer[..., self.said] = 1
        return answer

    def for_incomplete(self) -> Generator[Progress, None, Fake]:
        yield Progress("loading", 0.5)
        return self.other or self

    def free_bytes(self) -> float:
        return np.inf

    def move_to_cpu(self) -> bool:
        return False


class Unsure(Fake):
    """Finds oedema likely everywhere, but the background likelier."""

    def __init__(self, other: Fake | None) -> None:
        super().__init__(2, other)

    def predict(self, batch: Array) -> Array:
        answer = super().predict(batch)
        answer[..., 0], answer[..., 2] = 0.6, 0.4
        return answer


def _volumes(*without: Modality) -> dict[Modality, Volume]:
    stored = np.zeros(SHAPE, np.int16, order="F")
    stored[2:-2, 2:-2, 2:-2] = np.random.default_rng(0).integers(100, 120, [n - 4 for n in SHAPE])
    volume = Volume(stored, Grid(SHAPE, np.diag([1.0, 1.0, 1.0, 1.0])), 1.0, 0.0, Path("x.nii"))
    return {modality: volume for modality in Modality if modality not in without}


@pytest.mark.parametrize("without", [(), (Modality.FLAIR,), (Modality.T1, Modality.T2)])
@pytest.mark.parametrize("has_other", [True, False])
def test_who_speaks_for_a_case(without: tuple[Modality, ...], has_other: bool) -> None:
    passport = replace(
        default_model().passport,
        postprocess=(),
        expected_dice={},
        may_be_missing=dict.fromkeys(Modality, "a little"),
    )
    other, finer = Fake(3), Fake(1)
    first = Fake(2, other if has_other else None, finer)
    classes = np.zeros(SHAPE, np.uint8, order="F")
    run_to_end(segment_volumes(_volumes(*without), passport, first, classes))
    assert (first.asked, other.asked) == ((0, 1) if without and has_other else (1, 0))
    assert (finer.asked > 0) == (not without)
    assert classes.max() == (1 if not without else 3 if has_other else 2)


def test_the_odds_of_tumour_are_raised_for_incomplete_cases_alone() -> None:
    passport = default_model().passport
    assert passport.incomplete is not None
    for factor, wanted in ((1.0, 0), (3.0, 2)):
        other = replace(passport.incomplete, tumour_odds=factor)
        told = replace(
            passport, postprocess=(), may_be_missing=dict.fromkeys(Modality, "a little"), incomplete=other, finer=None
        )
        for without in ((), (Modality.FLAIR,)):
            network = Unsure(Unsure(None) if without else None)
            classes = np.zeros(SHAPE, np.uint8, order="F")
            run_to_end(segment_volumes(_volumes(*without), told, network, classes))
            assert classes.max() == (wanted if without else 0)


def test_odds_are_multiplied_and_tissues_keep_their_shares() -> None:
    output = default_model().passport.output
    raised = with_odds(np.array([[0.6, 0.1, 0.3, 0.0]], np.float32), output, 3.0)
    np.testing.assert_allclose(raised, [[0.6 / 1.8, 0.3 / 1.8, 0.9 / 1.8, 0.0]], rtol=1e-6)
    regions = replace(output, activation="sigmoid", channels=("WT", "TC", "ET"))
    raised = with_odds(np.array([[0.5, 0.25, 0.0]], np.float32), regions, 3.0)
    np.testing.assert_allclose(raised, [[0.75, 0.5, 0.0]], rtol=1e-6)


def _with_incomplete(folder: Path, **changes: Any) -> Path:
    about = json.loads((folder / "model.json").read_text("utf-8"))
    about["incomplete"] = {"weights": "incomplete.keras", "sha256": "0" * 64, **changes}
    (folder / "model.json").write_text(json.dumps(about), "utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = shutil.copytree(default_model().path, tmp_path / "model")
    shutil.copyfile(copy / "model.keras", copy / "incomplete.keras")
    return copy


def test_a_passport_tells_of_it(folder: Path) -> None:
    before = default_model().passport
    passport = read_model_folder(_with_incomplete(folder)).passport
    assert passport.incomplete == Incomplete("incomplete.keras", "0" * 64)
    assert passport.digests["incomplete.keras"] == "0" * 64
    assert passport.sha256 != before.sha256  # another model, though its first network is the same
    assert passport.sha256_of_whole_cases == before.sha256_of_whole_cases != before.sha256
    other = passport.of_incomplete
    assert other is not None
    assert (other.weights, other.spacing_mm, other.finer, other.incomplete) == (
        *("incomplete.keras", before.spacing_mm, None, None),
    )
    assert passport.of_finer is None or passport.of_finer.incomplete is None


def test_what_is_expected_of_a_case_goes_with_what_it_has(folder: Path) -> None:
    """The line of whole cases promises too much where a modality is missing: that of incomplete ones, or none."""
    line = {"WT": {"overlap": [0.5, 0.9], "dice": [0.3, 0.8], "error": 0.1}}
    told = read_model_folder(_with_incomplete(folder, expected_dice=line)).passport
    silent = read_model_folder(_with_incomplete(folder)).passport
    for passport in (told, silent):
        assert passport.expected_with(_volumes()) == default_model().passport.expected_dice != {}
    assert told.expected_with(_volumes(Modality.T1CE)) == {"WT": DiceLine((0.5, 0.9), (0.3, 0.8), 0.1)}
    assert silent.expected_with(_volumes(Modality.T1CE)) == {}
    assert replace(silent, incomplete=None).expected_with(_volumes(Modality.T1, Modality.FLAIR)) == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"expected_dice": {"WT": {"overlap": [0.9, 0.5], "dice": [0.3, 0.8], "error": 0.1}}}, "two rising ones"),
        ({"weights": "../incomplete.keras"}, "file of its folder"),
        ({"weights": "model.keras"}, "one network of its own"),
        ({"weights": "finer.keras"}, "names the finer network"),
        ({"weights": "incomplete.onnx"}, "file of its folder"),
        ({"sha256": "00"}, "64 hexadecimal digits"),
        ({"spacing_mm": [1, 1, 1]}, "spacing_mm"),
        ({"tumour_odds": 0}, "from 0.01 to 100 for tumour_odds"),
        ({"tumour_odds": 101}, "from 0.01 to 100 for tumour_odds"),
        ({"tumour_odds": "3"}, "tumour_odds"),
    ],
)
def test_one_that_makes_no_sense_is_refused(changes: dict[str, Any], words: str, folder: Path) -> None:
    with pytest.raises(ModelError, match=words):
        read_model_folder(_with_incomplete(folder, **changes))


def test_it_is_refused_where_nothing_may_be_missing(folder: Path) -> None:
    about = json.loads((folder / "model.json").read_text("utf-8"))
    del about["input"]["may_be_missing"]
    (folder / "model.json").write_text(json.dumps(about), "utf-8")
    with pytest.raises(ModelError, match="may_be_missing"):
        read_model_folder(_with_incomplete(folder))


def test_weights_that_are_missing_are_named(folder: Path) -> None:
    (folder / "incomplete.keras").unlink()
    with pytest.raises(ModelError, match=r"incomplete\.keras are missing"):
        read_model_folder(_with_incomplete(folder))
