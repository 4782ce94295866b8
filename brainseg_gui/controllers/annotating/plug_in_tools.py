"""Tools of plug-ins: what one makes of the mask is a layer of its own; a proposal takes over what is right of it."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from PySide6.QtCore import QObject

from brainseg_gui.annotation.plug_in_tool import apply_tool
from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.errors import printable
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.cases.background_thread import in_background, waited_for
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.plugins.declared import PlugIn
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Notice, Session


class PlugInToolsController(QObject):
    """Runs one tool at a time, beside the window."""

    def __init__(self, session: Session, window: QObject) -> None:
        super().__init__(window)
        self._session = session
        self._work = LatestJob(session, self)

    def run(self, plug_in: PlugIn) -> None:
        """Apply a tool to the annotation, else the prediction, else the reference."""
        session = self._session
        case, layer = session.case, session.worked_on
        if case is None or layer is None:
            session.say(Notice(f"{plug_in.name} works on a mask", "Click Segment, or add a mask", problem=False))
            return
        mask = session.annotating.at_rest(layer.labels)
        session.say(Notice(f"{plug_in.name} is at work", problem=False))
        self._work.start(_applied(plug_in, case, mask), partial(self._on_applied, plug_in, case))

    def close(self) -> None:
        """Give up what runs, when the program ends."""
        self._work.close()

    def _on_applied(self, plug_in: PlugIn, case: Case, labels: LabelMap) -> None:
        if case is not self._session.case:
            return
        name = printable(plug_in.name)
        self._session.add_layer(Layer(name, LayerRole.PREDICTION, labels, plug_in.words, style=OverlayStyle.OUTLINE))
        remedy = "Operations › Proposal takes over what is right of it, with undo"
        self._session.say(Notice(f"{name} made a layer", remedy, problem=False))


def _applied(plug_in: PlugIn, case: Case, mask: LabelMap) -> Generator[Progress, None, LabelMap]:
    future = in_background(partial(apply_tool, plug_in, case, mask), "plug-in")
    labels = yield from waited_for(future, Progress("applying a tool", 0.0))
    _ = labels.counts  # here, so that the window need not count
    return labels
