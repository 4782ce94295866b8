"""Features of the open case: kept for the next click, and not of a case that was let go."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from brainseg_gui.inference.clicks.kept_features import KeptFeatures
from brainseg_gui.progress import Progress, run_to_end


class Engine:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def features(self, case: Any, model: Any, *, ahead: bool) -> Generator[Progress, None, str]:
        self.asked.append(case)
        yield Progress("working", 0.5)
        return f"of {case}"


def _kept() -> tuple[KeptFeatures, Engine]:
    engine: Any = Engine()
    model: Any = None
    return KeptFeatures(engine, model), engine


def test_one_case_is_worked_out_once_until_it_is_let_go() -> None:
    kept, engine = _kept()
    one: Any = "one"
    for _ in range(2):
        assert run_to_end(kept.of(one)) == "of one"
    kept.forget(but=one)
    run_to_end(kept.of(one))
    assert engine.asked == ["one"]
    kept.forget(but="two")  # type: ignore[arg-type]
    run_to_end(kept.of(one))
    assert engine.asked == ["one", "one"]


def test_what_is_let_go_while_it_is_worked_out_is_not_kept() -> None:
    kept, _ = _kept()
    one: Any = "one"
    work = kept.of(one)
    next(work)
    kept.forget(but=one)  # the same case, with a mask more
    assert run_to_end(work) == "of one"
    assert kept._kept is not None
    kept.forget()
    work = kept.of(one)
    next(work)
    kept.forget()
    assert run_to_end(work) == "of one"
    assert kept._kept is None
