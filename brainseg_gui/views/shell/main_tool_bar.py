"""The tool bar at the top, and what is open at its end."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolBar, QToolButton, QWidget

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.widgets.elided_label import ElidedLabel

_LAYOUTS = ("view.planes", "view.modalities", "view.compare")
_PLANES = ("view.axial", "view.coronal", "view.sagittal")
_LOOKS = ("layers.masks", "view.crosshair", "view.auto_window", "view.fit", "view.convention")
_LEAST_TITLE = 64  # pixels in which a case is still known by its name
_BESIDE, _MARK = 20, 36  # margins and gap; what is left in the narrowest window
_WORK = ("annotate.start", "segment.run")


class MainToolBar(QToolBar):
    """Files, modalities, layouts and looks; the name of the case, and whether anything in it is unsaved."""

    def __init__(self, session: Session, actions: Actions) -> None:
        super().__init__("Tools")
        self._session, self._actions = session, actions
        self.setObjectName("tools")
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._add("file.open", "file.save")
        self.modality_buttons = {m: self._modality_button(m) for m in Modality}
        for button in self.modality_buttons.values():
            self.addWidget(button)
        self.addSeparator()
        for keys in (_LAYOUTS, _PLANES):
            group = QActionGroup(self)
            for key in keys:
                group.addAction(actions[key])
        self._add(*_LAYOUTS, "view.surfaces")
        self._add(*_LOOKS)
        for key in _WORK:
            self.addAction(actions[key])
            made = self.widgetForAction(actions[key])
            if isinstance(made, QToolButton):
                made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._add_title()
        session.case_changed.connect(self._synchronize)
        session.viewing.events.modality.connect(self._synchronize)
        session.layers.changed.connect(self._show_title)
        session.layers.appearance_changed.connect(self._show_title)
        self._synchronize()

    def _add(self, *keys: str) -> None:
        for key in keys:
            self.addAction(self._actions[key])
        self.addSeparator()

    def _modality_button(self, modality: Modality) -> QToolButton:
        button = QToolButton()
        button.setText(modality.title)
        button.setCheckable(True)
        button.setToolTip(f"Show {modality.title} ([ and ] go through the modalities)")
        button.clicked.connect(lambda: self._on_modality_clicked(modality))
        return button

    def _add_title(self) -> None:
        self._end = _End()
        self._title = self._end.title
        self.addWidget(self._end)

    def _on_modality_clicked(self, modality: Modality) -> None:
        self._session.viewing.modality = modality
        self._synchronize()

    def _synchronize(self) -> None:
        case = self._session.displayed
        for modality, button in self.modality_buttons.items():
            button.setEnabled(case is not None and modality in case.volumes)
            button.setChecked(case is not None and modality is self._session.viewing.modality)
        self._show_title()

    def _show_title(self, *_: object) -> None:
        case = self._session.displayed
        self._title.setText(case.case_id if case else "")
        self._title.setToolTip(str(case.source.folder) if case else "")
        unsaved = self._session.layers.at_risk
        self._end.show_unsaved(f"{unsaved[0].role.value} not saved" if unsaved else "")


class _End(QWidget):
    """The case, and what of it is unsaved; as far as there is room: the window's title says it, too."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self._unsaved, self._words = ElidedLabel(), QLabel(), ""
        self.title.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.title.setMaximumWidth(360)
        self._unsaved.setObjectName("quiet")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 4, 0)
        row.addStretch(1)
        row.addWidget(self.title)
        row.addWidget(self._unsaved)

    def show_unsaved(self, words: str) -> None:
        """Say what is not in a file; empty when everything is."""
        self._words = words
        self._fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(_MARK, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        words, room = f"● {self._words}", self.width() - _BESIDE
        fits = self.fontMetrics().horizontalAdvance(words) <= room
        self._unsaved.setText("" if not self._words else words if fits else "●")
        self._unsaved.setToolTip(self._words)
        self.title.setVisible(room - self._unsaved.sizeHint().width() >= _LEAST_TITLE)
