"""A folder from a stranger: names that the program derives in it are links, pipes or hard links to files of ours.

Nothing may be written through any of them, and nothing may hang.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from brainseg_gui.commands import train
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.progress import run_to_end
from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.config_file import ConfigError
from brainseg_gui.runs.events import EventWriter
from brainseg_gui.runs.run_folder import RunError, RunFolder
from brainseg_gui.state.training.run_reader import RunReader
from training.checkpoint import Position, latest_checkpoint, write_arrays
from training.errors import TrainingError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links and pipes in the file system")

Trap = Callable[[Path, Path], None]


def _link(place: Path, target: Path) -> None:
    place.symlink_to(target)


def _hard_link(place: Path, target: Path) -> None:
    os.link(target, place)


def _pipe(place: Path, target: Path) -> None:
    os.mkfifo(place)


def _not_there(place: Path, target: Path) -> None:
    place.symlink_to(target.with_name("autostart.desktop"))


TRAPS = pytest.mark.parametrize("trap", [_link, _hard_link, _pipe, _not_there])


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    path = tmp_path / "home" / ".bash_profile"
    path.parent.mkdir()
    path.write_text("export A=1\n")
    return path


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "run", TrainingConfig())


def _untouched(precious: Path) -> bool:
    return precious.read_text() == "export A=1\n" and os.listdir(precious.parent) == [precious.name]


@TRAPS
def test_events(run: RunFolder, precious: Path, trap: Trap) -> None:
    trap(run.events_file, precious)
    with pytest.raises(OSError, match=r"link|no regular file"):
        EventWriter(run.events_file)
    assert [event for event in run.events() if event.kind] == []
    assert _untouched(precious)


@TRAPS
def test_the_log(run: RunFolder, precious: Path, trap: Trap) -> None:
    trap(run.log_file, precious)
    with pytest.raises(RunError, match=r"the trainer cannot be started \(it is"):
        run.launch()
    assert _untouched(precious)


@TRAPS
def test_the_file_that_asks_for_a_stop(run: RunFolder, precious: Path, trap: Trap) -> None:
    before = precious.stat().st_mtime_ns
    trap(run.stop_file, precious)
    run.ask_to_stop()
    assert run.stop_file.lstat().st_nlink == 1
    assert run.stop_asked
    assert precious.stat().st_mtime_ns == before
    assert _untouched(precious)


@TRAPS
def test_the_configuration_of_a_new_run(tmp_path: Path, precious: Path, trap: Trap) -> None:
    (tmp_path / "new").mkdir()
    trap(tmp_path / "new" / "config.toml", precious)
    with pytest.raises(RunError):
        RunFolder.create(tmp_path / "new", TrainingConfig())
    assert _untouched(precious)


@TRAPS
def test_the_configuration_of_a_run_that_is_there(run: RunFolder, precious: Path, trap: Trap) -> None:
    run.config_file.unlink()
    trap(run.config_file, precious)
    words = {_link: "no link is followed", _not_there: "no link is followed", _pipe: "no regular file"}
    with pytest.raises(ConfigError, match=words.get(trap, "it is not TOML")):
        run.config()
    news = RunReader(run).read()
    assert news.config is None
    assert news.problem
    assert _untouched(precious)


@pytest.mark.parametrize("trap", [_link, _pipe, _not_there])
def test_what_is_shown_of_a_run_lies_in_it(
    run: RunFolder, precious: Path, trap: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its log and its model are no files of the person; nothing is waited for."""
    (precious.parent / "model.json").write_text("{}")
    trap(run.log_file, precious)
    run.model.symlink_to(precious.parent)
    news = RunReader(run).read()
    assert (news.log, news.has_model) == (None, False)
    assert train._died(run) == train.FAILED
    assert "export A" not in capsys.readouterr().err
    run.model.unlink()
    run.model.mkdir()
    trap(run.model / "model.json", precious)
    assert not run.has_model


@pytest.mark.parametrize("trap", [_link, _pipe, _not_there])
def test_a_checkpoint_that_leads_out_is_not_read(run: RunFolder, precious: Path, trap: Trap) -> None:
    write_arrays(run.checkpoints / "step-000000001.npz", {}, vars(Position(step=1)))
    outside = precious.parent / "step-000000009.npz"
    outside.write_bytes((run.checkpoints / "step-000000001.npz").read_bytes())
    trap(run.checkpoints / "step-000000009.npz", outside)
    found = latest_checkpoint(run.checkpoints)
    assert found is not None
    assert (found.path.name, [path.name for path in found.passed_over]) == (
        "step-000000001.npz",
        ["step-000000009.npz"],
    )


def test_a_folder_in_the_place_of_the_stop_file_is_said(run: RunFolder) -> None:
    (run.stop_file / "x").mkdir(parents=True)
    with pytest.raises(RunError, match="the trainer cannot be started"):
        run.launch()


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.parametrize("trap", [_link, _pipe])
@pytest.mark.parametrize("name", [".lock", "log.txt", "events.jsonl", ".room-for-the-end", "stop"])
def test_the_trainer_itself(run: RunFolder, precious: Path, name: str, trap: Trap) -> None:
    """It ends with a sentence, or goes on beside the trap: there are no cases to train on in either way."""
    trap(run.path / name, precious)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "training", str(run.path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode in (1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert _untouched(precious)


@pytest.mark.parametrize("name", ["checkpoints", "pictures", "tensorboard"])
def test_folders_of_a_run_that_lead_out(run: RunFolder, precious: Path, name: str) -> None:
    from training.callbacks import tensorboard

    place = run.path / name
    if place.is_dir():
        place.rmdir()
    place.symlink_to(precious.parent)
    (precious.parent / "step-000000001.npz").write_bytes(b"x")
    if name == "checkpoints":
        with pytest.raises(TrainingError, match="no link is followed here"):
            latest_checkpoint(run.checkpoints)
        with pytest.raises(TrainingError, match="no link is followed here"):
            write_arrays(run.checkpoints / "step-000000002.npz", {}, vars(Position()))
    elif name == "tensorboard":
        assert tensorboard(run.path, None) == []
    assert sorted(os.listdir(precious.parent)) == [precious.name, "step-000000001.npz"]


def test_a_picture_is_not_written_through_a_link(
    run: RunFolder, precious: Path, toy_case: Callable[..., Path], tmp_path: Path
) -> None:
    from training import evaluate

    (run.path / "pictures").symlink_to(precious.parent)
    case = run_to_end(read_case(find_case(toy_case(tmp_path / "cases"))))
    result = evaluate.CaseValidation(case, case.reference.values, {})
    with pytest.raises(OSError, match="no link is followed here"):
        evaluate.write_picture(run.path / "pictures" / "epoch-00001.png", result)
    assert _untouched(precious)
