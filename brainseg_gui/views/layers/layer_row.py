"""One layer in the list: visible, style, name, saved or not, save, and a menu for the rest."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QMenu, QWidget

from brainseg_gui.imaging.labelling.known_schemes import label_schemes
from brainseg_gui.imaging.labels import LabelScheme
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.views.widgets.elided_label import ElidedLabel
from brainseg_gui.views.widgets.plain_text import plain_caption, plain_tip
from brainseg_gui.views.widgets.tool_button import give_menu, show_tool, tool_button

_OPACITIES = (10, 20, 30, 50, 70, 100)
_LISTED = 8
_DRAG = "Drag it into another program, which gets it as a file"


class LayerRow(QWidget):
    """One layer; `synchronize` shows it as it is."""

    save_requested = Signal(object)
    remove_requested = Signal(object)
    compare_requested = Signal(object, bool)
    rename_requested = Signal(object)
    move_requested = Signal(object, int)
    statistics_requested = Signal(object)
    edit_requested = Signal(object, bool)
    """A layer, and whether a copy of it is to be edited."""
    scheme_requested = Signal(object, object)
    """A layer, and the label scheme that it is to be read by."""
    file_requested = Signal(object, bool)
    """A layer that leaves as a file, and whether it is dragged; else it is copied."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self._layer = layer
        self._pressed: QPoint | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self._eye, self._style = tool_button(), tool_button()
        self._name, self._unsaved = ElidedLabel(), QLabel("●")
        self._unsaved.setObjectName("quiet")
        self._save, self._more = tool_button("save"), tool_button("more")
        self._menu = QMenu(self)
        self._schemes = QMenu(self._menu)  # kept: clearing a menu leaves the menus in it alive
        self._opacity = self._opacity_menu()
        self._menu.aboutToShow.connect(self._fill_menu)
        give_menu(self._more, self._menu)
        row.addWidget(self._eye)
        row.addWidget(self._style)
        row.addWidget(self._name, 1)
        for widget in (self._unsaved, self._save, self._more):
            row.addWidget(widget)
        self._eye.clicked.connect(self._on_visible_clicked)
        self._style.clicked.connect(self._on_style_clicked)
        self._save.clicked.connect(lambda: self.save_requested.emit(layer))
        self.synchronize()

    def synchronize(self) -> None:
        """Show the layer as it is."""
        layer = self._layer
        show_tool(self._eye, "eye" if layer.visible else "eye-off", f"Show or hide {layer.name}")
        filled = layer.style is OverlayStyle.FILL
        tip = "Filled; click for outline" if filled else "Outline; click to fill"
        show_tool(self._style, "fill" if filled else "outline", tip)
        show_tool(self._save, "save", f"Save {layer.name}…")
        show_tool(self._more, "more", f"Label scheme, comparison and removal of {layer.name}")
        self._name.setText(layer.name)
        made = f"{layer.role.value} by {layer.author or 'unknown'}, {layer.created:%Y-%m-%d %H:%M}"
        self._name.setToolTip(f"{layer.name}\n{made}\n{layer.saved_as or _unsaved_words(layer)}\n{_DRAG}")
        self._unsaved.setToolTip(plain_tip(_unsaved_words(layer)))
        self._unsaved.setVisible(layer.saved_as is None)
        self._unsaved.setText("●" if layer.saved_as is None else "")

    # the row, taken by the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint() if event.button() is Qt.MouseButton.LeftButton else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        far = QApplication.startDragDistance()
        if self._pressed is not None and (event.position().toPoint() - self._pressed).manhattanLength() >= far:
            self._pressed = None
            self.file_requested.emit(self._layer, True)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._pressed = None

    def _fill_menu(self) -> None:
        layer, menu, schemes = self._layer, self._menu, self._schemes
        menu.clear()
        schemes.clear()
        words = "Numbered as" if layer.model_sha256 else "Numbers are read as"
        schemes.setTitle(f"{words} {layer.labels.scheme.title}")
        menu.addMenu(schemes)
        for scheme in label_schemes().values():
            action = schemes.addAction(plain_caption(f"{scheme.title}: {_words(scheme)}"))
            action.setCheckable(True)
            action.setChecked(scheme.name == layer.labels.scheme.name)
            action.triggered.connect(lambda _on, scheme=scheme: self.scheme_requested.emit(layer, scheme))
        menu.addSeparator()
        if layer.role is LayerRole.ANNOTATION:
            menu.addAction("Edit").triggered.connect(lambda: self.edit_requested.emit(layer, False))
        menu.addAction("Edit a copy").triggered.connect(lambda: self.edit_requested.emit(layer, True))
        menu.addSeparator()
        menu.addAction("Compare as reference").triggered.connect(lambda: self.compare_requested.emit(layer, True))
        menu.addAction("Compare as prediction").triggered.connect(lambda: self.compare_requested.emit(layer, False))
        menu.addSeparator()
        menu.addMenu(self._opacity)
        menu.addAction("Save label statistics…").triggered.connect(lambda: self.statistics_requested.emit(layer))
        menu.addAction("Copy as a file").triggered.connect(lambda: self.file_requested.emit(layer, False))
        menu.addAction("Rename…").triggered.connect(lambda: self.rename_requested.emit(layer))
        menu.addAction("Move up: draw it earlier").triggered.connect(lambda: self.move_requested.emit(layer, -1))
        menu.addAction("Move down: draw it over others").triggered.connect(lambda: self.move_requested.emit(layer, 1))
        menu.addSeparator()
        remove = menu.addAction("Remove from the list; its file stays" if layer.saved_as else "Remove; it is not saved")
        remove.triggered.connect(lambda: self.remove_requested.emit(layer))

    def _opacity_menu(self) -> QMenu:
        """How strongly this layer is filled, apart from the others."""
        menu = QMenu("Opacity of its fill", self._menu)
        for title, opacity in (("As all masks", None), *((f"{percent} %", percent / 100) for percent in _OPACITIES)):
            action = menu.addAction(title)
            action.setCheckable(True)
            action.triggered.connect(partial(setattr, self._layer, "opacity", opacity))
            menu.aboutToShow.connect(lambda a=action, o=opacity: a.setChecked(self._layer.opacity == o))
        return menu

    def _on_visible_clicked(self) -> None:
        self._layer.visible = not self._layer.visible

    def _on_style_clicked(self) -> None:
        filled = self._layer.style is OverlayStyle.FILL
        self._layer.style = OverlayStyle.OUTLINE if filled else OverlayStyle.FILL


def _unsaved_words(layer: Layer) -> str:
    """What is in no file, and what becomes of it."""
    if layer.role is LayerRole.ANNOTATION:
        return f"{layer.name} has edits that no file holds; the journal keeps them"
    return f"{layer.name} is in no file; it comes back with the case until brainseg is closed"


def _words(scheme: LabelScheme) -> str:
    """What the numbers of a scheme mean; of many, the first."""
    words = [f"{value} {scheme.look_of(value).key}" for value in sorted(scheme.labels)]
    return ", ".join(words[:_LISTED]) + (f" and {len(words) - _LISTED} more" if len(words) > _LISTED else "")
