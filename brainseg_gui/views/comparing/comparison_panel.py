"""The scores of the two compared layers, region by region."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from brainseg_gui.imaging.colours import AGREEMENT_COLOURS
from brainseg_gui.imaging.labels import regions
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.state.slices.viewing import ViewLayout
from brainseg_gui.views.comparing.score_table import SCORES, STILL_READ, ScoreTable
from brainseg_gui.views.widgets.elided_combo import ElidedComboBox
from brainseg_gui.views.widgets.theme import colour

_GAP = 8
_LEAST_NAME = 90  # pixels in which a layer is still known by its name
_MARGINS = (6, 16)  # at the sides: of a panel that is narrower than 220 pixels, and of others
_NARROW = 220
_BOX_WIDTHS = (110, 200)  # of a name: what a row beside the tabs needs, and all that it gets there


class ComparisonPanel(QWidget):
    """Which two layers are compared, and their table; a click on a row shows its agreement.

    Further pages about the same two layers stand behind the table (`add_page`).
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("centre")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._session = session
        self._choices_shown: tuple[list[str], int, int, bool] | None = None
        outer = self._outer = QVBoxLayout(self)
        outer.setSpacing(8)
        outer.addLayout(self._choices())
        self._pages = QStackedWidget()
        self._tabs.currentChanged.connect(self._pages.setCurrentIndex)
        outer.addWidget(self._pages)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.add_page("Comparison", page)
        self._table = ScoreTable()
        self._table.cellClicked.connect(self._on_row_chosen)
        column.addWidget(self._table)
        self._legend = QLabel()
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setWordWrap(True)
        column.addWidget(self._legend)
        self._empty = QLabel()
        self._empty.setObjectName("quiet")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._empty)
        column.addStretch(1)
        session.comparison_changed.connect(self._synchronize)
        session.layers.changed.connect(self._synchronize)
        session.layers.renamed.connect(self._fill_choices)
        session.case_changed.connect(self._synchronize)
        session.viewing.events.agreement.connect(self._synchronize)
        session.viewing.events.layout.connect(self._synchronize)
        self._synchronize()

    def add_page(self, title: str, page: QWidget) -> None:
        """Put a page behind the others."""
        self._pages.addWidget(page)
        self._tabs.addTab(title)

    def show_page(self, title: str) -> None:
        """Bring a page to the front."""
        for index in range(self._tabs.count()):
            if self._tabs.tabText(index) == title:
                self._tabs.setCurrentIndex(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        across = self.contentsRect().width()
        side = _MARGINS[across >= _NARROW]
        self._outer.setContentsMargins(side, 12, side, 8)
        width = across - 2 * side
        beside = self._fits_beside(width)
        self._head.setDirection(_across_if(beside))
        self._names.setStretch(0, int(beside))
        self._names.setStretch(self._names.count() - 1, int(not beside))
        named = self._against.sizeHint().width() + 2 * (_LEAST_NAME + _GAP)
        self._names.setDirection(_across_if(width >= named))
        self._table.fit(width)
        if not self._legend.isHidden():
            self._legend.setText(self._legend_text())

    def _fits_beside(self, width: int) -> bool:
        """Whether the names can be read beside the tabs; else they stand below them."""
        needed = self._tabs.sizeHint().width() + self._against.sizeHint().width() + 2 * _BOX_WIDTHS[0] + 3 * _GAP
        return width >= needed

    def _choices(self) -> QBoxLayout:
        self._reference, self._prediction = ElidedComboBox(), ElidedComboBox()
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(_GAP)
        row = self._names = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        row.setSpacing(_GAP)
        self._tabs = QTabBar()
        self._tabs.setExpanding(False)
        self._tabs.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)  # long names give way, not tabs
        self._tabs.setAccessibleName("Pages of the comparison")
        self._head.addWidget(self._tabs)
        row.addStretch()
        for box, name in ((self._prediction, "Prediction"), (self._reference, "Reference")):
            box.setAccessibleName(f"{name} of the comparison")
            box.setToolTip(f"The layer that is taken as {name.lower()}")
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setMaximumWidth(_BOX_WIDTHS[1])
            box.activated.connect(self._on_layers_chosen)
        self._against = QLabel("vs")
        self._against.setObjectName("quiet")
        row.addWidget(self._prediction)
        row.addWidget(self._against)
        row.addWidget(self._reference)
        row.addStretch()
        self._head.addLayout(row)
        return self._head

    def _synchronize(self) -> None:
        self._fill_choices()
        comparison = self._session.comparison
        self._table.setVisible(comparison is not None)
        self._legend.setVisible(comparison is not None)
        self._empty.setVisible(comparison is None)
        self._empty.setText(self._what_is_missing())
        if comparison is None:
            return
        self._table.show_scores(comparison.rows, self._session.viewing.agreement)
        self._legend.setText(self._legend_text())

    def _fill_choices(self) -> None:
        """Offer the layers; the same ones again cost nothing, for a box that is filled lays the whole window out."""
        layers = list(self._session.layers)
        chosen = (self._session.layers.reference, self._session.layers.prediction)
        names = [layer.name for layer in layers]
        reference, prediction = (layers.index(layer) if layer is not None else -1 for layer in chosen)
        edited = chosen[1] is not None and chosen[1].role is LayerRole.ANNOTATION
        choices = (names, reference, prediction, edited)
        if choices == self._choices_shown:
            return
        self._choices_shown = choices
        for box, index in ((self._reference, reference), (self._prediction, prediction)):
            with QSignalBlocker(box):
                box.clear()
                box.addItems(names)
                box.setCurrentIndex(index)
            box.setEnabled(bool(layers))
            box.setPlaceholderText("none")
            box.updateGeometry()
        self._table.name_columns(edited=edited)

    def _legend_text(self) -> str:
        words = zip(AGREEMENT_COLOURS, ("found", "missed", "false"), strict=True)
        quiet = colour("quiet").name()
        squares = "&nbsp;&nbsp;".join(
            f'<span style="color:{QColor(c).name()}">■</span> <span style="color:{quiet}">{word}</span>'
            for c, word in words
        )
        viewing = self._session.viewing
        if viewing.agreement is not None or viewing.layout is ViewLayout.COMPARE:
            return f"{squares}&nbsp;&nbsp; in {(viewing.agreement or regions()[0]).key}"
        distances = "".join(f", {measure.title} in {measure.unit}" for measure in SCORES if measure.unit)
        hidden = self._table.lacks_columns
        numbers = "Point at a row for all numbers" if hidden else f"Volumes in ml{distances}"
        hint = f"{numbers}. Click a row to see where the masks agree"
        return f'<span style="color:{colour("faint").name()}">{hint}</span>'

    def _what_is_missing(self) -> str:
        if self._session.displayed is None:
            return "Open a case with an expert's mask, and click Segment: the Dice of each region appears here."
        if self._session.previewing:
            return STILL_READ
        if self._session.layers.reference is None:
            return "This case has no reference. Add one with File › Add mask…: the prediction is compared with it here."
        if self._session.layers.prediction is None:
            return "Click Segment: the prediction is compared with the reference here, region by region."
        if self._session.layers.reference is self._session.layers.prediction:
            return "Choose two different layers to compare them."
        return "Comparing…"

    def _on_layers_chosen(self) -> None:
        layers: list[Layer] = list(self._session.layers)

        def chosen(box: QComboBox) -> Layer | None:
            return layers[box.currentIndex()] if 0 <= box.currentIndex() < len(layers) else None

        self._session.layers.compare(chosen(self._reference), chosen(self._prediction))

    def _on_row_chosen(self, row: int, _column: int) -> None:
        """Show where the masks agree on a row; chosen again, no longer."""
        comparison = self._session.comparison
        if comparison is not None and row < len(comparison.rows):
            region = comparison.rows[row].region
            same = self._session.viewing.agreement == region
            self._session.viewing.agreement = None if same else region


def _across_if(there_is_room: bool) -> QBoxLayout.Direction:
    """Side by side, else one below the other."""
    return QBoxLayout.Direction.LeftToRight if there_is_room else QBoxLayout.Direction.TopToBottom
