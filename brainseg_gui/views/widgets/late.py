"""Parts of the window that are made when somebody first needs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Part_co = TypeVar("Part_co", covariant=True)


class Late(Generic[Part_co]):
    """A part that is not there until it is called for; then it stays.

    Parameters
    ----------
    make
        Makes the part; what only it needs is best imported there.
    """

    def __init__(self, make: Callable[[], Part_co]) -> None:
        self._make = make
        self._part: Part_co | None = None
        self._waiting: list[Callable[[Part_co], object]] = []

    def __call__(self) -> Part_co:
        """The part, made now if it was not yet."""
        if self._part is None:
            self._part = self._make()
            waiting, self._waiting = self._waiting, []
            for listen in waiting:
                listen(self._part)
        return self._part

    @property
    def made(self) -> Part_co | None:
        """The part, if it was made."""
        return self._part

    def when_made(self, listen: Callable[[Part_co], object]) -> None:
        """Call `listen` with the part: at once if it is there, else when it is made."""
        if self._part is None:
            self._waiting.append(listen)
        else:
            listen(self._part)
