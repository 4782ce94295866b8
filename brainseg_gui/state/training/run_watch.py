"""The runs that are watched, and which of them a person looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from string import ascii_uppercase

from psygnal import Signal

from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.state.notices import Notices
from brainseg_gui.state.training.run_reader import RunNews
from brainseg_gui.state.training.run_record import RunRecord


class RunWatch(Notices):
    """What the training window shows. Only the GUI thread writes here."""

    runs_changed = Signal()
    """Runs came or went."""

    chosen_changed = Signal()
    """Another run is looked at, or others are laid over it."""

    news_came = Signal()
    """There is news of one or more runs."""

    def __init__(self) -> None:
        super().__init__()
        self._records: dict[Path, RunRecord] = {}
        self._chosen: RunRecord | None = None
        self._shown: tuple[RunRecord, ...] = ()

    @property
    def records(self) -> tuple[RunRecord, ...]:
        """All runs, newest first."""
        return tuple(self._records.values())

    @property
    def chosen(self) -> RunRecord | None:
        """The run that is looked at; None while a new one is being described."""
        return self._chosen

    @property
    def shown(self) -> tuple[RunRecord, ...]:
        """The runs whose curves are drawn over each other, the chosen one included."""
        return self._shown

    def record_of(self, path: Path) -> RunRecord | None:
        """The run in a folder, if it is watched."""
        return self._records.get(path)

    def letter_of(self, record: RunRecord) -> str:
        """The letter that marks a run's curves while several are shown, else empty."""
        if len(self._shown) < 2 or record not in self._shown:
            return ""
        return ascii_uppercase[self._shown.index(record) % len(ascii_uppercase)]

    def set_runs(self, folders: Iterable[RunFolder]) -> None:
        """Watch these runs, in this order; those that are watched already keep what is known of them."""
        records = {folder.path: self._records.get(folder.path) or RunRecord(folder) for folder in folders}
        if list(records) == list(self._records):
            return
        self._records = records
        self.runs_changed.emit()
        there = tuple(record for record in self._shown if record.folder.path in records)
        if self._shown != there:
            self.choose(there[0] if self._chosen not in there and there else self._chosen, there)

    def choose(self, record: RunRecord | None, shown: Iterable[RunRecord] = ()) -> None:
        """Look at a run, and lay others over it."""
        everyone = tuple(shown)
        if record is not None and record not in everyone:
            everyone = (record, *everyone)
        if record is None or record.folder.path not in self._records:
            record, everyone = None, ()
        if (record, everyone) != (self._chosen, self._shown):
            self._chosen, self._shown = record, everyone
            self.chosen_changed.emit()

    def apply(self, news: Mapping[Path, RunNews]) -> None:
        """Take in what is new."""
        for path, content in news.items():
            if (record := self._records.get(path)) is not None:
                record.apply(content)
        self.news_came.emit()
