from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from brainseg_gui import free_memory
from brainseg_gui.errors import EngineError
from brainseg_gui.inference import memory
from brainseg_gui.inference.infer import infer, plan_windows
from brainseg_gui.inference.models.model_folder import default_model
from brainseg_gui.progress import run_to_end

PASSPORT = replace(default_model().passport, divisor=8, patch=None)


@dataclass
class FakeNetwork:
    """Returns its input; runs out of memory above `largest` voxels, on the GPU only if it has one."""

    largest: float = np.inf
    bytes_per_voxel: float = 1000.0
    free: float = np.inf
    fixed_shape: tuple[int, int, int] | None = None
    on_gpu: bool = False
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def predict(self, batch: np.ndarray) -> np.ndarray:
        self.shapes.append(batch.shape[1:4])
        if np.prod(batch.shape[1:4]) > self.largest:
            raise MemoryError
        return batch

    def free_bytes(self) -> float:
        return self.free

    def move_to_cpu(self) -> bool:
        moved, self.on_gpu = self.on_gpu, False
        if moved:
            self.largest = np.inf
        return moved


@pytest.fixture
def batch() -> np.ndarray:
    return np.random.default_rng(0).random((1, 104, 72, 40, 4), dtype=np.float32)


def test_the_whole_volume_when_it_fits(batch: np.ndarray) -> None:
    network = FakeNetwork(free=104 * 72 * 40 * 1000 / 0.8)
    result, notes = run_to_end(infer(batch, PASSPORT, network))
    assert result is batch
    assert notes == ()


def test_windows_when_the_memory_is_known_to_be_too_small(batch: np.ndarray) -> None:
    network = FakeNetwork(free=64 * 64 * 40 * 1000 / 0.8)
    result, notes = run_to_end(infer(batch, PASSPORT, network))
    assert set(network.shapes) == {(64, 64, 40)}
    np.testing.assert_allclose(result, batch, atol=1e-6)
    assert notes == (
        "The whole volume needs about 0.3 GiB of memory and 0.2 GiB can be used",
        "Windows of 64×64×40 voxels were used",
    )


def test_smaller_windows_after_out_of_memory(batch: np.ndarray) -> None:
    network = FakeNetwork(largest=48 * 48 * 40)
    result, notes = run_to_end(infer(batch, PASSPORT, network))
    assert list(dict.fromkeys(network.shapes)) == [(104, 72, 40), (96, 72, 40), (64, 64, 40), (48, 48, 40)]
    np.testing.assert_allclose(result, batch, atol=1e-6)
    assert notes == (
        "The memory was too small for the whole volume",
        "The memory was too small for windows of 96×72×40 voxels",
        "The memory was too small for windows of 64×64×40 voxels",
        "Windows of 48×48×40 voxels were used",
    )


def test_the_cpu_is_the_last_resort(batch: np.ndarray) -> None:
    network = FakeNetwork(largest=0, on_gpu=True)
    result, notes = run_to_end(infer(batch, PASSPORT, network))
    assert network.shapes[-2:] == [(32, 32, 32), (104, 72, 40)]
    assert result is batch
    assert notes[-1] == "The network ran on the CPU instead"


def test_no_memory_at_all_is_told(batch: np.ndarray) -> None:
    with pytest.raises(EngineError, match="memory is too small"):
        run_to_end(infer(batch, PASSPORT, FakeNetwork(largest=0)))


def test_windows_follow_patch_divisor_and_fixed_shape(batch: np.ndarray) -> None:
    patch = replace(PASSPORT, patch=(64, 48, 48))
    assert plan_windows(batch, patch, FakeNetwork(), [])[:3] == [None, (64, 48, 40), (48, 48, 40)]
    coarse = replace(PASSPORT, divisor=20)
    odd = np.zeros((1, 200, 200, 200, 1), np.float32)
    assert plan_windows(odd, coarse, FakeNetwork(), [])[1:3] == [(160, 160, 160), (140, 140, 140)]
    fixed = FakeNetwork(fixed_shape=(16, 16, 16))
    assert plan_windows(batch, PASSPORT, fixed, []) == [(16, 16, 16)]
    assert plan_windows(batch, PASSPORT, FakeNetwork(fixed_shape=(104, 72, 40)), []) == [None]


def test_a_containers_limit_counts_as_free_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_memory, "_CGROUP", tmp_path)
    computer = free_memory.free_memory_bytes()
    assert computer > 1e6
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory.free_memory_bytes() > 1e6
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 150\n")
    assert free_memory.free_memory_bytes() == 450
    assert free_memory.usable_bytes() == 360


def test_a_container_of_the_first_version_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_memory, "_CGROUP", tmp_path)
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory/memory.limit_in_bytes").write_text("2000")
    (tmp_path / "memory/memory.usage_in_bytes").write_text("1800")
    (tmp_path / "memory/memory.stat").write_text("cache 1\ntotal_inactive_file 100\n")
    assert free_memory.free_memory_bytes() == 300


def test_peak_memory_sees_what_is_gone_again() -> None:
    with memory.PeakMemory() as peak:
        array = np.ones(50_000_000, np.uint8)
        for _ in range(20):
            array += 1  # gives the watching thread time to look
        del array
    assert 40e6 < peak.growth_bytes < 200e6
