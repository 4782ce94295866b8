"""What the engine makes of the answers and the silence of its process, with a process that plays a part."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from brainseg_gui.errors import EngineError, ModelError
from brainseg_gui.inference.engine.engine import ENDED_AFTER_S, Engine
from brainseg_gui.inference.engine.messages import Failed, Load, Loaded, Predict, Predicted, Report
from brainseg_gui.inference.engine.process_keeper import STUCK_AFTER_S
from brainseg_gui.inference.engine.replies import IDLE_AFTER_S
from brainseg_gui.inference.options import INFERRING
from brainseg_gui.progress import Progress, run_to_end

BATCH = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2, 1)
Answers = Sequence[Callable[[int], Any]]


@dataclass
class ActedProcess:
    """Answers each request with a list of replies, then with silence; of a silent one the processor is not used."""

    answers: dict[type, Answers]
    idle_s: float = 0.0
    silent_s: float = 0.0
    alive: bool = True
    said: list[Any] = field(default_factory=list)
    waiting: list[Any] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)

    pid = 1

    def send(self, request: Any) -> None:
        self.said.append(request)
        self.waiting += [make(request.serial) for make in self.answers.get(type(request), [])]

    def receive(self, timeout_s: float) -> Any:
        if not self.waiting:
            self.idle_s += 0.4 * ENDED_AFTER_S
            self.silent_s = self.idle_s
            return None
        reply = self.waiting.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def warn_once(self, words: str) -> None:
        self.warned.append(words)

    def kill(self) -> None:
        self.alive = False

    def close(self) -> None:
        self.alive = False


def predicting(answers: dict[type, Answers]) -> tuple[Engine, ActedProcess, Any]:
    engine, process = Engine(), ActedProcess(answers)
    engine._keeper.process = process  # type: ignore[assignment]
    model: Any = object()
    return engine, process, engine.predict(model, BATCH)


def output_of(serial: int) -> Predicted:
    return Predicted(serial, BATCH * 2)


READY = {Load: [Loaded]}


def test_the_answer_to_this_very_request_is_given_back() -> None:
    others = [lambda serial: Predicted(serial - 1, BATCH), lambda serial: Failed(serial + 7, None, "E: of another")]
    engine, process, work = predicting({**READY, Predict: [*others, output_of]})
    np.testing.assert_array_equal(run_to_end(work), BATCH * 2)
    assert [type(request) for request in process.said] == [Load, Predict]
    assert engine._keeper.process is process


@pytest.mark.parametrize("at", [Load, Predict])
@pytest.mark.parametrize("error", [None, ModelError("it is damaged", "Choose another")])
def test_a_failure_is_told_and_the_process_kept(at: type, error: ModelError | None) -> None:
    engine, process, work = predicting({**READY, at: [lambda serial: Failed(serial, error, "E: why")]})
    with pytest.raises(ModelError if error else EngineError, match="damaged" if error else "failed .E: why"):
        run_to_end(work)
    assert engine._keeper.process is process
    assert process.alive


@pytest.mark.parametrize("at", [Load, Predict])
def test_a_process_that_stands_still_is_told_of_and_ended(at: type) -> None:
    """It once kept whoever asked for ever."""
    engine, process, work = predicting({**READY, at: []})
    shown: list[Progress] = []
    with pytest.raises(EngineError, match="stopped answering"):
        shown.extend(work)
    assert any("no word from the network" in progress.detail for progress in shown)
    assert process.warned
    assert process.idle_s > ENDED_AFTER_S
    assert not process.alive
    assert engine._keeper.process is None


@pytest.mark.parametrize("at", [Load, Predict])
def test_a_process_that_dies_ends_the_work_and_frees_the_engine(at: type) -> None:
    engine, _, work = predicting({**READY, at: [lambda _: EngineError("it died", "Try again")]})
    with pytest.raises(EngineError, match="it died"):
        run_to_end(work)
    assert engine._turn._working.acquire(blocking=False)


def test_words_of_progress_are_not_taken_for_silence() -> None:
    loading = [lambda serial: Report(serial, Progress("loading", 0.5)), Loaded]
    _, process, work = predicting({Load: loading, Predict: [output_of]})
    assert [progress.stage for progress in work][:2] == ["loading", INFERRING]
    assert process.warned == []


def until_silent(process: ActedProcess, work: Generator[Progress, None, Any], seconds: float) -> None:
    next(work)
    process.silent_s = seconds
    process.idle_s = 0.0


@pytest.mark.parametrize(("silent_s", "kept"), [(STUCK_AFTER_S - 1, True), (STUCK_AFTER_S + 1, False)])
def test_a_cancel_while_loading_leaves_the_process_unless_it_is_stuck(silent_s: float, kept: bool) -> None:
    engine, process, work = predicting({Load: []})
    until_silent(process, work, silent_s)
    work.close()
    assert (engine._keeper.process is process) == kept == process.alive
    assert engine._turn._working.acquire(blocking=False)
    assert IDLE_AFTER_S < STUCK_AFTER_S


def test_a_second_piece_of_work_waits_for_the_first() -> None:
    """A click between two cases of a cohort made the next case fail; Segment while a head is prepared ended that."""
    engine, process, work = predicting({**READY, Predict: [output_of]})
    next(work)
    second = engine.predict(object(), BATCH)  # type: ignore[arg-type]
    assert "works for something else" in next(second).detail
    begun = len(process.said)
    assert "works for something else" in next(second).detail
    assert len(process.said) == begun
    work.close()
    np.testing.assert_array_equal(run_to_end(second), BATCH * 2)
    assert engine._turn._working.acquire(blocking=False)


def test_who_waits_may_give_up_and_leaves_the_turn_to_the_one_who_works() -> None:
    engine, process, work = predicting({**READY, Predict: [output_of]})
    next(work)
    second = engine.predict(object(), BATCH)  # type: ignore[arg-type]
    next(second)
    second.close()
    np.testing.assert_array_equal(run_to_end(work), BATCH * 2)
    assert [type(request) for request in process.said] == [Load, Predict]


def test_nothing_else_is_loaded_between_a_network_and_what_is_asked_of_it() -> None:
    """Another model, loaded ahead in between, answered: clicks were worked out with the wrong network."""
    engine, process, work = predicting({**READY, Predict: [output_of]})
    next(work)
    engine.start()
    run_to_end(work)
    assert [type(request) for request in process.said] == [Load, Predict]
    engine.start()
    assert [type(request) for request in process.said] == [Load, Predict, Load]
