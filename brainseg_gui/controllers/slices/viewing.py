"""The actions that change how the case is looked at."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget

from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.slices.held_key import lets_go
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.colours import USUAL, colour_sets, safe_colours
from brainseg_gui.imaging.grid import Voxel
from brainseg_gui.imaging.labels import regions
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.plane import DisplayConvention, Plane
from brainseg_gui.imaging.window import auto_window
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.widgets.lazy_panel import LazyPanel

if TYPE_CHECKING:
    from brainseg_gui.views.slices.image_panel import ImagePanel
    from brainseg_gui.views.slices.ortho_view import OrthoView

Choice = TypeVar("Choice", bound=Enum)

_OPACITY_STEP = 0.1


class ViewingController(QObject):
    """Turns actions into viewing state, keeps their check marks true, and remembers what was set."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        actions: Actions,
        image: ImagePanel,
        pictures: LazyPanel[OrthoView],
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._actions, self._pictures = actions, pictures
        self._viewing = session.viewing
        self._colours_before = USUAL  # than those for any vision
        self._restore()
        image.auto_requested.connect(self.auto_window)
        events = self._viewing.events
        for field in (events.layout, events.plane, events.convention, events.crosshair_visible, events.file_index):
            field.connect(self._synchronize)
        for field in (events.masks_visible, events.agreement, events.colours, events.opacity, events.smooth):
            field.connect(self._synchronize)
        session.comparison_changed.connect(self._synchronize)
        for key, held in (("layers.peek", events.peek), ("view.blink", events.blink)):
            actions[key].setAutoRepeat(False)
            held.connect(self._on_held_changed)
        self._synchronize()

    @property
    def commands(self) -> dict[str, Callable[[], None]]:
        """What each action does."""
        viewing = self._viewing
        return {
            "view.next_modality": partial(self._step_modality, 1),
            "view.previous_modality": partial(self._step_modality, -1),
            "view.planes": partial(setattr, viewing, "layout", ViewLayout.PLANES),
            "view.modalities": partial(setattr, viewing, "layout", ViewLayout.MODALITIES),
            "view.compare": partial(setattr, viewing, "layout", ViewLayout.COMPARE),
            "view.visits": partial(setattr, viewing, "layout", ViewLayout.VISITS),
            "view.blink": partial(self._toggle, "blink"),
            "view.axial": partial(setattr, viewing, "plane", Plane.AXIAL),
            "view.coronal": partial(setattr, viewing, "plane", Plane.CORONAL),
            "view.sagittal": partial(setattr, viewing, "plane", Plane.SAGITTAL),
            "view.fit": lambda: self._pictures().fit(),
            "view.enlarge": lambda: self._pictures().enlarge(),
            "view.auto_window": self.auto_window,
            "view.convention": self._toggle_convention,
            "view.crosshair": partial(self._toggle, "crosshair_visible"),
            "view.smooth": partial(self._toggle, "smooth"),
            "view.file_index": partial(self._toggle, "file_index"),
            "view.go_to": self._go_to,
            "view.copy": self._copy,
            "view.copy_bare": self._copy_bare,
            "layers.masks": partial(self._toggle, "masks_visible"),
            "layers.fainter": partial(self._fade, -_OPACITY_STEP),
            "layers.stronger": partial(self._fade, _OPACITY_STEP),
            "layers.peek": partial(self._toggle, "peek"),  # off when its key is let go; a menu has no key to let go
            "layers.agreement": self._toggle_agreement,
            "layers.safe_colours": self._toggle_colours,
        }

    def _toggle_colours(self) -> None:
        """Colours for any vision; once more, those from before."""
        chosen = self._viewing.colours
        if not chosen.any_vision:
            self._colours_before = chosen
        self._viewing.colours = self._colours_before if chosen.any_vision else safe_colours()

    def auto_window(self) -> None:
        """Window the modality under the mouse, else the shown one, by the brain's percentiles."""
        case, pictures = self._session.displayed, self._pictures.made
        pointed_at = pictures.modality_under_cursor if pictures is not None else None
        modality = pointed_at or self._viewing.modality
        if case is not None and modality in case.volumes:
            self._viewing.set_window(modality, auto_window(case.volumes[modality]))

    def close(self) -> None:
        """Stop listening to the application's keys."""
        self._on_held_changed(False)

    def _on_held_changed(self, held: bool) -> None:
        """Listen while a key is held: the filter sees every event of the program."""
        application = QApplication.instance()
        if application is not None and held:
            application.installEventFilter(self)
        elif application is not None:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._viewing.peek and lets_go(event, self._actions["layers.peek"]):
            self._viewing.peek = False
        if self._viewing.blink and lets_go(event, self._actions["view.blink"]):
            self._viewing.blink = False
        return False

    def _go_to(self) -> None:
        """Ask for a place and look there."""
        case = self._session.case
        if case is None or self._session.previewing:
            self._session.say(Notice("A place is one of an open case", "Open a case first", problem=False))
            return
        from brainseg_gui.views.slices.go_to_dialog import GoToDialog

        dialog = GoToDialog(case, self._viewing.crosshair, self._window)
        dialog.voxel_chosen.connect(lambda place: self._look_at(case, place.voxel_ijk))
        dialog.open()

    def _look_at(self, case: Case, voxel_ijk: Voxel) -> None:
        if case is self._session.case:
            self._viewing.crosshair = voxel_ijk
            self._pictures().reveal(voxel_ijk)

    def _copy(self) -> None:
        """Put a picture of the view under the mouse, or of all views, on the clipboard."""
        if self._session.displayed is not None:
            QApplication.clipboard().setPixmap(self._pictures().picture())
            self._session.say(Notice("Copied the picture", problem=False))

    def _copy_bare(self) -> None:
        viewing = self._viewing
        before = viewing.masks_visible, viewing.crosshair_visible
        viewing.masks_visible = viewing.crosshair_visible = False
        try:
            self._copy()
        finally:
            viewing.masks_visible, viewing.crosshair_visible = before

    def _step_modality(self, steps: int) -> None:
        case = self._session.displayed
        if case is None:
            return
        there = [modality for modality in Modality if modality in case.volumes]
        place = there.index(self._viewing.modality) if self._viewing.modality in there else 0
        self._viewing.modality = there[(place + steps) % len(there)]

    def _toggle(self, field: str) -> None:
        setattr(self._viewing, field, not getattr(self._viewing, field))

    def _toggle_convention(self) -> None:
        radiological = self._viewing.convention is DisplayConvention.RADIOLOGICAL
        self._viewing.convention = DisplayConvention.NEUROLOGICAL if radiological else DisplayConvention.RADIOLOGICAL

    def _toggle_agreement(self) -> None:
        if self._viewing.agreement is not None or self._session.comparison is None:
            self._viewing.agreement = None
        else:
            self._viewing.agreement = regions()[0]

    def _fade(self, change: float) -> None:
        self._viewing.opacity = round(min(max(self._viewing.opacity + change, 0.05), 1.0), 2)

    def _synchronize(self) -> None:
        viewing, actions = self._viewing, self._actions
        checked = {
            "view.planes": viewing.layout is ViewLayout.PLANES,
            "view.modalities": viewing.layout is ViewLayout.MODALITIES,
            "view.compare": viewing.layout is ViewLayout.COMPARE,
            "view.visits": viewing.layout is ViewLayout.VISITS,
            "view.axial": viewing.plane is Plane.AXIAL,
            "view.coronal": viewing.plane is Plane.CORONAL,
            "view.sagittal": viewing.plane is Plane.SAGITTAL,
            "view.convention": viewing.convention is DisplayConvention.RADIOLOGICAL,
            "view.crosshair": viewing.crosshair_visible,
            "view.smooth": viewing.smooth,
            "view.file_index": viewing.file_index,
            "layers.masks": viewing.masks_visible,
            "layers.agreement": viewing.agreement is not None,
            "layers.safe_colours": viewing.colours.any_vision,
        }
        for key, value in checked.items():
            actions[key].setChecked(value)
        actions["layers.agreement"].setEnabled(self._session.comparison is not None)
        self._remember()

    def _restore(self) -> None:
        viewing, get, safe = self._viewing, self._preferences.get, safe_colours().name
        viewing.layout = _known(ViewLayout, get("layout", ""), ViewLayout.PLANES)
        viewing.convention = _known(DisplayConvention, get("convention", ""), DisplayConvention.RADIOLOGICAL)
        viewing.opacity = min(max(get("opacity", viewing.opacity), 0.05), 1.0)
        viewing.smooth = get("smooth", viewing.smooth)
        viewing.colours = colour_sets().get(get("colours", safe if get("safe colours", False) else ""), USUAL)
        viewing.crosshair_visible = get("crosshair", viewing.crosshair_visible)
        viewing.file_index = get("file index", viewing.file_index)

    def _remember(self) -> None:
        viewing, put = self._viewing, self._preferences.set
        if viewing.layout is not ViewLayout.VISITS:  # the next start has no patient
            put("layout", viewing.layout.value)
        put("convention", viewing.convention.value)
        put("opacity", viewing.opacity)
        put("smooth", viewing.smooth)
        put("colours", viewing.colours.name)
        put("crosshair", viewing.crosshair_visible)
        put("file index", viewing.file_index)


def _known(kind: type[Choice], value: str, default: Choice) -> Choice:
    """The enumeration's member of that value; the default for one that it no longer has."""
    return next((member for member in kind if member.value == value), default)
