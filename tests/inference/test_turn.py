"""One piece of work at a time; what gives way ends for any other, and other processes go first meanwhile."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator

import pytest

from brainseg_gui.errors import Cancelled, EngineError
from brainseg_gui.inference.engine.priority import behind_others
from brainseg_gui.inference.engine.turn import EngineTurn
from brainseg_gui.progress import Progress, run_to_end

Work = Generator[Progress, None, str]


def work(turn: EngineTurn, begun: threading.Event, *, gives_way: bool) -> Work:
    """Work without an end, which tells when it has begun."""

    def endless() -> Work:
        while True:
            begun.set()
            yield Progress("working", 0.0)
            threading.Event().wait(0.001)

    with turn.taken(gives_way=gives_way):
        return (yield from turn.leaving(endless()))


def test_what_gives_way_ends_for_any_other() -> None:
    turn, begun, ends = EngineTurn(), threading.Event(), list[str]()

    def run() -> None:
        try:
            run_to_end(work(turn, begun, gives_way=True))
        except Cancelled:
            ends.append("gave way")

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(10)
    with turn.taken():
        assert ends == ["gave way"] or thread.is_alive()  # it has let the turn go, its thread may be ending
        with pytest.raises(EngineError, match="works for something else"), turn.taken(gives_way=True):
            pass
    thread.join(10)
    assert ends == ["gave way"]
    with turn.taken():  # and nothing of the wish is left
        pass


def test_two_that_give_way_do_not_disturb_each_other_and_who_does_not_stays() -> None:
    for gives_way in (True, False):
        turn, begun = EngineTurn(), threading.Event()
        working = work(turn, begun, gives_way=gives_way)
        next(working)
        with pytest.raises(EngineError, match="works for something else"), turn.taken(gives_way=gives_way):
            pass
        next(working)  # undisturbed
        working.close()
        with turn.taken():
            pass


def test_what_comes_to_its_end_gives_its_answer() -> None:
    def short() -> Work:
        yield Progress("working", 0.0)
        return "done"

    assert run_to_end(EngineTurn().leaving(short())) == "done"


@pytest.mark.skipif(sys.platform != "linux", reason="the classes of other systems are others")
def test_every_thread_goes_behind_others_and_comes_back() -> None:
    there, over, found = threading.Event(), threading.Event(), list[int]()

    def wait() -> None:
        there.set()
        over.wait(10)

    thread = threading.Thread(target=wait)
    thread.start()
    assert there.wait(10)

    def policies() -> list[int]:
        return [os.sched_getscheduler(one) for one in (0, thread.native_id or 0)]

    before = policies()
    with behind_others():
        assert policies() == [os.SCHED_BATCH] * 2
        child = threading.Thread(target=lambda: found.append(os.sched_getscheduler(0)))
        child.start()
        child.join(10)
    assert found == [os.SCHED_BATCH]
    assert policies() == [os.SCHED_OTHER] * 2
    with behind_others(False):
        assert policies() == [os.SCHED_OTHER] * 2
    over.set()
    thread.join(10)
    assert before == [os.SCHED_OTHER] * 2
