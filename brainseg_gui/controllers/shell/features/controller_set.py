"""The controllers of one window, by feature."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.faults.fault_watch import FaultWatch
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.shell.features.feature import Controller, Feature
from brainseg_gui.state.session import Session
from brainseg_gui.views.shell.main_window import MainWindow

if TYPE_CHECKING:
    from brainseg_gui.inference.engine.engine import Engine

Command = Callable[[], object]


class ControllerSet:
    """Makes the controller of each feature once: with the window, or when it is first needed.

    Until one is made, nothing of what it keeps can have been chosen: it misses nothing.

    Parameters
    ----------
    features
        In the order in which those of the start are made; the last one that was made is closed first.
    session, window, preferences
        What controllers are made of.
    engine
        The engine to use; None for one of its own.
    watch
        What hears of faults; None if nothing does.
    """

    def __init__(
        self,
        features: Sequence[Feature[Any]],
        session: Session,
        window: MainWindow,
        preferences: Preferences,
        engine: Engine | None = None,
        watch: FaultWatch | None = None,
    ) -> None:
        self.session, self.window, self.preferences = session, window, preferences
        self.engine, self.watch = engine, watch
        self._features = tuple(features)
        self._made: dict[Feature[Any], Any] = {}
        for feature in features:
            if feature.at_start:
                _ = self[feature]
        for feature in features:
            for spec in () if feature.at_start else feature.panels:
                window.panels[spec].when_made(partial(self._on_panel_made, feature))

    def __getitem__(self, feature: Feature[Controller]) -> Controller:
        """The controller, made now if it was not yet."""
        if feature not in self._made:
            controller = self._made[feature] = feature.make(self)
            feature.introduce(controller, self)
        made: Controller = self._made[feature]
        return made

    def __contains__(self, feature: Feature[Any]) -> bool:
        """Whether the controller was made."""
        return feature in self._made

    def commands(self) -> dict[str, Command]:
        """Who answers which action."""
        found = dict(self.window.panels.commands())
        for feature in self._features:
            found |= dict(self.answers(feature))
        return found

    def answers(self, feature: Feature[Any]) -> Iterator[tuple[str, Command]]:
        """What its controller does, by action."""
        if feature.at_start and isinstance(controller := self[feature], _Commanding):
            yield from controller.commands.items()
        for key, command in feature.commands.items():
            yield key, partial(self._call, feature, command)

    def close(self) -> None:
        """End the threads of all, when the program ends."""
        for controller in reversed(self._made.values()):
            if isinstance(controller, _Closing):
                controller.close()

    def _call(self, feature: Feature[Any], command: Callable[[Any], object]) -> None:
        command(self[feature])

    def _on_panel_made(self, feature: Feature[Any], _panel: QWidget) -> None:
        _ = self[feature]


@runtime_checkable
class _Closing(Protocol):
    def close(self) -> None: ...


@runtime_checkable
class _Commanding(Protocol):
    @property
    def commands(self) -> Mapping[str, Command]: ...
