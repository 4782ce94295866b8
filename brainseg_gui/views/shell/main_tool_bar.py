"""The tool bar at the top, and what is open at its end."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolBar, QToolButton, QWidget

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.state.session import Session
from brainseg_gui.views.actions.actions import Actions
from brainseg_gui.views.widgets.elided_label import ElidedLabel

_LAYOUTS = ("view.planes", "view.modalities", "view.compare")
_PLANES = ("view.axial", "view.coronal", "view.sagittal")
_LOOKS = ("layers.masks", "view.crosshair", "view.auto_window", "view.fit", "view.convention")
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
        self._add(*_LAYOUTS)
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
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        self._title = ElidedLabel()
        self._title.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._title.setMaximumWidth(360)
        self.addWidget(self._title)
        self._unsaved = QLabel()
        self._unsaved.setObjectName("quiet")
        self._unsaved.setContentsMargins(8, 0, 4, 0)
        self.addWidget(self._unsaved)

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
        self._unsaved.setText(f"● {unsaved[0].role.value} not saved" if unsaved else "")
