"""The form's state: what is changed, what is wrong, and the configuration that comes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from brainseg_gui.runs import several_processes
from brainseg_gui.runs.config_file import preset_names, read_preset
from brainseg_gui.state.training.training_draft import DatasetCheck, TrainingDraft, label_of


@pytest.fixture
def draft() -> TrainingDraft:
    """Ready to start."""
    draft = TrainingDraft()
    draft.load(read_preset("default"))
    draft.set("data.train", ("/data/cases",))
    draft.set_check(DatasetCheck(cases=5, complete=5))
    return draft


def test_a_complete_draft_can_be_started(draft: TrainingDraft) -> None:
    assert draft.unavailable == ""
    assert draft.problems == {}
    config = draft.config()
    assert config.data.train == ("/data/cases",)
    assert config.preset == "default"


def test_a_preset_gives_its_own_configuration_back() -> None:
    draft = TrainingDraft()
    for name in ("seed", "default", "fine-tune", "synthetic"):
        draft.load(read_preset(name))
        assert draft.config() == read_preset(name)
        assert draft.changed == ()


def test_a_preset_keeps_what_it_is_told_to_keep(draft: TrainingDraft) -> None:
    draft.set("sampling.batch", 8)
    draft.load(read_preset("seed"), keep=("data.train",))
    assert draft.value("data.train") == ("/data/cases",)
    assert draft.value("sampling.batch") == 1
    assert draft.changed == ("data.train",)


def test_changes_are_marked_and_taken_back(draft: TrainingDraft) -> None:
    draft.set("sampling.batch", 4)
    assert draft.is_changed("sampling.batch")
    assert draft.config().sampling.batch == 4
    draft.set("sampling.batch", draft.baseline("sampling.batch"))
    assert not draft.is_changed("sampling.batch")


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("sampling.batch", 99, "must be at most 64"),
        ("optimiser.learning_rate", 0.0, "must be at least 1e-08"),
        ("sampling.patch", (96, 96, 90), "must be a multiple of 8 with 4 levels"),
        ("sampling.patch", (96, 96, 600), "must be at most 512 voxels"),
        ("data.split", 0.0, "must be above 0, or name folders to validate on"),
        ("length.epochs", 0, "must be above 0, or limit the steps or the hours"),
        ("name", "  ", "must not be empty"),
        ("name", "a/b", 'must be a plain folder name, without / \\ : * ? " < > |, and no point at its end'),
        ("name", "nul.old", "is a name that not every drive takes; choose another one"),
        ("name", "a" * 201, "is a name that not every drive takes; choose another one"),
    ],
)
def test_wrong_values_are_said_at_their_field(draft: TrainingDraft, key: str, value: object, problem: str) -> None:
    draft.set(key, value)
    assert draft.problems == {key: problem}
    assert draft.unavailable == f"{label_of(key).capitalize()} {problem}"


def test_several_processes_need_what_shares_a_batch(draft: TrainingDraft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several_processes, "is_installed", lambda backend: False)
    draft.set("sampling.batch", 4)
    draft.set("compute.processes", 2)
    problem = "must be 1 here: several need JAX or PyTorch, pip install 'brainseg[jax]'"
    assert draft.problems == {"compute.processes": problem}
    assert draft.unavailable == f"Processes {problem}"
    monkeypatch.setattr(several_processes, "is_installed", lambda backend: backend == "torch")
    assert draft.problems == {}


def test_processes_share_a_batch_evenly(draft: TrainingDraft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several_processes, "is_installed", lambda backend: True)
    draft.set("sampling.batch", 4)
    draft.set("compute.processes", 3)
    assert draft.problems == {"sampling.batch": "must be a multiple of 3, as many as compute.processes"}
    draft.set("sampling.batch", 6)
    assert draft.problems == {}


def test_other_limits_replace_the_epochs(draft: TrainingDraft) -> None:
    draft.set("length.epochs", 0)
    draft.set("length.hours", 2.5)
    assert draft.problems == {}


def test_fine_tuning_needs_a_model(draft: TrainingDraft) -> None:
    draft.load(read_preset("fine-tune"), keep=("data.train",))
    draft.set("network.start_from", "")
    assert "network.start_from" in draft.problems


@pytest.mark.parametrize("name", preset_names())
def test_a_renamed_copy_of_a_preset_behaves_as_the_preset(name: str) -> None:
    config = read_preset(name)
    ours, theirs = TrainingDraft(), TrainingDraft()
    ours.load(config)
    theirs.load(replace(config, preset="mine"))
    for key in ours.keys:
        if isinstance(ours.value(key), str):
            ours.set(key, "")
            theirs.set(key, "")
    assert ours.problems == theirs.problems
    assert ("network.start_from" in ours.problems) == bool(config.network.start_from)


def test_the_data_set_has_a_say(draft: TrainingDraft) -> None:
    draft.set_check(DatasetCheck(running=True))
    assert draft.unavailable == "The folder of cases is being looked through"
    draft.set_check(DatasetCheck(cases=3, complete=0))
    assert draft.unavailable.startswith("No case")
    draft.set("data.train", ())
    assert draft.unavailable == "Choose a folder of cases to train on"


def test_a_folder_that_is_taken_is_said(draft: TrainingDraft) -> None:
    draft.set_parent(Path("/runs"), "holds a run already; choose another name")
    assert draft.run_path == Path("/runs/my-model")
    assert draft.unavailable == "Run folder holds a run already; choose another name"
