"""Prepared cases on disk: made once, never half, whoever else writes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.runs.config import Data, Preprocess, TrainingConfig
from training.data import cache as cache_module
from training.data.cache import FOLDER, Cache
from training.data.cases import check_data
from training.data.data_set import TrainingCase
from training.recipe import recipe_of

RECIPE = recipe_of(TrainingConfig(preprocess=Preprocess(margin=1)), 4)


@pytest.fixture
def case(cohort: Callable[..., Path]) -> TrainingCase:
    return check_data(Data(train=(str(cohort(1)),), split=0.0), tuple(Modality), 0).training[0]


def count_preparations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []
    original = cache_module.prepare_case

    def counted(case: TrainingCase, *arguments: object) -> object:
        made.append(case.case_id)
        return original(case, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(cache_module, "prepare_case", counted)
    return made


def test_a_case_is_prepared_once(case: TrainingCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_preparations(monkeypatch)
    first = Cache(tmp_path / "cache", RECIPE, "float16").get(case)
    again = Cache(tmp_path / "cache", RECIPE, "float16").get(case)
    assert made == ["Toy_000"]
    assert first == again
    assert first.image().dtype == np.float16
    assert isinstance(first.image(), np.memmap)
    assert first.image().shape == (*first.shape, 4)
    assert not any(n % 4 for n in first.shape)


def test_labels_lie_where_the_reference_does(case: TrainingCase, tmp_path: Path) -> None:
    entry = Cache(tmp_path / "cache", RECIPE, "float16").get(case)
    labels, image = entry.labels(), np.asarray(entry.image(), np.float32)
    assert set(np.unique(labels)) == {0, 1, 2, 3}
    t1, t1ce = (image[..., ["flair", "t1", "t1ce", "t2"].index(name)] for name in ("t1", "t1ce"))
    enhancement = t1ce - t1
    assert enhancement[labels == 3].mean() > enhancement[(labels == 0) & (t1 != 0)].mean() + 0.5
    for value, x, y, z in entry.centres():
        assert labels[x, y, z] == value


def test_another_recipe_or_another_file_is_another_entry(case: TrainingCase, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", RECIPE, "float16")
    other = Cache(tmp_path / "cache", recipe_of(TrainingConfig(preprocess=Preprocess(margin=3)), 4), "float16")
    patched = recipe_of(TrainingConfig(preprocess=Preprocess(margin=1)), 8)
    before = cache.key(case)
    assert len({before, other.key(case), Cache(tmp_path, RECIPE, "float32").key(case)}) == 3
    assert Cache(tmp_path, patched, "float16").key(case) != before
    path = case.source.modalities[Modality.T1]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    os.utime(path, ns=(1, 1))
    assert cache.key(case) != before


@pytest.mark.parametrize("damage", ["truncated", "no description", "missing file"])
def test_a_damaged_entry_is_made_again(
    damage: str, case: TrainingCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path / "cache", RECIPE, "float16")
    entry = cache.get(case)
    expected = np.array(entry.labels())
    cache_module._mapped.cache_clear()
    if damage == "truncated":
        os.truncate(entry.folder / "image.npy", 1000)
    else:
        (entry.folder / {"no description": "entry.json", "missing file": "labels.npy"}[damage]).unlink()
    made = count_preparations(monkeypatch)
    again = cache.get(case)
    assert made == ["Toy_000"]
    assert np.array_equal(again.labels(), expected)
    assert again.image().shape == (*again.shape, 4)


def test_two_writers_at_once_leave_one_whole_entry(
    case: TrainingCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(2, timeout=30)
    original = cache_module._move_into_place

    def at_once(temporary: Path, folder: Path) -> None:
        together.wait()
        original(temporary, folder)

    monkeypatch.setattr(cache_module, "_move_into_place", at_once)
    found: list[object] = []
    cache = Cache(tmp_path / "cache", RECIPE, "float16")
    writers = [threading.Thread(target=lambda: found.append(cache.get(case))) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert len(found) == 2
    assert found[0] == found[1]
    assert {path.name for path in (tmp_path / "cache" / FOLDER).iterdir()} == {"CACHEDIR.TAG", cache.key(case)}


def test_a_killed_writer_leaves_nothing_that_is_read(case: TrainingCase, tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from brainseg_gui.storage.leftovers import new_name
folder = Path(sys.argv[1]) / new_name()
folder.mkdir(parents=True)
(folder / "image.npy").write_bytes(b"half")
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path / FOLDER)], check=False)
    assert len(os.listdir(tmp_path / FOLDER)) == 1
    cache = Cache(tmp_path, RECIPE, "float16")
    assert cache.get(case).labels().any()
    assert set(os.listdir(tmp_path / FOLDER)) == {"CACHEDIR.TAG", cache.key(case)}


def test_nothing_else_in_a_home_that_is_named_as_cache_is_touched(case: TrainingCase, tmp_path: Path) -> None:
    """`data.cache=~` removed hidden folders that had two dashes in their names and were older than a day."""
    precious = [".my-old-mails", ".a-b-c", "thesis", ".cache", f".{'0' * 32}-1-{'0' * 8}", ".brainseg-mine",
                f".brainseg-{'0' * 8}-1-{'0' * 8}-{'0' * 16}"]  # fmt: skip
    for name in precious:
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("precious")
        os.utime(tmp_path / name, (0, 0))
    Cache(tmp_path, RECIPE, "float16").get(case)
    assert set(os.listdir(tmp_path)) - {"Toy_000"} >= {*precious, FOLDER}
    assert all((tmp_path / name / "x").read_text() == "precious" for name in precious)


@pytest.mark.parametrize("trap", ["link", "other things", "file"])
def test_a_folder_that_is_no_cache_is_not_used_as_one(case: TrainingCase, tmp_path: Path, trap: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = tmp_path / FOLDER
    if trap == "link":
        place.symlink_to(elsewhere)
    elif trap == "file":
        place.write_text("precious")
    else:
        place.mkdir()
        (place / "thesis.tex").write_text("precious")
    with pytest.raises(BrainsegError, match="prepared cases cannot be written"):
        Cache(tmp_path, RECIPE, "float16").get(case)
    assert os.listdir(elsewhere) == []


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    case: TrainingCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(BrainsegError, match=r"prepared cases cannot be written \(No space left on device\)"):
        Cache(tmp_path / "cache", RECIPE, "float16").get(case)
    assert os.listdir(tmp_path / "cache" / FOLDER) == ["CACHEDIR.TAG"]
