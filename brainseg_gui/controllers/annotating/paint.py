"""The mouse over the slices, turned into edits of the annotation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from brainseg_gui.controllers.annotating.active_label import pick_label
from brainseg_gui.controllers.annotating.hand.hand_tools import HandTool, why_idle
from brainseg_gui.controllers.slices.held_key import lets_go
from brainseg_gui.state.annotating.hand import Pointer
from brainseg_gui.state.annotating.tools import Tool
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.slices.hand_event import HandEvent, HandMove
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.annotation.tools.click_answers import RegionNetwork
    from brainseg_gui.controllers.annotating.hand.toolbox import Toolbox
    from brainseg_gui.views.slices.ortho_view import OrthoView


class PaintController(QObject):
    """Holds the tools, and gives each mouse event to the one in the hand.

    Nothing that was begun is lost: whatever takes the mouse away (another tool, another window, another case) ends
    the stroke as a release would.
    """

    busy_changed = Signal()
    """Something was begun, finished or dropped."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        actions: Actions,
        pictures: LazyPanel[OrthoView],
        click_network: Callable[[], RegionNetwork | None],
    ) -> None:
        super().__init__(window)
        self._session, self._actions, self._pictures = session, actions, pictures
        self._annotating = session.annotating
        self._click_network = click_network
        self._toolbox: Toolbox | None = None
        self._in_hand: HandTool | None = None
        pictures.when_made(lambda made: made.hand_used.connect(self._on_hand_used))
        self._annotating.options.events.tool.connect(self.finish)
        self._annotating.ending.connect(self._let_go)
        self._annotating.saving.connect(self._keep_clicks)
        session.case_changed.connect(self._let_go)
        actions["annotate.browse_held"].setAutoRepeat(False)
        self._annotating.annotation_changed.connect(self._on_annotation_changed)

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {
            "annotate.drop_corner": lambda: self._tools.lasso.drop_corner(),
            "annotate.remove_corner": self.remove_corner,
            "annotate.browse_held": self._hold_browse,
            "annotate.use": partial(self._use_at_crosshair, False),
            "annotate.use_right": partial(self._use_at_crosshair, True),
            "annotate.clear_seeds": self._annotating.scribbles.clear,
        }

    @property
    def busy(self) -> bool:
        """Whether something was begun that is not finished."""
        return self._toolbox is not None and bool(self._toolbox.busy)

    def finish(self, *_: object) -> None:
        """Keep what is in the hand."""
        self._in_hand = None
        for tool in self._toolbox.busy if self._toolbox is not None else ():
            tool.finish()
        self.busy_changed.emit()

    def accept(self) -> None:
        """Close the polygon, or accept the clicks that wait."""
        if not self._tools.click.accept():
            self._tools.lasso.close()

    def cancel(self) -> bool:
        """Drop what is in the hand; returns whether there was anything."""
        busy = self._toolbox.busy if self._toolbox is not None else []
        for tool in busy:
            tool.cancel()
        self._in_hand = None
        self.busy_changed.emit()
        return bool(busy)

    def step_back(self) -> bool:
        """Take back a polygon's last change, the last click or the stroke that began; returns whether there was any."""
        if self.clicks_wait:
            self._tools.click.take_back()
            return True
        if self.polygon_open:
            self._tools.lasso.undo()
            self.busy_changed.emit()
            return True
        return self.cancel()

    def forget_note(self) -> bool:
        """Forget the last click if it changed nothing; returns whether it was so."""
        return self._toolbox is not None and self._toolbox.click.forget_note()

    @property
    def polygon_open(self) -> bool:
        """Whether undo takes a corner back."""
        return self.busy and self._tools.lasso.busy and self._in_hand is not self._tools.lasso

    @property
    def clicks_wait(self) -> bool:
        """Whether undo takes a click back."""
        return self.busy and self._tools.click.waits

    @property
    def corner_redoable(self) -> bool:
        """Whether redo sets a corner again."""
        return self._toolbox is not None and self._in_hand is None and self._toolbox.lasso.redoable

    def step_forward(self) -> bool:
        """Make the change of a polygon again that was taken back; returns whether there was any."""
        redoable = self.corner_redoable
        if redoable:
            self._tools.lasso.redo()
            self.busy_changed.emit()
        return redoable

    def remove_corner(self) -> bool:
        """Take the corner under the mouse away; returns whether a polygon is open."""
        lasso = self._tools.lasso
        open_before = lasso.busy
        lasso.remove_corner()
        self.busy_changed.emit()
        return open_before

    def _on_hand_used(self, event: HandEvent) -> None:
        match event.move:
            case HandMove.PRESSED if event.alt:
                i, j, k = (round(v) for v in event.pointer.point_ijk)
                pick_label(self._session, (i, j, k))
            case HandMove.PRESSED | HandMove.DOUBLE_CLICKED:
                self._in_hand = self._tools.tools.get(self._annotating.options.tool)
                if self._in_hand is not None:
                    self._show_what_changes()
                    press = event.move is HandMove.PRESSED
                    (self._in_hand.press if press else self._in_hand.double_click)(event)
                    self.busy_changed.emit()
            case HandMove.MOVED if self._in_hand is not None:
                self._in_hand.move(event)
            case HandMove.RELEASED if self._in_hand is not None:
                self._in_hand.release(event)
                self._in_hand = None
                self.busy_changed.emit()
            case HandMove.LOST if self._in_hand is not None:
                self._lose()

    def _show_what_changes(self) -> None:
        """Nobody works on what they do not see: masks that were hidden are shown again."""
        self._session.viewing.masks_visible = True
        if self._annotating.layer is not None:
            self._annotating.layer.visible = True

    def _lose(self) -> None:
        """The mouse went elsewhere: each tool keeps what it can."""
        tool, self._in_hand = self._in_hand, None
        if tool is not None:
            tool.let_go()
            self.busy_changed.emit()

    def _keep_clicks(self) -> None:
        if self._toolbox is not None:
            self._toolbox.click.keep_shown()

    def _let_go(self) -> None:
        """Nothing of this case or annotation goes into another."""
        self.finish()
        if self._toolbox is not None:
            self._toolbox.forget()
        self._annotating.hand.pointer = None
        self._annotating.hand.browsing = False

    def _use_at_crosshair(self, right: bool) -> None:
        """Do with keys what a click on the crosshair would do, in the view that has the focus."""
        views = self._pictures().views
        view = next((view for view in views if view.hasFocus()), views[0])
        i, j, k = self._session.viewing.crosshair
        pointer = Pointer((float(i), float(j), float(k)), view.plane)
        idle = why_idle(self._session)
        if idle is None and self._annotating.options.tool is Tool.BROWSE:
            idle = Notice("Browse only looks", "Take a tool: the keys 2 to 7", problem=False)
        if idle is not None:
            self._session.say(idle)
            return
        if not self.busy or self._tools.lasso.busy or self._tools.click.waits:
            for move in (HandMove.PRESSED, HandMove.RELEASED):
                self._on_hand_used(HandEvent(move, pointer, right))

    def _hold_browse(self) -> None:
        """Until the key is let go; chosen in a menu, until it is chosen again."""
        if self._annotating.options.tool is not Tool.BROWSE and self._in_hand is None:
            self._annotating.hand.browsing = not self._annotating.hand.browsing

    @property
    def _tools(self) -> Toolbox:
        """The tools; a start does not wait for them, nor for what they import."""
        if self._toolbox is None:
            from brainseg_gui.controllers.annotating.hand.toolbox import Toolbox

            self._toolbox = Toolbox(self._session, self, self._click_network)
            self._toolbox.click.changed.connect(self.busy_changed)
        return self._toolbox

    def _on_annotation_changed(self) -> None:
        """While there is something to paint on, the tools are there and keys are heard: all events of the program."""
        if self._annotating.annotation is not None:
            _ = self._tools
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
            if self._annotating.annotation is not None:
                application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._annotating.hand.browsing and lets_go(event, self._actions["annotate.browse_held"]):
            self._annotating.hand.browsing = False
        if event.type() == QEvent.Type.ApplicationDeactivate:
            self._lose()
        return False

    def close(self) -> None:
        """Keep what is in the hand, and stop listening to the application's keys."""
        self.finish()
        if self._toolbox is not None:
            self._toolbox.close()
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
