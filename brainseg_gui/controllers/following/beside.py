"""The visit beside the open one: read and laid on it aside, as soon as somebody looks at two."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace

from PySide6.QtCore import QObject

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.followup.aligning.beside import BesideVisit, visit_beside
from brainseg_gui.followup.own_masks import Homes, newest_masks
from brainseg_gui.followup.visits import Visit
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Affine
from brainseg_gui.progress import Progress
from brainseg_gui.state.session import Session
from brainseg_gui.state.slices.viewing import ViewLayout


class BesideController(QObject):
    """Keeps `following.beside` as the visits are: the one before the open one, unless a person chose another."""

    def __init__(self, session: Session, parent: QObject, homes: Callable[[], Homes]) -> None:
        super().__init__(parent)
        self._session, self._following = session, session.following
        self._homes = homes
        self._work = LatestJob(session, self)
        self._held: int | None = None  # what a person chose
        self._laid: tuple[object, ...] = ()  # visit, case and registration that were asked for last
        self._following.line_changed.connect(self._on_line_changed)
        self._following.changed.connect(self._synchronize)
        session.case_changed.connect(self._synchronize)
        for field in (session.viewing.events.layout, session.viewing.events.blink):
            field.connect(self._synchronize)

    def hold(self, index: int) -> None:
        """Put a visit beside the open one, and show both."""
        self._held = index
        self._session.viewing.layout = ViewLayout.VISITS
        self._synchronize()

    def _on_line_changed(self) -> None:
        self._held, self._laid = None, ()
        self._work.stop()
        self._following.put_beside(None)

    @property
    def wanted(self) -> int | None:
        """The visit that is to be beside: the chosen one, else the one before, of the first visit the one after."""
        line, here = self._following.line, self._following.visit_of(self._session.case)
        if line is None or here is None or len(line.visits) < 2:
            return None
        if self._held is not None and self._held != here:
            return self._held
        return here - 1 if here else 1

    def _synchronize(self, *_: object) -> None:
        viewing, line, case = self._session.viewing, self._following.line, self._session.case
        here, wanted = self._following.visit_of(case), self.wanted
        if self._session.previewing:
            return
        if line is None or case is None or here is None or wanted is None:
            self._work.stop()
            return
        looked_at = viewing.layout is ViewLayout.VISITS or viewing.blink
        key = (wanted, case, self._following.placements)
        if not (looked_at or self._laid) or key == self._laid:
            return
        self._laid = key
        way = self._following.way(wanted, here)
        work = _laid(line.visits[wanted], wanted, way, case, self._homes())
        self._work.start(work, self._following.put_beside)

    def close(self) -> None:
        """End the thread, when the program ends."""
        self._work.close()


def _laid(visit: Visit, index: int, way: Affine, case: Case, homes: Homes) -> Generator[Progress, None, BesideVisit]:
    """The visit, with the mask that a person saved last."""
    yield Progress("looking for masks", 0.0)
    mask = newest_masks([visit], homes).get(0)
    return (yield from visit_beside(replace(visit, source=replace(visit.source, reference=mask)), index, way, case))
