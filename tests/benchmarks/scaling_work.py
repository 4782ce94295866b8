"""What a table of growth measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


def _nothing() -> None:
    """Nothing to prepare."""


@dataclass(frozen=True)
class Work:
    """One size.

    Parameters
    ----------
    run
        What is measured.
    prepare
        Called before each run, not measured.
    threaded
        Whether it has threads of its own.
    """

    run: Callable[[], object]
    prepare: Callable[[], object] = _nothing
    threaded: bool = False


@dataclass(frozen=True)
class Growth:
    """One table.

    Parameters
    ----------
    works
        Makes (size, work) one after the other, so that only one size is in memory.
    """

    title: str
    unit: str
    works: Callable[[], Iterator[tuple[int, Work]]]
