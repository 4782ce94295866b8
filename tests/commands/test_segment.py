from __future__ import annotations

import argparse
import errno
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.commands import segment
from brainseg_gui.commands.segmenting.jobs import plan_jobs, prepare_outputs
from brainseg_gui.commands.tasks.faults import exit_code
from brainseg_gui.errors import BrainsegError, CaseError, EngineError, ModelError, SaveError
from brainseg_gui.execution.manifest import FOLDER
from brainseg_gui.imaging.cases.sureness_note import read_sureness
from brainseg_gui.imaging.formats.known_formats import titles
from brainseg_gui.imaging.formats.mask_note import NOTE_ENDING, read_note
from brainseg_gui.imaging.formats.reading import read_mask
from brainseg_gui.inference.cohorts import ahead
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.options import SegmentResult
from brainseg_gui.progress import Progress
from tests.shipped import needs_all_modalities

ToyCase = Callable[..., Path]


def names_in(out: Path) -> list[str]:
    """What a run left, besides the folder of its manifest, and what is told of the masks beside them."""
    names = [path.name for path in out.iterdir() if path.name != FOLDER]
    return sorted(name for name in names if not name.endswith(NOTE_ENDING))


def call(*words: object) -> int:
    parser = argparse.ArgumentParser()
    segment.add_parser(parser.add_subparsers())
    args = parser.parse_args(["segment", *map(str, words)])
    return int(args.run(args))


@pytest.mark.engine
def test_a_cohort_with_a_bad_case(
    tmp_path: Path,
    toy_case: ToyCase,
    capfd: pytest.CaptureFixture[str],
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", lambda: engine)
    cohort = tmp_path / "cohort"
    toy_case(cohort, case_id="A", orientation="PIR", seed=1)
    broken = toy_case(cohort, case_id="B", seed=2)
    (broken / "B_t2.nii.gz").write_bytes((broken / "B_t2.nii.gz").read_bytes()[:500])
    lacking = toy_case(cohort, case_id="C", modalities=("t1", "t2", "flair"))
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    model = needs_all_modalities()
    given = ("--json", "--device", "cpu", "--precision", "float32", "--model", model.path)
    code = call(cohort, "-o", tmp_path / "out", *given)
    captured = capfd.readouterr()
    assert code == 2  # only input was at fault
    entries: dict[str, Any] = {e["case"]: e for e in map(json.loads, captured.out.splitlines())}
    assert list(entries) == ["A", "B", "C"]

    good = entries["A"]
    assert good["output"] == str(tmp_path / "out" / "A_pred.nii.gz")
    assert good["precision"] == "float32"
    assert good["device"].startswith("CPU")
    assert good["model"] == model.title
    assert (
        nib.load(good["output"]).header["descrip"].item().decode()
        == f"brainseg mask, {good['scheme']}, by {good['model']}"
    )
    assert {"reading", "preparing", "inferring", "mapping back", "saving"} <= set(good["seconds"])
    image, t1 = nib.load(good["output"]), nib.load(cohort / "A" / "A_t1.nii.gz")
    values = np.asarray(image.dataobj)
    np.testing.assert_array_equal(image.affine, t1.affine)
    assert values.shape == t1.shape
    assert image.get_data_dtype() == np.uint8
    assert set(np.unique(values)) <= {0, 1, 2, 4}  # the study's scheme, not the network's classes
    voxel_ml = abs(np.linalg.det(image.affine[:3, :3])) / 1000
    expected = {"WT": np.sum(values > 0), "TC": np.sum((values == 1) | (values == 4)), "ET": np.sum(values == 4)}
    assert good["volumes_ml"] == pytest.approx({k: int(v) * voxel_ml for k, v in expected.items()}, abs=1e-3)

    assert "B_t2.nii.gz" in entries["B"]["error"]
    assert "needs T1ce" in entries["C"]["error"]
    assert str(lacking) in captured.err
    assert "2 of 3 cases failed: B, C" in captured.err
    assert names_in(tmp_path / "out") == ["A_pred.nii.gz"]


@pytest.mark.engine
def test_one_case_into_one_file_with_a_mask_that_does_not_fit(
    tmp_path: Path,
    toy_case: ToyCase,
    capfd: pytest.CaptureFixture[str],
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", lambda: engine)
    case = toy_case(tmp_path, case_id="A")
    other = toy_case(tmp_path / "other", case_id="A", shape=(10, 12, 14))
    shutil.copy(other / "A_seg.nii.gz", case / "A_seg.nii.gz")
    output = tmp_path / "new" / "mask.nii"
    assert call(case, "-o", output) == 0
    captured = capfd.readouterr()
    assert f"A: {output} (WT " in captured.out
    assert "The mask of the case was left out" in captured.out
    assert captured.err == ""  # no progress bar where nobody watches
    assert nib.load(output).shape == (24, 28, 20)


def test_nothing_is_done_when_a_mask_exists(tmp_path: Path, toy_case: ToyCase) -> None:
    cases = [toy_case(tmp_path / "cohort", case_id=name) for name in "AB"]
    output = tmp_path / "out"
    output.mkdir()
    (output / "B_pred.nii.gz").write_text("precious")
    with pytest.raises(SaveError, match=r"B_pred\.nii\.gz: the file exists\. .* --overwrite"):
        call(*cases, "-o", output)
    assert [path.name for path in output.iterdir()] == ["B_pred.nii.gz"]
    prepare_outputs(plan_jobs(cases, output), overwrite=True)


def test_several_masks_do_not_fit_into_one_file(tmp_path: Path, toy_case: ToyCase) -> None:
    toy_case(tmp_path, case_id="A")
    toy_case(tmp_path, case_id="B")
    with pytest.raises(SaveError, match="2 masks do not fit into one file"):
        call(tmp_path, "-o", tmp_path / "mask.nii.gz")


def test_files_of_our_own_that_a_shell_brings_along_are_passed_over(tmp_path: Path, toy_case: ToyCase) -> None:
    cohort = tmp_path / "cohort"
    for name in "AB":
        toy_case(cohort, case_id=name)
    (cohort / "brainseg-cases.csv").write_text("case,state,note,changed,by\n")
    mask = nib.load(cohort / "A" / "A_seg.nii.gz")
    mask.header["descrip"] = b"brainseg mask, brats2020, by synthetic-2mm"
    nib.save(mask, cohort / "A" / "A_annotation_2.nii.gz")
    (cohort / "A" / "A_annotation_2.provenance.json").write_text("{}")
    for given in (cohort.glob("*"), [*(cohort / "A").glob("*"), cohort / "B"]):
        jobs = plan_jobs(sorted(given), tmp_path / "out")
        assert [(job.name, job.fault) for job in jobs] == [("A", None), ("B", None)]
    with pytest.raises(CaseError, match="files that brainseg wrote, not cases"):
        plan_jobs([cohort / "brainseg-cases.csv"], tmp_path / "out")


@pytest.mark.parametrize("name", ["notes.txt", "results.csv", "gone-cases.csv", "brainseg-cases.csv", "x.nii.gz"])
def test_what_is_not_ours_is_still_refused(tmp_path: Path, toy_case: ToyCase, name: str) -> None:
    case = toy_case(tmp_path / "cohort", case_id="A")
    unknown = tmp_path / name
    if name.endswith((".txt", "results.csv")):
        unknown.write_text("something")
    good, bad = plan_jobs([case, unknown], tmp_path / "out")
    assert good.fault is None
    assert bad.name == name
    assert isinstance(bad.fault, CaseError)


def test_cases_of_one_name_are_refused(tmp_path: Path, toy_case: ToyCase) -> None:
    cases = [toy_case(tmp_path / where, case_id="A") for where in ("here", "there")]
    with pytest.raises(SaveError, match="several of the cases have this name"):
        call(*cases, "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_input_that_is_no_case_ends_with_2(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert call(tmp_path / "nowhere", empty, "-o", tmp_path / "out") == 2
    error = capfd.readouterr().err
    assert f"brainseg: {tmp_path / 'nowhere'}: there is no such file or folder." in error
    assert f"brainseg: {empty}: no {titles()} file is in this folder." in error
    assert not (tmp_path / "out").exists()


def test_a_case_that_lacks_a_modality_says_which(
    tmp_path: Path, toy_case: ToyCase, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine.start", lambda *_: None)
    case = toy_case(tmp_path, modalities=("t1", "t2"))
    (tmp_path / "results").mkdir()
    model = needs_all_modalities()
    assert call(case, "-o", tmp_path / "results" / "new" / "out", "--model", model.path) == 2
    assert list(tmp_path.glob("results/**")) == [tmp_path / "results"]  # nothing was made for nothing
    assert f"the model {model.passport.name} needs FLAIR and T1ce, which this case lacks" in capfd.readouterr().err


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path, toy_case: ToyCase) -> None:
    case = toy_case(tmp_path)
    with pytest.raises(ModelError, match=r"no model\.json"):
        call(case, "-o", tmp_path / "out", "--model", case)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, toy_case: ToyCase) -> None:
    case = toy_case(tmp_path)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SaveError, match="the folder cannot be made"):
        call(case, "-o", tmp_path / "file" / "out")


def test_folders_that_were_made_before_one_that_cannot_be_are_removed(tmp_path: Path, toy_case: ToyCase) -> None:
    cases = [toy_case(tmp_path / "cohort", case_id=name) for name in "AB"]
    (tmp_path / "file").write_text("no folder")
    jobs = plan_jobs(cases, tmp_path / "a" / "b")
    jobs = [jobs[0], replace(jobs[1], output=tmp_path / "file" / "out" / "B.nii.gz")]
    with pytest.raises(SaveError, match="the folder cannot be made"):
        prepare_outputs(jobs, overwrite=False)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ([], 0),
        ([CaseError("a"), ModelError("b")], 2),
        ([CaseError("a"), EngineError("b")], 1),
        ([SaveError("a")], 1),
        ([ValueError("a")], 1),
    ],
)
def test_exit_code_says_whose_fault_it_was(faults: list[Exception], code: int) -> None:
    assert exit_code(faults) == code


class _Overlapping:
    """An engine that answers a case only when the next one is read, and whose masks are written only by then."""

    def __init__(self, cases: int) -> None:
        self.cases, self.reading, self.segmenting = cases, [], []
        self.read, self.begun = threading.Semaphore(0), threading.Semaphore(0)

    def start(self, *_: object) -> None: ...

    def close(self) -> None: ...

    def segment(self, case: Any, *_: object) -> Iterator[Progress]:
        self.segmenting.append(case.case_id)
        if len(self.segmenting) > 1:
            self.begun.release()
        yield Progress("inferring", 0.5)
        if len(self.segmenting) < self.cases:
            assert self.read.acquire(timeout=20), "the next case was not read meanwhile"
        classes = np.zeros(case.grid.shape, np.uint8)
        return SegmentResult(classes, {"inferring": 0.0}, "CPU", "float32", "nobody's", ())


def test_the_next_case_is_read_and_the_last_mask_written_while_the_network_works(
    tmp_path: Path, toy_case: ToyCase, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    cohort, names = tmp_path / "cohort", ["A", "B", "C"]
    for name in names:
        toy_case(cohort, case_id=name)
    engine = _Overlapping(len(names))
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", lambda: engine)
    read, write = ahead._read, ahead._write

    def noted_read(source: Any, *rest: Any) -> Any:
        engine.reading.append(source.case_id)
        if len(engine.reading) > 1:
            engine.read.release()
        return read(source, *rest)

    def late_write(output: Path, *rest: Any) -> float:
        last = output.name.startswith("C")
        assert last or engine.begun.acquire(timeout=20), "the network waited for the mask"
        return write(output, *rest)

    monkeypatch.setattr(ahead, "_read", noted_read)
    monkeypatch.setattr(ahead, "_write", late_write)
    assert call(cohort, "-o", tmp_path / "out", "--json") == 0
    assert [json.loads(line)["case"] for line in capfd.readouterr().out.splitlines()] == names
    assert engine.reading == engine.segmenting == names
    assert len(names_in(tmp_path / "out")) == 3


def test_a_mask_that_cannot_be_written_is_told_with_its_case(
    tmp_path: Path, toy_case: ToyCase, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("A", "B"):
        toy_case(tmp_path / "cohort", case_id=name)
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", lambda: _Overlapping(1))
    write = ahead._write

    def full_disk(output: Path, *rest: Any) -> float:
        if output.name.startswith("A"):
            raise SaveError("the drive is full", "Free some room", output)
        return write(output, *rest)

    monkeypatch.setattr(ahead, "_write", full_disk)
    assert call(tmp_path / "cohort", "-o", tmp_path / "out", "--json") == 1
    first, second = map(json.loads, capfd.readouterr().out.splitlines())
    assert "the drive is full" in first["error"]
    assert (first["case"], second["case"]) == ("A", "B")
    assert names_in(tmp_path / "out") == ["B_pred.nii.gz"]


class _Quick:
    """An engine that finds nothing anywhere; `meanwhile` happens while it works on a case."""

    def __init__(self, meanwhile: Callable[[str], object] = lambda name: None) -> None:
        self.meanwhile = meanwhile
        self.asked: list[str] = []

    def start(self, *_: object) -> None: ...

    def close(self) -> None: ...

    def segment(self, case: Any, *_: object) -> Iterator[Progress]:
        self.asked.append(case.case_id)
        yield Progress("inferring", 0.5)
        self.meanwhile(case.case_id)
        return SegmentResult(np.zeros(case.grid.shape, np.uint8), {}, "CPU", "float32", "nobody's", ())


def test_how_sure_the_network_was_lies_beside_its_mask(
    tmp_path: Path, toy_case: ToyCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    class _Sure(_Quick):
        def segment(self, case: Any, *rest: object) -> Iterator[Progress]:
            return replace((yield from super().segment(case, *rest)), sure_ml={"WT": (0.5, 2.0)})

    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", _Sure)
    toy_case(tmp_path / "cohort", case_id="A")
    assert call(tmp_path / "cohort", "-o", tmp_path / "out") == 0
    mask = tmp_path / "out" / "A_pred.nii.gz"
    assert read_sureness(mask, read_mask(mask).values) == {"WT": (0.5, 2.0)}
    assert read_note(mask) is None


@pytest.mark.parametrize("order", ["ABCD", "DABC"])
def test_all_masks_of_a_silent_cohort_are_numbered_alike_and_the_odd_one_is_told(
    tmp_path: Path, toy_case: ToyCase, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], order: str
) -> None:
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", _Quick)
    for seed, name in enumerate(order):
        numbers = (2, 4, 1) if name == "D" else (1, 2, 4)  # D as in the paediatric challenge
        toy_case(tmp_path / "cohort", case_id=f"{seed}{name}", numbers=numbers, seed=seed)
    assert call(tmp_path / "cohort", "-o", tmp_path / "out", "--json") == 2
    out, err = capfd.readouterr()
    assert {json.loads(line)["scheme"] for line in out.splitlines()} == {"brats2020"}
    (line,) = err.splitlines()
    assert "D: Its reference is read as BraTS 2017–2021, as the others are; by itself" in line
    assert call(tmp_path / "cohort", "-o", tmp_path / "out", "--json") == 2, "the doubt is one as long as the mask is"
    again, said = capfd.readouterr()
    assert line in said.splitlines()
    assert [sorted(json.loads(one)) for one in again.splitlines()] == [["case", "known", "output"]] * len(order)


@pytest.mark.parametrize(("words", "scheme"), [((), "brats2020"), (("--resample", "voxels"), "brats2023")])
def test_a_mask_on_another_grid_tells_its_numbers_where_that_is_asked_for(
    tmp_path: Path,
    toy_case: ToyCase,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    scheme: str,
) -> None:
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", _Quick)
    case = toy_case(tmp_path, case_id="A", numbers=(1, 2, 3))
    nib.save(nib.Nifti1Image(np.asarray(nib.load(case / "A_seg.nii.gz").dataobj), np.eye(4)), case / "A_seg.nii.gz")
    assert call(case, "-o", tmp_path / "out", "--json", *words) == 0
    (entry,) = map(json.loads, capfd.readouterr().out.splitlines())
    assert entry["scheme"] == scheme
    assert any("was left out" in note for note in entry["notes"]) is not bool(words)


def test_resampling_is_refused_where_there_is_nothing_to_resample(tmp_path: Path, toy_case: ToyCase) -> None:
    case = toy_case(tmp_path, case_id="A", mask=False)
    with pytest.raises(BrainsegError, match="--resample is for masks that cases come with, and none of these has one"):
        call(case, "-o", tmp_path / "out", "--resample")


def test_the_case_in_the_working_folder_has_its_name(
    tmp_path: Path, toy_case: ToyCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`segment .` in each case folder named every mask `_pred.nii.gz`: patient 2 over patient 1, exit 0."""
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", _Quick)
    for number, word in enumerate([".", "./", "../B", "sub/.."]):
        name = "AB"[number % 2] if number < 2 else "B"
        folder = tmp_path / str(number) / name
        toy_case(folder.parent, case_id=name)
        (folder / "sub").mkdir()
        monkeypatch.chdir(folder)
        assert call(word, "-o", f"{tmp_path}/out{number}") == 0
        assert names_in(tmp_path / f"out{number}") == [f"{name}_pred.nii.gz"]


def test_a_mask_that_appears_after_the_start_is_not_replaced(
    tmp_path: Path, toy_case: ToyCase, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in "ABC":
        toy_case(tmp_path / "cohort", case_id=name)
    out = tmp_path / "out"

    def colleague(name: str) -> None:
        """Writes the mask of the case that is in work, and of the last one."""
        if name == "B":
            for case in "BC":
                (out / f"{case}_pred.nii.gz").write_text("a colleague's")

    engine = _Quick(colleague)
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", lambda: engine)
    assert call(tmp_path / "cohort", "-o", out) == 1
    assert engine.asked == ["A", "B"]  # C is there before its turn comes
    said = capfd.readouterr().err
    assert "B_pred.nii.gz: the file exists" in said
    assert "C_pred.nii.gz: the file exists by now" in said
    assert [(out / f"{case}_pred.nii.gz").read_bytes() == b"a colleague's" for case in "ABC"] == [False, True, True]
    assert names_in(out) == [f"{case}_pred.nii.gz" for case in "ABC"]
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", _Quick)
    assert call(tmp_path / "cohort", "-o", out, "--overwrite") == 0


@pytest.mark.parametrize("hard_links", [True, False])
def test_two_runs_into_one_folder_make_each_mask_once(
    tmp_path: Path, toy_case: ToyCase, monkeypatch: pytest.MonkeyPatch, hard_links: bool
) -> None:
    """Both came as far as the same case: one makes it, the other finds it made as it would have been."""
    if not hard_links:
        monkeypatch.setattr(os, "link", _no_hard_links)
        monkeypatch.setattr(os, "replace", _slow(os.replace))  # the name is reserved for a while
    toy_case(tmp_path / "cohort", case_id="A")
    together = threading.Barrier(2, timeout=30)
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", lambda: _Quick(lambda name: together.wait()))
    codes: list[int] = []
    runs = [
        threading.Thread(target=lambda: codes.append(call(tmp_path / "cohort", "-o", tmp_path / "out")))
        for _ in range(2)
    ]
    for one in runs:
        one.start()
    for one in runs:
        one.join(60)
    assert codes == [0, 0]
    assert names_in(tmp_path / "out") == ["A_pred.nii.gz"]
    assert nib.load(tmp_path / "out" / "A_pred.nii.gz").shape == (24, 28, 20)


def test_a_second_call_goes_on_where_the_first_ended(
    tmp_path: Path, toy_case: ToyCase, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As after a power cut: the first call dies while it works on B, and leaves its claim."""
    for name in "ABC":
        toy_case(tmp_path / "cohort", case_id=name)
    out, engine = tmp_path / "out", _Quick(_die_at("B"))
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", lambda: engine)
    with pytest.raises(KeyboardInterrupt):
        call(tmp_path / "cohort", "-o", out)
    assert names_in(out) == ["A_pred.nii.gz"]
    first = (out / "A_pred.nii.gz").stat()
    engine.asked.clear()
    engine.meanwhile = lambda name: None
    capfd.readouterr()
    assert call(tmp_path / "cohort", "-o", out, "--json") == 0
    told = capfd.readouterr()
    assert engine.asked == ["B", "C"]
    assert (out / "A_pred.nii.gz").stat() == first
    assert {one["case"]: one["known"] for one in map(json.loads, told.out.splitlines())} == {
        "A": True, "B": False, "C": False,
    }  # fmt: skip
    assert "1 of 3 masks were made before, of the same files, and are passed over." in told.err
    assert "made anew with --fresh" in told.err


def _die_at(case: str) -> Callable[[str], None]:
    def die(name: str) -> None:
        if name == case:
            raise KeyboardInterrupt

    return die


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        (["--fresh"], "AB"),
        (["--precision", "float32"], "AB"),
        ([], ""),
        (["--overwrite"], ""),
    ],
)
def test_what_is_made_anew(
    tmp_path: Path, toy_case: ToyCase, monkeypatch: pytest.MonkeyPatch, change: list[str], asked: str
) -> None:
    for name in "AB":
        toy_case(tmp_path / "cohort", case_id=name)
    engine = _Quick()
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", lambda: engine)
    assert call(tmp_path / "cohort", "-o", tmp_path / "out") == 0
    engine.asked.clear()
    assert call(tmp_path / "cohort", "-o", tmp_path / "out", *change) == 0
    assert "".join(engine.asked) == asked


@pytest.mark.parametrize("fresh", [(), ("--fresh",)])
def test_a_mask_that_a_person_corrected_is_kept_and_told(
    tmp_path: Path,
    toy_case: ToyCase,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    fresh: tuple[str, ...],
) -> None:
    for name in "AB":
        toy_case(tmp_path / "cohort", case_id=name)
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", _Quick)
    assert call(tmp_path / "cohort", "-o", tmp_path / "out") == 0
    (tmp_path / "out" / "A_pred.nii.gz").write_bytes(b"corrected by hand")
    assert call(tmp_path / "cohort", "-o", tmp_path / "out", *fresh) == 1
    assert "A_pred.nii.gz: the file exists" in capfd.readouterr().err
    assert (tmp_path / "out" / "A_pred.nii.gz").read_bytes() == b"corrected by hand"


def _no_hard_links(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def _slow(rename: Callable[..., None]) -> Callable[..., None]:
    def later(*args: Any, **kwargs: Any) -> None:
        time.sleep(0.2)
        rename(*args, **kwargs)

    return later


def test_a_mask_is_not_written_through_a_link_that_lies_in_the_folder(
    tmp_path: Path, toy_case: ToyCase, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    toy_case(tmp_path / "cohort", case_id="A")
    (tmp_path / "out").mkdir()
    (tmp_path / "thesis.tex").write_text("precious")
    (tmp_path / "out" / "A_pred.nii.gz").symlink_to(tmp_path / "thesis.tex")
    monkeypatch.setattr("brainseg_gui.inference.engine.engine.Engine", _Quick)
    assert call(tmp_path / "cohort", "-o", tmp_path / "out", "--overwrite") == 1
    assert "no link is followed here" in capfd.readouterr().err
    assert (tmp_path / "thesis.tex").read_text() == "precious"
    chosen = tmp_path / "mine.nii.gz"  # a name that the person gave is followed
    chosen.symlink_to(tmp_path / "target.nii.gz")
    assert call(tmp_path / "cohort", "-o", chosen) == 0
    assert (tmp_path / "target.nii.gz").is_file()
    assert chosen.is_symlink()


@pytest.mark.parametrize(("one", "other"), [("Case", "case"), ("Straße", "STRASSE"), ("M\u00fc", "Mu\u0308")])
def test_names_that_many_drives_do_not_tell_apart_are_refused(
    tmp_path: Path, toy_case: ToyCase, one: str, other: str
) -> None:
    cases = [toy_case(tmp_path / where, case_id=name) for where, name in (("here", one), ("there", other))]
    with pytest.raises(SaveError, match="several of the cases have this name"):
        call(*cases, "-o", tmp_path / "out")
