"""The tools of the hand, all at once: made when there is first something to work on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from brainseg_gui.annotation.tools.click_answers import RegionNetwork
from brainseg_gui.controllers.annotating.hand.brush_tool import BrushTool
from brainseg_gui.controllers.annotating.hand.click_asking import Once
from brainseg_gui.controllers.annotating.hand.click_tool import ClickTool
from brainseg_gui.controllers.annotating.hand.copy_source import CopySource
from brainseg_gui.controllers.annotating.hand.fill_tool import FillTool
from brainseg_gui.controllers.annotating.hand.hand_tools import HandTool
from brainseg_gui.controllers.annotating.hand.lasso_tool import LassoTool
from brainseg_gui.controllers.annotating.hand.looking_ahead import LookingAhead
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.session import Session


class Toolbox:
    """Which controller each tool has.

    Parameters
    ----------
    network_of
        As for `ClickTool`.
    """

    def __init__(self, session: Session, parent: QObject, network_of: Callable[[], RegionNetwork | None]) -> None:
        source, network = CopySource(session), Once(network_of)
        self._brushes = {tool: BrushTool(session, tool, source) for tool in (Tool.BRUSH, Tool.SEEDS, Tool.COPY)}
        self.lasso = LassoTool(session)
        self.click = ClickTool(session, parent, network)
        self.looking_ahead = LookingAhead(session, parent, network)
        self.tools: dict[Tool, HandTool] = {
            **self._brushes,
            Tool.LASSO: self.lasso,
            Tool.FILL: FillTool(session),
            Tool.CLICK: self.click,
        }

    @property
    def busy(self) -> list[HandTool]:
        """Those with which something was begun that is not finished."""
        return [tool for tool in self.tools.values() if tool.busy]

    def forget(self) -> None:
        """Nothing of this case or annotation goes into another."""
        for brush in self._brushes.values():
            brush.forget()

    def close(self) -> None:
        """End the threads, when the program ends."""
        self.click.close()
        self.looking_ahead.close()
