"""Carrying the mask of another visit over to the open one, where it is a proposal to an annotation."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial

from PySide6.QtCore import QObject

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.errors import printable
from brainseg_gui.followup.aligning.carrying import carried_to
from brainseg_gui.followup.aligning.placements import Placement
from brainseg_gui.followup.own_masks import Homes, newest_masks
from brainseg_gui.followup.visits import TimeLine
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.grid import Affine, Grid
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Notice, Session


class CarryingController(QObject):
    """Adds the mask as a layer of the open visit, and has it looked through; voxels change where it is accepted.

    Parameters
    ----------
    wanted
        Index of the visit that stands beside the open one, or would.
    homes
        Where masks lie now.
    """

    def __init__(
        self, session: Session, parent: QObject, wanted: Callable[[], int | None], homes: Callable[[], Homes]
    ) -> None:
        super().__init__(parent)
        self._session, self._following, self._wanted = session, session.following, wanted
        self._homes = homes
        self._work = LatestJob(session, self)
        self.annotate: Callable[[], object] = lambda: None  # goes on with an annotation, or begins one
        self.propose: Callable[[str], object] = lambda _name: None  # has a layer looked through

    @property
    def running(self) -> bool:
        """Whether a mask is on its way."""
        return self._work.running

    def carry_nearest(self) -> None:
        """Carry the mask of the visit beside the open one over; where it has none, of the nearest before, or after."""
        line, here = self._following.line, self._following.visit_of(self._session.case)
        wanted = self._wanted()
        if line is None or here is None or wanted is None:
            remedy = "Open a patient, and one of the visits"
            self._session.say(Notice("A mask is carried over from one visit to another", remedy, problem=False))
            return
        order = (wanted, *range(here - 1, -1, -1), *range(here + 1, len(line.visits)))
        masked = [index for index in order if self._following.has_mask(index)]
        if masked:
            self.carry(masked[0])
        else:
            self._session.say(Notice("No other visit has a mask", "Segment one of them first", problem=False))

    def carry(self, start: int) -> None:
        """Carry the mask of one visit over to the open one."""
        line, case = self._following.line, self._session.case
        here = self._following.visit_of(case)
        if line is None or case is None or here is None or here == start or self._session.previewing:
            return
        if self._following.work.running and not self._following.placements:
            remedy = "Carry the mask over when they lie on each other"
            self._session.say(Notice("The visits are still being registered", remedy, problem=False))
            return
        doubt = doubt_of(line, self._following.placements, (start, here))
        work = _carried(line, self._homes(), start, case.grid, self._following.way(start, here))
        name = f"mask of {printable(line.visits[start].name)}"
        self._work.start(work, partial(self._on_carried, case, name, doubt))

    def _on_carried(self, case: Case, name: str, doubt: str, labels: LabelMap) -> None:
        session = self._session
        if session.case is not case:
            return
        for layer in session.layers:
            if layer.name == name:  # once more: where it lies now
                session.layers.remove(layer)
        said = {meaning for value, meaning in labels.scheme.labels.items() if value in labels.present()}
        unsaid = session.scheme == case.scheme  # nobody chose how new masks are numbered: as the patient's others are
        if unsaid or not said <= set(session.scheme.labels.values()):  # such as a cavity, which not all numbers have
            session.number_as(labels.scheme)
        self.annotate()
        session.add_layer(Layer(name, LayerRole.PREDICTION, labels, name), compared=False)
        self.propose(name)
        if doubt:
            session.say(Notice("The mask may lie in the wrong place", doubt))

    def close(self) -> None:
        """End the thread, when the program ends."""
        self._work.close()


def _carried(
    line: TimeLine, homes: Homes, start: int, target: Grid, way: Affine
) -> Generator[Progress, None, LabelMap]:
    yield Progress("looking for masks", 0.0)
    return (yield from carried_to(line.visits, newest_masks(line.visits, homes), start, target, way))


def doubt_of(line: TimeLine, placements: Sequence[Placement], visits: Sequence[int]) -> str:
    """What is in doubt about how visits lie on each other, in sentences; empty where nothing is."""
    if not placements:
        return "The visits were not registered: it lies where their files place it"
    doubts = [
        f"{printable(line.visits[index].name)}: {placements[index].note}"
        for index in visits
        if placements[index].failed or placements[index].doubtful
    ]
    return ". ".join(doubts)
