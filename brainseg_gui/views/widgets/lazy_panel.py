"""Panels that are made when somebody first needs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Panel_co = TypeVar("Panel_co", covariant=True)


class LazyPanel(Generic[Panel_co]):
    """A panel that is not there until it is called for; then it stays.

    Parameters
    ----------
    make
        Makes the panel; what only it needs is best imported there.
    """

    def __init__(self, make: Callable[[], Panel_co]) -> None:
        self._make = make
        self._panel: Panel_co | None = None
        self._waiting: list[Callable[[Panel_co], object]] = []

    def __call__(self) -> Panel_co:
        """The panel, made now if it was not yet."""
        if self._panel is None:
            self._panel = self._make()
            waiting, self._waiting = self._waiting, []
            for listen in waiting:
                listen(self._panel)
        return self._panel

    @property
    def made(self) -> Panel_co | None:
        """The panel, if it was made."""
        return self._panel

    def when_made(self, listen: Callable[[Panel_co], object]) -> None:
        """Call `listen` with the panel: at once if it is there, else when it is made."""
        if self._panel is None:
            self._waiting.append(listen)
        else:
            listen(self._panel)
