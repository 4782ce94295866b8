"""Statistics of a layer's labels, saved as CSV."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from brainseg_gui.controllers.jobs.latest_job import LatestJob
from brainseg_gui.controllers.layers.save_dialog import ask_path
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer
from brainseg_gui.state.session import Notice, Session
from brainseg_gui.views.layers.layers_panel import LayersPanel

_FILTER = "CSV (*.csv)"


class StatisticsController(QObject):
    """Asks for a file and writes the table there, as a job."""

    def __init__(
        self,
        session: Session,
        window: QWidget,
        preferences: Preferences,
        layers: LayersPanel,
    ) -> None:
        super().__init__(window)
        self._session, self._window, self._preferences = session, window, preferences
        self._work = LatestJob(session, self)
        layers.statistics_requested.connect(self.choose)

    def choose_active(self) -> None:
        """Save those of the annotation; else of the compared prediction, else of the reference."""
        layer = self._session.worked_on
        if layer is None:
            self._session.say(Notice("Statistics are of a mask", "Segment, annotate, or add a mask", problem=False))
        else:
            self.choose(layer)

    def choose(self, layer: Layer) -> None:
        """Ask where the statistics of a layer go."""
        case = self._session.case
        if case is None:
            return
        folder = Path(self._preferences.get("last report folder", str(Path.home())))
        proposal = folder / f"{case.case_id}_labels.csv"
        title = f"Save statistics of {layer.name}"
        path = ask_path(self._window, title, proposal, _FILTER, lambda typed, _: _csv_name(typed))
        if path is not None:
            self._preferences.set("last report folder", str(path.parent))
            self.save_as(layer, path)

    def save_as(self, layer: Layer, path: Path) -> None:
        """Write the statistics of a layer as it is now."""
        case = self._session.case
        if case is not None:
            labels = self._session.annotating.at_rest(layer.labels)
            self._work.start(_written(case, layer.name, labels, path), self._on_written)

    def _on_written(self, path: Path) -> None:
        self._session.say(Notice(f"Saved {path}", problem=False))

    def close(self) -> None:
        """Let what is being written finish, when the program ends."""
        self._work.close()


def _csv_name(typed: Path) -> Path:
    return typed if typed.suffix.lower() == ".csv" else typed.with_name(f"{typed.name}.csv")


def _written(case: Case, name: str, labels: LabelMap, path: Path) -> Generator[Progress, None, Path]:
    from brainseg_gui.evaluation.reports.label_table import statistics_csv
    from brainseg_gui.storage.writing import write_text

    yield Progress("measuring labels", 0.0)
    write_text(path, statistics_csv(case, [(name, labels)]), chosen=True)
    return path
