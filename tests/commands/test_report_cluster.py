"""``report`` of several cases: a page and a PDF each, nothing done twice, each fault said."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.cli import main
from brainseg_gui.execution.clusters import Workers
from brainseg_gui.execution.manifest import FOLDER

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0") as made:
        yield made.scheduler_address


@pytest.fixture
def cohort(tmp_path: Path, toy_case: Callable[..., Path]) -> Path:
    for seed, name in enumerate("AB"):
        folder = toy_case(tmp_path / "cohort", case_id=name, seed=seed, shape=(12, 14, 10))
        (tmp_path / "masks").mkdir(exist_ok=True)
        shutil.copy(folder / f"{name}_seg.nii.gz", tmp_path / "masks" / f"{name}_pred.nii.gz")
    return tmp_path / "cohort"


@pytest.fixture(autouse=True)
def only_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PDF takes a second, and test_report.py has it."""
    for module in ("task", "several"):
        monkeypatch.setattr(f"brainseg_gui.commands.reporting.{module}.ENDINGS", (".html",))


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, bool]:
    return {one["case"]: one["known"] for one in map(json.loads, capsys.readouterr().out.splitlines())}


def test_each_case_gets_its_page_with_its_own_prediction_and_only_what_changed_is_made_anew(
    scheduler: str, cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["report", str(cohort), "--prediction", str(tmp_path / "masks"), "-o", str(tmp_path / "out")]
    words += ["--cluster", scheduler, "--json"]
    assert main(words) == 0
    assert told(capsys) == {"A": False, "B": False}
    for case in "AB":
        page = (tmp_path / "out" / f"{case}_report.html").read_text()
        assert re.search(r"whole tumour(?:\W|<[^>]+>)*Dice(?:\W|<[^>]+>)*1\.000", page)  # its own mask
    mask = nib.load(tmp_path / "masks" / "B_pred.nii.gz")
    moved = np.roll(np.asarray(mask.dataobj), 2, axis=0)
    nib.save(nib.Nifti1Image(moved, mask.affine), tmp_path / "masks" / "B_pred.nii.gz")
    assert main(words) == 0
    assert told(capsys) == {"A": True, "B": False}
    (tmp_path / "out" / "A_report.html").write_text("gone")
    assert main(words) == 0
    assert told(capsys) == {"A": False, "B": True}
    assert main([*words, "--rules", "brats2020"]) == 0
    assert told(capsys) == {"A": False, "B": False}


def test_a_bad_case_is_named_and_logged_and_the_rest_goes_on(
    scheduler: str, cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cohort / "A" / "A_t2.nii.gz").write_bytes(b"broken")
    assert main(["report", str(cohort), "-o", str(tmp_path / "out"), "--cluster", scheduler]) == 2
    assert "A_t2.nii.gz" in capsys.readouterr().err
    assert "Traceback" in (tmp_path / "out" / FOLDER / "failed" / "A.txt").read_text()
    assert (tmp_path / "out" / "B_report.html").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "a.html"], "reports of several cases go into a folder"),
        ([], "reports of several cases go into a folder"),
        (["-o", "out", "--reference", "r.nii.gz"], "--reference is for one case"),
    ],
)
def test_what_does_not_fit_several_cases_is_refused(
    cohort: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["report", str(cohort / "A"), str(cohort / "B"), *words]) == 2
    assert said in capsys.readouterr().err


def test_two_cases_of_one_name_are_refused(cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(cohort / "A", tmp_path / "again" / "A")
    words = ["report", str(cohort / "A"), str(tmp_path / "again" / "A"), "-o", str(tmp_path / "out")]
    assert main(words) == 2
    assert "several of the cases are called A" in capsys.readouterr().err


def test_a_case_without_a_prediction_is_told_and_one_with_two_is_refused(
    scheduler: str, cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    masks = tmp_path / "masks"
    kept = (masks / "A_pred.nii.gz").read_bytes()
    (masks / "A_pred.nii.gz").unlink()
    words = ["report", str(cohort), "--prediction", str(masks), "-o", str(tmp_path / "out"), "--cluster", scheduler]
    assert main(words) == 2  # there is something to look at
    assert "A: it has no prediction there; its report shows its own mask alone" in capsys.readouterr().err
    for name in ("A_pred.nii.gz", "A_prediction.nii.gz"):
        (masks / name).write_bytes(kept)
    assert main(words) == 2
    assert "it holds several masks of A: A_pred.nii.gz and A_prediction.nii.gz" in capsys.readouterr().err


def test_one_mask_is_of_one_case(
    scheduler: str, cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask, out = tmp_path / "anything.nii.gz", tmp_path / "out"
    shutil.copy(tmp_path / "masks" / "A_pred.nii.gz", mask)
    words = ["--prediction", str(mask), "-o", str(out), "--cluster", scheduler]
    assert main(["report", str(cohort / "A"), *words]) == 0
    assert "Dice" in (out / "A_report.html").read_text()
    assert main(["report", str(cohort), *words]) == 2
    assert "one mask is no prediction of several cases" in capsys.readouterr().err


def test_a_folder_of_cases_needs_no_cluster(
    cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def threads(count: int | None) -> Iterator[Workers]:
        with ThreadPoolExecutor(2) as pool:
            yield Workers(pool, 4, lambda: 2)

    monkeypatch.setattr("brainseg_gui.commands.tasks.run.local_workers", threads)
    assert main(["report", str(cohort), "-o", str(tmp_path / "out"), "--json"]) == 0
    assert told(capsys) == {"A": False, "B": False}


@pytest.mark.parametrize("option", ["--json", "--fresh", "--processes=2", "--retries=2"])
def test_what_is_for_several_cases_is_refused_for_one(
    cohort: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert main(["report", str(cohort / "A"), option]) == 2
    assert f"{option.partition('=')[0]} is for several cases" in capsys.readouterr().err


def test_visits_stand_beside_the_earlier_ones_and_are_written_anew_when_those_change(
    scheduler: str, tmp_path: Path, toy_case: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, name in enumerate(("P1_day1", "P1_day8")):
        folder = toy_case(tmp_path / "cohort", case_id=name, seed=seed, shape=(12, 14, 10))
        (tmp_path / "masks").mkdir(exist_ok=True)
        (folder / f"{name}_seg.nii.gz").rename(tmp_path / "masks" / f"{name}_pred.nii.gz")
    words = ["report", str(tmp_path / "cohort"), "--prediction", str(tmp_path / "masks"), "-o", str(tmp_path / "out")]
    words += ["--cluster", scheduler, "--json"]
    assert main(words) == 0
    capsys.readouterr()
    page = (tmp_path / "out" / "P1_day8_report.html").read_text()
    assert "Visit 2 of 2 of P1: day8" in page
    assert "Volumes are of P1_day1_pred.nii.gz (day1); of this visit its prediction" in page
    mask = nib.load(tmp_path / "masks" / "P1_day1_pred.nii.gz")
    nib.save(nib.Nifti1Image(np.zeros(mask.shape, np.uint8), mask.affine), tmp_path / "masks" / "P1_day1_pred.nii.gz")
    assert main(words) == 0
    assert told(capsys) == {"P1_day1": False, "P1_day8": False}  # the second for the first one's mask
    assert main(words) == 0
    assert told(capsys) == {"P1_day1": True, "P1_day8": True}
