"""The network's process is killed, runs out of memory, or hangs: what is read, and that the next click works."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.core_features import SEGMENTING
from brainseg_gui.errors import BrainsegError, EngineError
from brainseg_gui.faults import scratch
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.inference.engine import engine as engine_module
from brainseg_gui.inference.engine import engine_process, engine_watch, process_keeper, replies, shared_block
from brainseg_gui.inference.engine.engine import Engine
from brainseg_gui.inference.engine.engine_process import EngineProcess
from brainseg_gui.inference.engine.messages import Load, Request, SegmentRequest
from brainseg_gui.inference.models.model_folder import read_model_folder
from brainseg_gui.inference.options import SegmentOptions
from brainseg_gui.progress import run_to_end
from brainseg_gui.state.layers.layers import LayerRole
from tests.inference import onnx_models
from tests.shipped import needs_all_modalities

WAIT_MS = 400_000  # on a computer with sixteen others at work, a click that works took longer than 150 s


@pytest.fixture
def blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "blocks"
    folder.mkdir()
    monkeypatch.setattr(shared_block, "FOLDERS", (folder,))
    return folder


@pytest.fixture
def own_engine() -> Iterator[Engine]:
    """An engine that can be ended: that of all tests would have to import TensorFlow again."""
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture
def application(
    qtbot: QtBot, qapp: QApplication, toy_case: Any, tmp_path: Path, engine: Engine
) -> Iterator[Application]:
    """A window on a toy case; its engine lives on when it is closed."""
    found = Application(qapp, engine=engine)
    qtbot.addWidget(found.window, before_close_func=lambda _window: found.leave())
    found.start([Path(toy_case(tmp_path))])
    qtbot.waitUntil(lambda: found.session.case is not None and not found.session.opening.running, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not found.session.segmenting.unavailable, timeout=WAIT_MS)
    found.session.segmenting.device, found.session.segmenting.precision = "cpu", "float32"
    yield found
    found.leave()


def predictions(application: Application) -> int:
    return sum(layer.role is LayerRole.PREDICTION for layer in application.session.layers)


def segmented(application: Application, qtbot: QtBot) -> None:
    """One click that works."""
    before = predictions(application)
    application.run_action("segment.run")
    qtbot.waitUntil(lambda: not application.session.segmenting.running, timeout=WAIT_MS)
    assert predictions(application) == before + 1, application.session.notice


def click_and_send(application: Application, qtbot: QtBot, number: signal.Signals) -> int:
    """Click, and stop or kill the process when it gets the volumes; its number."""
    hit: list[int] = []
    usual = EngineProcess.send

    def send(process: EngineProcess, request: Any) -> None:
        if isinstance(request, SegmentRequest):
            os.kill(process.pid, signal.SIGSTOP)  # before it can have finished
        usual(process, request)
        if isinstance(request, SegmentRequest):
            os.kill(process.pid, number)
            hit.append(process.pid)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EngineProcess, "send", send)
        application.run_action("segment.run")
        qtbot.waitUntil(lambda: bool(hit), timeout=WAIT_MS)
    return hit[0]


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.timeout(1200)
def test_killed_and_hanging_in_the_window(
    application: Application, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, blocks: Path
) -> None:
    session = application.session
    segmented(application, qtbot)

    # killed
    click_and_send(application, qtbot, signal.SIGKILL)
    qtbot.waitUntil(lambda: not session.segmenting.running, timeout=WAIT_MS)
    assert "ended by SIGKILL (exit code -9); if nobody did that, the computer ran out of memory" in session.notice.what
    assert session.notice.remedy == "Nothing of the case is lost; segment again"
    assert session.notice.actions == (("Segment again", "segment.run"),)
    assert session.segmenting.outcome == "Not segmented; the case and its masks are as they were"
    assert predictions(application) == 1
    segmented(application, qtbot)

    # hanging at work: it is told, Cancel ends it, the next click starts another
    monkeypatch.setattr(replies, "SILENT_AFTER_S", 0.2)
    pid = click_and_send(application, qtbot, signal.SIGSTOP)
    qtbot.waitUntil(lambda: "no word from the network" in session.segmenting.detail, timeout=WAIT_MS)
    assert session.segmenting.detail.endswith("Cancel starts it anew")
    application.run_action("segment.cancel")
    qtbot.waitUntil(lambda: not session.segmenting.running, timeout=30_000)
    assert session.segmenting.outcome == "Cancelled; nothing was changed"
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=30)
    monkeypatch.undo()
    monkeypatch.setattr(application.controllers[SEGMENTING]._engine, "close", lambda: None)
    monkeypatch.setattr(shared_block, "FOLDERS", (blocks,))
    segmented(application, qtbot)
    assert application.controllers[SEGMENTING]._engine.pid != pid

    # hanging while it has nothing to do: found at the next click
    pid = application.controllers[SEGMENTING]._engine.pid
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(process_keeper, "STUCK_AFTER_S", 0.2)
    application.run_action("segment.run")
    qtbot.waitUntil(lambda: application.controllers[SEGMENTING]._engine._keeper.process.silent_s > 0.4, timeout=WAIT_MS)
    application.run_action("segment.cancel")
    qtbot.waitUntil(lambda: not session.segmenting.running, timeout=30_000)
    assert application.controllers[SEGMENTING]._engine.pid is None
    segmented(application, qtbot)
    assert not list(blocks.iterdir())


@pytest.mark.engine
def test_out_of_memory_is_a_sentence_and_the_next_call_works(engine: Engine, toy_case: Any, tmp_path: Path) -> None:
    """The limit is set from outside, as a system that limits its users does."""
    model, options = needs_all_modalities(), SegmentOptions("cpu", "float32")
    small, large = (
        run_to_end(read_case(find_case(Path(toy_case(tmp_path, case_id=name, shape=shape)))))
        for name, shape in (("small", (24, 28, 20)), ("large", (112, 112, 96)))
    )
    run_to_end(engine.segment(small, model, options))
    pid = engine.pid
    assert pid is not None
    limit = psutil.Process(pid).memory_info().vms + 2**22
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    with pytest.raises(BrainsegError) as raised:
        run_to_end(engine.segment(large, model, options))
    assert "memory" in str(raised.value).lower()
    assert "Nothing of the case is lost" in str(raised.value) or "smaller" in str(raised.value)
    if engine.pid == pid:
        resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert run_to_end(engine.segment(small, model, options)).classes.shape == small.grid.shape


@pytest.mark.parametrize(("free", "taken", "ended"), [(0.0, 0, True), (0.0, 2**40, False), (2.0**40, 0, False)])
def test_a_network_that_takes_the_last_memory_is_ended_with_a_sentence(
    free: float, taken: int, ended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_watch, "free_memory_bytes", lambda: free)
    monkeypatch.setattr(engine_watch, "_MODEST_BYTES", taken)
    process = EngineProcess()
    try:
        if not ended:
            assert process.receive(0.5) is None
            assert process.alive
            return
        with pytest.raises(
            EngineError, match=r"had taken \d+ MiB of memory and was ended before none was left"
        ) as raised:
            process.receive(20)
        assert (
            raised.value.remedy
            == "Nothing of the case is lost; close other programs, or use a smaller image or network"
        )
    finally:
        process.close()


@pytest.mark.engine
@pytest.mark.parametrize("at", [Load, pytest.param(SegmentRequest, marks=pytest.mark.slow)])
def test_a_network_that_is_stopped_at_work_is_told_and_ended(
    own_engine: Engine,
    toy_case: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    at: type[Request],
) -> None:
    """Nobody is there to cancel on the command line: it waited in silence."""
    engine, case = own_engine, run_to_end(read_case(find_case(Path(toy_case(tmp_path)))))
    model = read_model_folder(onnx_models.model_folder(tmp_path / "model", onnx_models.network()))
    options = SegmentOptions("cpu", "float32")
    run_to_end(engine.segment(case, model, options))
    caplog.clear()  # on a busy computer even loading may have been silent
    monkeypatch.setattr(replies, "IDLE_AFTER_S", 0.5)
    monkeypatch.setattr(engine_module, "ENDED_AFTER_S", 1.5)
    pid, usual = engine.pid, EngineProcess.send

    def send(process: EngineProcess, request: Any) -> None:
        if isinstance(request, at):
            os.kill(process.pid, signal.SIGSTOP)
        usual(process, request)

    with monkeypatch.context() as patch:
        patch.setattr(EngineProcess, "send", send)
        with pytest.raises(EngineError, match="stopped answering"):
            run_to_end(engine.segment(case, model, options))
    assert [record.message.rpartition(" for ")[0] for record in caplog.records] == ["no word from the network"]
    assert engine.pid != pid
    assert run_to_end(engine.segment(case, model, options)).classes.shape == case.grid.shape


def test_a_process_that_cannot_be_started_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(engine_process.subprocess, "Popen", refuse)
    with pytest.raises(EngineError, match=r"cannot be started \(Resource temporarily unavailable\)"):
        EngineProcess()


def test_its_temporary_files_lie_in_the_scratch_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def note(*_: object, **options: Any) -> None:
        given.update(options)
        raise OSError(11, "not today")

    monkeypatch.setattr(engine_process.subprocess, "Popen", note)
    with pytest.raises(EngineError):
        EngineProcess()
    assert given["env"]["TMPDIR"] == str(scratch.scratch_folder())
