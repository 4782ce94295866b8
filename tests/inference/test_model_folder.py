from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brainseg_gui.errors import ModelError
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.grid_choice import choose_network_grid
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.model_folder import (
    default_model,
    read_model_folder,
    shipped_models,
    verify_weights,
)
from brainseg_gui.inference.options import cautions, missing_modalities, require_modalities
from tests.shipped import needs_all_modalities

Content = dict[str, Any]

WEAK = {
    "step": "weak components",
    "of": "enhancing tumour",
    "connectivity": 18,
    "below_ml": 0.05,
    "below_mean_probability": 0.6,
    "becomes": "NCR",
}


FAR = {"step": "far core", "beyond_mm": 7.0, "gap_mm": 3.0, "where_enhancing_ml": 3.0, "becomes": "ED"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    interim = next(model for model in shipped_models() if model.path.name == "interim")
    shutil.copytree(interim.path, tmp_path / "model")
    return tmp_path / "model"


def change(folder: Path, edit: Callable[[Content], Any]) -> None:
    file = folder / "model.json"
    content = json.loads(file.read_text())
    edit(content)
    file.write_text(json.dumps(content))


def test_default_model_is_shipped_and_whole() -> None:
    model = default_model()
    assert model in shipped_models()
    verify_weights(model)
    passport = model.passport
    assert passport.name == "glioma-2mm"
    assert passport.modalities == (Modality.FLAIR, Modality.T1, Modality.T1CE, Modality.T2)
    assert passport.spacing_mm == (2.0, 2.0, 2.0)
    assert passport.finer is not None
    assert passport.finer.spacing_mm == (1.0, 1.0, 1.0)
    assert passport.may_be_missing.keys() == set(passport.modalities)  # any subset will do
    assert passport.expected_dice.keys() == {"WT", "TC", "ET"}
    assert passport.preprocess == (
        steps.BrainCrop(2, "any modality unlike the corners"),
        steps.ZScore(0.0, (-5.0, 5.0)),
        steps.Resample(0.5),
        steps.Pad(0.0, "end"),
    )
    assert passport.output.classes == (0, 1, 2, 3)
    assert passport.output.only_in_brain
    assert passport.postprocess == (
        steps.WeakComponents("WT", 26, 0.5, 0.0, 0),
        steps.WeakComponents("ET", 26, 0.0, 0.7, 1),
        steps.WeakComponents("TC", 26, 0.2, 0.0, 2),
        steps.SmallRegion(3, 0.5, 1, "ml"),
        steps.FarCore(7.0, 3.0, 3.0, 2),
    )
    assert pickle.loads(pickle.dumps(model)) == model


def test_sizes_can_be_given_in_ml(folder: Path) -> None:
    def edit(content: Content) -> None:
        content["postprocess"] = [
            {**content["postprocess"][0], "keep_at_least_ml": 1.5},
            WEAK,
            {"step": "small region", "label": "ET", "below_ml": 0.25, "becomes": "NCR"},
        ]
        del content["postprocess"][0]["keep_at_least_voxels"]

    change(folder, edit)
    assert read_model_folder(folder).passport.postprocess == (
        steps.Components(26, 1.5, 0.15, "ml"),
        steps.WeakComponents("ET", 18, 0.05, 0.6, 1),
        steps.SmallRegion(3, 0.25, 1, "ml"),
    )


def test_a_model_folder_is_found_by_its_passport_too(folder: Path) -> None:
    assert read_model_folder(folder / "model.json") == read_model_folder(folder)


def test_missing_modalities_are_named() -> None:
    model = needs_all_modalities()
    assert missing_modalities(list(Modality), model) == ()
    assert missing_modalities([Modality.T2], model) == (Modality.FLAIR, Modality.T1, Modality.T1CE)
    with pytest.raises(ModelError, match="needs T1 and T1ce, which this case lacks"):
        require_modalities([Modality.T2, Modality.FLAIR], model, Path("case"))


def _optional(folder: Path, optional: object) -> None:
    content = json.loads((folder / "model.json").read_text())
    content["input"]["may_be_missing"] = optional
    (folder / "model.json").write_text(json.dumps(content))


def test_modalities_that_may_be_missing_are_told_with_what_it_costs(folder: Path) -> None:
    _optional(folder, {"t2": "WT about .02 lower", "t1": "nothing"})
    model = read_model_folder(folder)
    assert model.passport.may_be_missing == {Modality.T2: "WT about .02 lower", Modality.T1: "nothing"}
    assert missing_modalities([Modality.FLAIR, Modality.T1CE], model) == ()
    assert cautions([Modality.FLAIR, Modality.T1CE, Modality.T1], model.passport) == (
        "T2 is missing: WT about .02 lower",
    )
    assert missing_modalities([Modality.T1], model) == (Modality.FLAIR, Modality.T1CE)
    _optional(folder, dict.fromkeys(("flair", "t1", "t1ce", "t2"), "something"))
    model = read_model_folder(folder)
    assert missing_modalities([Modality.T2], model) == ()
    assert missing_modalities([], model) == model.passport.modalities  # nothing at all is too little


@pytest.mark.parametrize(
    ("optional", "words"), [({"pd": "x"}, "lets pd be missing"), ({"t2": 2}, "t2"), (["t2"], "may_be_missing")]
)
def test_a_list_of_what_may_be_missing_that_makes_no_sense_is_refused(
    optional: object, words: str, folder: Path
) -> None:
    _optional(folder, optional)
    with pytest.raises(ModelError, match=words):
        read_model_folder(folder)


def test_weights_that_changed_are_refused(folder: Path) -> None:
    with (folder / "model.keras").open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(ModelError, match="SHA-256 is "):
        verify_weights(read_model_folder(folder))


def test_a_folder_without_passport_or_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model\.json"):
        read_model_folder(tmp_path / "nowhere")
    (folder / "model.keras").unlink()
    with pytest.raises(ModelError, match=r"model\.keras are missing"):
        read_model_folder(folder)
    (folder / "model.json").write_text("{not json")
    with pytest.raises(ModelError, match="not JSON"):
        read_model_folder(folder)
    (folder / "model.json").write_text("[1]")
    with pytest.raises(ModelError, match="not a JSON object"):
        read_model_folder(folder)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda c: c.pop("sha256"), "does not say sha256"),
        (lambda c: c.update(sha256="abc"), "64 hexadecimal digits"),
        (lambda c: c.update(format=2), "has format 2"),
        (lambda c: c.update(name=7), "needs a text for name"),
        (lambda c: c.update(weights="../model.keras"), "no .keras, .h5 or .onnx file of its folder"),
        (lambda c: c["input"].update(modalities=["t1", "pet"]), "gives 'pet' as one of the modalities"),
        (lambda c: c["input"].update(modalities=["t1", "t1"]), "each of them once"),
        (lambda c: c["input"].update(modalities=[]), "each of them once"),
        (lambda c: c["input"].update(axes="CIJK"), "'CIJK' for axes"),
        (lambda c: c["input"].update(orientation="RAL"), "'RAL' for orientation"),
        (lambda c: c["input"].update(orientation="RASA"), "'RASA' for orientation"),
        (lambda c: c["input"].update(spacing_mm=[2, 2]), "needs 3 numbers for spacing_mm"),
        (lambda c: c["input"].update(spacing_mm=[2, 2, 0]), "needs positive numbers"),
        (lambda c: c["input"].update(spacing_mm=None), "one step resample"),
        (lambda c: c["input"].update(divisor=0), "at least 1 for divisor"),
        (lambda c: c["input"].update(divisor=True), "whole number"),
        (lambda c: c["input"].update(patch=[9, 8, 8]), "multiples of the divisor"),
        (lambda c: c["preprocess"].append({"step": "histogram"}), "does not know: histogram"),
        (lambda c: c["preprocess"][1].update(power=2), "zscore has a field .* power"),
        (lambda c: c["preprocess"][1].update(over="lesion"), "'lesion' for over"),
        (lambda c: c["preprocess"][1].update(clip=[1, "x"]), "needs numbers for clip"),
        (lambda c: c["preprocess"][2].update(filter="median"), "'median' for filter"),
        (lambda c: c["preprocess"].reverse(), "must crop once, as the first step"),
        (lambda c: c["preprocess"].insert(1, c["preprocess"].pop(2)), "normalise over the brain before"),
        (lambda c: c["output"].update(channels=["background", "oedema"]), "does not know: oedema"),
        (lambda c: c["output"].update(channels=["ED", "ET"]), "one of them background"),
        (lambda c: c["output"].update(activation="tanh"), "'tanh' for activation"),
        (lambda c: c["output"].update(resample="cubic"), "'cubic' for resample"),
        (lambda c: c["postprocess"][0].update(connectivity=8), "6, 18 or 26"),
        (lambda c: c["postprocess"][1].update(label="RC"), "'RC' for label"),
        (lambda c: c["postprocess"][0].update(keep_at_least_ml=1.0), "does not know: keep_at_least_voxels"),
        (lambda c: c["postprocess"][1].update(below_voxels=0.5), "whole number of at least 0 for below_voxels"),
        (lambda c: c["postprocess"].append({**WEAK, "below_mean_probability": 1.5}), "from 0 to 1"),
        (lambda c: c["postprocess"].append({**WEAK, "of": "oedema"}), "'oedema' for of"),
        (lambda c: c["postprocess"].append({**WEAK, "below": 3}), "does not know: below"),
        (lambda c: c["postprocess"].append({**FAR, "gap_mm": -1.0}), "gap_mm .* at least 0"),
        (lambda c: c.update(preprocess={}), "needs a list for preprocess"),
        (lambda c: c.update(postprocess=["components"]), "needs a list of objects"),
        (lambda c: c.update(output=[]), "needs an object for output"),
    ],
)
def test_mistakes_in_a_passport_are_named(folder: Path, edit: Callable[[Content], Any], words: str) -> None:
    change(folder, edit)
    with pytest.raises(ModelError, match=words) as caught:
        read_model_folder(folder)
    assert caught.value.path == folder / "model.json"
    assert caught.value.remedy


def test_a_passport_without_a_format_is_one_of_the_first(folder: Path) -> None:
    before = read_model_folder(folder).passport
    change(folder, lambda c: c.pop("format"))
    assert read_model_folder(folder).passport == before
    for unknown in (None, "1", 1.5, True):
        change(folder, lambda c, unknown=unknown: c.update(format=unknown))
        with pytest.raises(ModelError, match="whole number of at least 0 for format"):
            read_model_folder(folder)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda c: c["input"].update(divisor=10**400), "at most 1,024 for divisor"),
        (lambda c: c["input"].update(spacing_mm=[2, 2, 10**400]), "at most 1,000,000,000 for spacing_mm"),
        (lambda c: c["input"].update(spacing_mm=[2, 2, 0.001]), r"from 0\.1 to 20 for spacing_mm"),
        (lambda c: c["input"].update(patch=[8, 8, 10**6]), "at most 2,048 for patch"),
        (lambda c: c.update(name="\ud800"), "readable text"),
        (lambda c: c.update(results="x\x1b[2J"), "readable text"),
        (lambda c: c.update(version="1" * 101), "at most 100 letters for version"),
        (lambda c: c.update(postprocess=[{}] * 1001), "1,001 entries for postprocess"),
        (lambda c: c["preprocess"][1].update({"p\x1b[2Jower": 2}), "zscore has a field"),
    ],
)
def test_absurd_passports_are_refused(folder: Path, edit: Callable[[Content], Any], words: str) -> None:
    change(folder, edit)
    with pytest.raises(ModelError, match=words) as caught:
        read_model_folder(folder)
    assert str(caught.value).isprintable()


def test_texts_of_a_passport_are_plain(folder: Path) -> None:
    change(folder, lambda c: c.update(name="<b>best</b>", results="one\ntwo\tthree"))
    passport = read_model_folder(folder).passport
    assert (passport.name, passport.results) == ("‹b›best‹/b›", "one two three")


@pytest.mark.parametrize("content", ["[" * 100_000, '{"format": ' + "9" * 5000 + "}", " " * 2**21])
def test_passports_that_would_take_forever_are_refused(folder: Path, content: str) -> None:
    (folder / "model.json").write_text(content)
    with pytest.raises(ModelError, match=r"not JSON|larger than 1 MiB"):
        read_model_folder(folder)


def test_a_case_is_not_blown_up(folder: Path) -> None:
    change(folder, lambda c: c["input"].update(spacing_mm=[0.1, 0.1, 0.1]))
    with pytest.raises(ModelError, match="make 2392×2392×1544 voxels of this case"):
        choose_network_grid(read_model_folder(folder).passport, (240, 240, 155), (1.0, 1.0, 1.0), None)
