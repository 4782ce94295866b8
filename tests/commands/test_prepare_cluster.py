"""``prepare --cluster``: the bytes of one process, nothing done twice, each fault said; workers in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from brainseg_gui.cli import main
from brainseg_gui.commands.preparing import task
from brainseg_gui.execution.claim import claimed
from brainseg_gui.execution.manifest import FOLDER
from brainseg_gui.preparation.prepare_place import PreparationRequest
from brainseg_gui.preparation.steps.work import Space, Wishes
from tests.preparation.heads import T1CE, grid_of, head
from tests.preparation.test_prepared_case import save

distributed = pytest.importorskip("distributed")


@pytest.fixture(autouse=True)
def _no_networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What networks see is tested elsewhere; starting their process takes seconds."""
    monkeypatch.setattr("brainseg_gui.inference.models.head_model.shipped_head_model", lambda task: None)
    task._finder.cache_clear()
    yield
    task._finder.cache_clear()


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0") as made:
        yield made.scheduler_address


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    for name in ("Ann", "Bob", "elsewhere/Bob", "P1/DICOM", "P2/DICOM"):
        save(head(grid_of((17, 21, 19), (10.0, 10.0, 10.0)), T1CE), folder / name / "t1_gd.nii.gz")
    for name in ("Zoe", "P3/DICOM", "P4/DICOM", "P4/again/Zoe"):
        save(head(grid_of((17, 21, 19), (10.0, 10.0, 10.0)), T1CE), folder / name / "scan_1.nii.gz")
    return folder


def prepare(*words: object) -> int:
    return main(["prepare", *map(str, words), "--space", "reference", "--keep-skull"])


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.nii.gz")}


def test_workers_make_what_one_process_makes_and_a_second_call_passes_over_it(
    scheduler: str, raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = (raw / "Ann", raw / "Bob")
    assert prepare(*places, "-o", tmp_path / "one") == 0
    words = (*places, "-o", tmp_path / "many", "--cluster", scheduler)
    assert prepare(*words) == 0
    assert files_of(tmp_path / "many") == files_of(tmp_path / "one")
    assert sorted(path.name for path in (tmp_path / "many").iterdir()) == ["Ann", "Bob"]
    capsys.readouterr()
    assert prepare(*words, "--json") == 0
    out, err = capsys.readouterr()
    assert [json.loads(line)["again"] for line in out.splitlines()] == [True, True]
    assert "2 of 2 prepared cases are there, 2 of them done before" in err
    assert prepare(*words, "--json", "--fresh") == 0
    assert [json.loads(line)["again"] for line in capsys.readouterr().out.splitlines()] == [False, False]


def test_a_bad_examination_is_named_and_logged_and_the_rest_goes_on(
    scheduler: str, raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(raw / "Ann", raw / "Zoe", "-o", tmp_path / "out", "--cluster", scheduler) == 2
    assert "Zoe: nothing tells what its series are (scan_1)" in capsys.readouterr().err
    log = tmp_path / "out" / FOLDER / "failed" / "Zoe.txt"
    assert "Traceback" in log.read_text()
    assert (tmp_path / "out" / "Ann" / "preparation.json").is_file()


def test_two_examinations_of_one_name_do_not_overwrite_each_other(
    scheduler: str, raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (raw / "Bob", raw / "elsewhere" / "Bob", "-o", tmp_path / "out", "--overwrite", "--cluster", scheduler)
    assert prepare(*words) == 1
    assert "two examinations are called Bob" in capsys.readouterr().err
    assert (tmp_path / "out" / "Bob" / "preparation.json").is_file()


def test_what_is_for_a_cluster_alone_is_refused_without_one(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(raw / "Ann", "-o", tmp_path / "out", "--processes", 2) == 2
    assert "--processes is for --cluster" in capsys.readouterr().err


def test_each_fault_has_a_log_of_its_own_by_the_name_that_tells_most(
    scheduler: str, raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = [raw / "P3" / "DICOM", raw / "P4" / "DICOM", raw / "Zoe", raw / "P4" / "again" / "Zoe"]
    assert prepare(*places, "-o", tmp_path / "out", "--cluster", scheduler, "--json") == 1
    logs = {path.name for path in (tmp_path / "out" / FOLDER / "failed").iterdir()}
    assert logs == {"P3.txt", "P4.txt", "Zoe.txt", "Zoe (2).txt"}
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(one["place"] for one in told) == sorted(map(str, places))
    assert sum("nothing tells what its series are" in one["error"] for one in told) == 3
    assert sum("two examinations are called Zoe" in one["error"] for one in told) == 1


def test_a_call_forgets_its_own_names_and_leaves_those_of_another_that_goes_on(
    scheduler: str, raw: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    names = out / FOLDER / task.NAMES
    names.mkdir(parents=True)
    with claimed(out / FOLDER, "prepare") as claim:
        other, dead = names / f"{claim.stem}--ab", names / "run-prepare-0000--cd"
        other.touch()
        dead.touch()
        assert prepare(raw / "Ann", "-o", out, "--cluster", scheduler) == 0
        assert list(names.iterdir()) == [other]
    assert prepare(raw / "Bob", "-o", out, "--cluster", scheduler) == 0
    assert sorted(path.name for path in out.iterdir()) == ["Ann", "Bob"]


def test_what_nobody_waits_for_any_more_is_not_written(scheduler: str, raw: Path, tmp_path: Path) -> None:
    request = PreparationRequest(tmp_path / "out", Wishes(Space.REFERENCE, strip=False))
    (tmp_path / "out").mkdir()
    reply = task.prepare_task(task.record_of(raw / "Ann", request, tmp_path / "out" / FOLDER / "run-prepare-0.lock"))
    assert reply["failed"].endswith("the call that asked for it has ended. Give the same command again.")
    assert not (tmp_path / "out" / "Ann").exists()


def test_a_cluster_without_workers_is_said_and_waited_for(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty:
        wait = Timer(1.5, lambda: empty.scale(1))
        wait.start()
        assert prepare(raw / "Ann", "-o", tmp_path / "out", "--cluster", empty.scheduler_address) == 0
        wait.join()
    assert capsys.readouterr().err.count("no worker is there yet: the run goes on when the cluster has one") == 1
