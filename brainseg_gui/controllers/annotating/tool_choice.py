"""The actions that choose a tool, its settings, and the label; and their check marks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.annotation.rules import PaintOver
from brainseg_gui.controllers.annotating.active_label import activate, paintable, pick_label
from brainseg_gui.controllers.annotating.hand.hand_tools import take_range, why_idle
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.state.annotating.tools import BRUSH_MM, KEYED_LABELS, Painting, Tool
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions

_PAINTINGS = {"paint_all": Painting.ALL, "paint_in_range": Painting.IN_RANGE, "paint_edges": Painting.FOLLOW_EDGES}
_REMEMBERED = ("brush_mm", "square", "contrast")


class ToolChoice(QObject):
    """Turns actions into `annotating.options` and `annotating.rules`, and remembers what was set.

    Parameters
    ----------
    show
        Brings the panel of the tools to the front.

    Attributes
    ----------
    last
        The tool that was in the hand last, other than Browse: the next annotation begins with it.
    """

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        actions: Actions,
        show: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._session, self._actions, self._preferences, self._show = session, actions, preferences, show
        self._annotating, self._options = session.annotating, session.annotating.options
        self._labels = (self._annotating.rules.active, 0)
        self.last = Tool.BRUSH
        self._restore()
        self._options.events.connect(self._synchronize)
        self._options.events.tool.connect(self._on_tool_changed)
        self._options.events.painting.connect(self._on_painting_changed)
        self._annotating.annotation_changed.connect(self._synchronize)
        self._annotating.rules_changed.connect(self._on_rules_changed)
        self._synchronize()

    @property
    def commands(self) -> dict[str, Callable[[], object]]:
        """What each action does."""
        return {key: partial(self._choose, choice) for key, choice in self._choices.items()}

    def _choose(self, choice: Callable[[], object]) -> None:
        """Show what was chosen, but hide no proposal that waits for an answer."""
        choice()
        annotating = self._annotating
        if annotating.editable and annotating.operating.kind is None and annotating.proposing.current is None:
            self._show()

    @property
    def _choices(self) -> dict[str, Callable[[], object]]:
        options = self._options
        return {
            **{f"annotate.{tool.value}": partial(self.choose_tool, tool) for tool in Tool},
            **{f"annotate.{key}": partial(setattr, options, "painting", to) for key, to in _PAINTINGS.items()},
            **{f"annotate.label_{n}": partial(self._activate_nth, n - 1) for n in range(1, KEYED_LABELS + 1)},
            "annotate.erase": partial(self._toggle, "erasing"),
            "annotate.in_3d": partial(self._toggle, "in_3d"),
            "annotate.square": partial(self._toggle, "square"),
            "annotate.bigger": partial(options.resize, 1),
            "annotate.smaller": partial(options.resize, -1),
            "annotate.take_range": partial(take_range, self._session),
            "annotate.next_label": partial(self._step_label, 1),
            "annotate.previous_label": partial(self._step_label, -1),
            "annotate.swap_labels": self._swap_labels,
            "annotate.pick_label": self._pick_label,
            "annotate.lock_label": self._lock_label,
            "annotate.paint_over": self._next_paint_over,
        }

    def choose_tool(self, tool: Tool) -> None:
        """Take a tool; all but Browse need an annotation."""
        self._session.measuring.hand.tool = None
        idle = why_idle(self._session) if tool is not Tool.BROWSE else None
        if idle is None:
            self._options.tool = tool
        else:
            self._session.say(idle)
        self._synchronize()

    def _on_tool_changed(self, tool: Tool) -> None:
        if tool is not Tool.BROWSE:
            self.last = tool

    def _on_painting_changed(self) -> None:
        if self._options.painting is Painting.IN_RANGE and self._options.intensities is None:
            take_range(self._session)

    # labels

    def _on_rules_changed(self) -> None:
        active = self._annotating.rules.active
        if active != self._labels[0]:
            self._labels = (active, self._labels[0])
        self._synchronize()

    def _swap_labels(self) -> None:
        before = self._labels[1]
        if before in self._paintable:
            activate(self._session, before)

    @property
    def _paintable(self) -> tuple[int, ...]:
        annotation = self._annotating.annotation
        return paintable(annotation.labels.scheme) if annotation is not None else ()

    def _activate_nth(self, index: int) -> None:
        if index < len(self._paintable):
            activate(self._session, self._paintable[index])

    def _step_label(self, steps: int) -> None:
        labels = self._paintable
        if labels:
            index = labels.index(self._labels[0]) if self._labels[0] in labels else 0
            activate(self._session, labels[(index + steps) % len(labels)])

    def _pick_label(self) -> None:
        pointer = self._annotating.hand.pointer
        i, j, k = (round(v) for v in (pointer.point_ijk if pointer else self._session.viewing.crosshair))
        pick_label(self._session, (i, j, k))

    def _lock_label(self) -> None:
        rules = self._annotating.rules
        self._annotating.rules = rules.locking(rules.active, rules.active not in rules.locked)
        self._synchronize()

    def _next_paint_over(self) -> None:
        kinds, rules = list(PaintOver), self._annotating.rules
        self._annotating.rules = replace(rules, over=kinds[(kinds.index(rules.over) + 1) % len(kinds)])

    # what is shown and remembered

    def _toggle(self, field: str) -> None:
        setattr(self._options, field, not getattr(self._options, field))

    def _synchronize(self, *_: object) -> None:
        actions, options, rules = self._actions, self._options, self._annotating.rules
        for tool in Tool:
            actions[f"annotate.{tool.value}"].setChecked(options.tool is tool)
        for key, painting in _PAINTINGS.items():
            actions[f"annotate.{key}"].setChecked(options.painting is painting)
        for n in range(1, KEYED_LABELS + 1):
            there = n <= len(self._paintable)
            actions[f"annotate.label_{n}"].setChecked(there and self._paintable[n - 1] == rules.active)
        actions["annotate.erase"].setChecked(options.erasing)
        actions["annotate.in_3d"].setChecked(options.in_3d)
        actions["annotate.square"].setChecked(options.square)
        actions["annotate.lock_label"].setChecked(rules.active in rules.locked)
        for field in _REMEMBERED:
            self._preferences.set(f"annotate {field}", getattr(options, field))

    def _restore(self) -> None:
        options, get = self._options, self._preferences.get
        options.brush_mm = min(max(get("annotate brush_mm", options.brush_mm), BRUSH_MM[0]), BRUSH_MM[1])
        options.square = get("annotate square", options.square)
        options.contrast = min(max(get("annotate contrast", options.contrast), 0.5), 10.0)
