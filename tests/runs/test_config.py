"""Configurations: read, checked in words, changed, and written so that they read back the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import (
    ConfigError,
    config_of,
    preset_names,
    read_config,
    read_preset,
    sections,
    to_toml,
    with_changes,
)
from brainseg_gui.runs.fields import help_of


def test_the_presets_are_there_and_say_who_they_are() -> None:
    assert preset_names() == ("default", "fine-tune", "seed", "synthetic")
    for name in preset_names():
        assert read_preset(name).preset == name


@pytest.mark.parametrize("name", ["default", "fine-tune", "seed", "synthetic"])
def test_what_is_written_reads_back_the_same(name: str, tmp_path: Path) -> None:
    config = with_changes(read_preset(name), {"data.train": '["/a b", "/ü\\"x"]', "name": "näme"})
    path = tmp_path / "config.toml"
    path.write_text(to_toml(config), "utf-8")
    assert read_config(path) == config


def test_the_synthetic_preset_trains_on_what_the_generator_writes() -> None:
    config = read_preset("synthetic")
    assert (config.data.scheme, config.preprocess.spacing_mm) == ("brats2020", 2.0)
    assert config.sampling.patch == (80, 96, 80)
    assert not any(edge % 2 ** (config.network.levels - 1) for edge in config.sampling.patch)
    assert config.optimiser.schedule == "cosine"
    assert config.length.steps > config.optimiser.warmup_steps  # hours alone would leave the learning rate constant


def test_every_field_has_a_sentence_and_a_default_in_its_range() -> None:
    for kind in sections().values():
        for field in dataclasses.fields(kind):
            help_ = help_of(kind, field.name)
            assert help_.help.endswith("."), field.name
            assert not help_.problem(field.default), field.name


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("length.epochs", "-1", "length.epochs is -1, but must be at least 0 epochs"),
        ("length.epochs", "many", "length.epochs is 'many', not a whole number"),
        ("network.kind", "resnet", "must be one of unet, seed"),
        ("sampling.patch", "[96, 96]", "not 3 whole numbers"),
        ("compute.average_weights", "1.0", "must be at most 0.99999"),
        ("optimiser.learning_rate", "nan", "must be a number"),
        ("loss.batch_dice", "1", "not true or false"),
        ("loss.colour", "red", "loss has no key colour"),
        ("nothing.at_all", "1", "there is no setting nothing.at_all"),
    ],
)
def test_a_mistake_is_told_in_words(key: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("(", r"\(")):
        with_changes(TrainingConfig(), {key: value})


def test_values_are_taken_as_people_type_them() -> None:
    config = with_changes(
        TrainingConfig(),
        {
            "sampling.patch": "[64, 64, 32]",
            "optimiser.learning_rate": "3e-4",
            "data.cache": "/tmp/x",
            "length.hours": "2",
        },
    )
    assert config.sampling.patch == (64, 64, 32)
    assert config.optimiser.learning_rate == 3e-4
    assert config.data.cache == "/tmp/x"
    assert config.length.hours == 2.0


def test_an_unknown_section_and_a_bad_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no section lenght"):
        config_of({"lenght": {"epochs": 1}})
    path = tmp_path / "x.toml"
    path.write_text("[length\n")
    with pytest.raises(ConfigError, match="it is not TOML"):
        read_config(path)
    with pytest.raises(ConfigError, match="it cannot be read"):
        read_config(tmp_path / "missing.toml")
    with pytest.raises(ConfigError, match="there is no preset fast"):
        read_preset("fast")
