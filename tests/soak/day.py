"""The day itself: one case after the other, and after every round back to the first one, to count what is left."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from brainseg_gui.app import Application
from brainseg_gui.controllers.shell.features.comparing_features import COHORT
from brainseg_gui.controllers.shell.features.core_features import FILES, LEAVING, SAVING, SEGMENTING
from tests.soak import deeds
from tests.soak.exporting import export
from tests.soak.person import PATIENCE_S, Patience, Person
from tests.soak.sample import Sample, take
from tests.soak.study import Study

MEASURED_SLICES = 200
REMEMBERED_ERRORS = 20
_TABLES = (".csv", ".html", ".json")


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Parameters
    ----------
    minutes
        When the day ends at the latest.
    visits
        Cases after which it ends; 0 for as many as there is time for.
    round_visits
        Cases between two samples.
    slices, strokes
        Of each visit.
    segmentations
        Share of the visits with a segmentation; every second one is given up.
    """

    minutes: float
    visits: int = 0
    round_visits: int = 4
    slices: int = 500
    strokes: int = 50
    segmentations: float = 0.6


class Errors(logging.Handler):
    """Whatever went wrong without anybody being told."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []
        logging.getLogger().addHandler(self)
        self._hook, sys.excepthook = sys.excepthook, self._on_exception

    def emit(self, record: logging.LogRecord) -> None:
        self._add(f"{record.getMessage()} {self._words(record.exc_info[1]) if record.exc_info else ''}")

    def add(self, error: BaseException) -> None:
        """Note an exception that was caught."""
        self._add(self._words(error))

    def close(self) -> None:
        sys.excepthook = self._hook
        logging.getLogger().removeHandler(self)
        super().close()

    def _on_exception(self, kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        traceback.print_exception(kind, error, where)
        self._add(self._words(error))

    def _words(self, error: BaseException | None) -> str:
        frames = traceback.extract_tb(error.__traceback__) if error is not None else []
        place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        return f"{type(error).__name__}: {error}{place}"

    def _add(self, words: str) -> None:
        if len(self.found) < REMEMBERED_ERRORS:
            self.found.append(words)


class Day:
    """Uses the window as planned; `samples` grows by one a round.

    Parameters
    ----------
    empty
        Folders in which nothing may be left.
    tell
        Hears of every sample.
    """

    def __init__(
        self,
        application: Application,
        study: Study,
        plan: Plan,
        random: np.random.Generator,
        *,
        folder: Path,
        empty: tuple[Path, ...],
        tell: Callable[[Sample], None],
    ) -> None:
        self._application, self._study, self._plan, self._random = application, study, plan, random
        self._empty, self._tell = empty, tell
        self._began = time.monotonic()
        self.person = Person(application, random, folder, self._began + 60 * plan.minutes)
        self.samples: list[Sample] = []
        self.errors = Errors()
        self.visits = 0

    def run(self) -> None:
        """Work until the evening."""
        person = self.person
        person.wait(lambda: person.session.segmenting.model is not None, what="the list of models")
        self._open_path(self._study.cohort)
        self._visit(everything=True)  # what is made or imported on first use is there when counting begins
        self._measure()
        while not (person.over or (self._plan.visits and self.visits >= self._plan.visits)):
            for _ in range(self._plan.round_visits):
                if not person.over:
                    self._visit()
            self._measure()

    def _visit(self, *, everything: bool = False) -> None:
        """Open the next case and do something, or everything there is to do."""
        self._open_next()
        self.visits += 1
        self.person.done["cases"] += 1
        for deed in self._deeds(everything):
            if self.person.over:
                return
            try:
                deed()
            except Patience as error:
                self.errors.add(error)
            self.person.answer_dialogs()
        deeds.put_away_predictions(self.person)

    def _deeds(self, everything: bool) -> list[Callable[[], None]]:
        """What is done on this case, in some order."""
        person, plan = self.person, self._plan
        some: list[Callable[[], None]] = [
            lambda: deeds.scroll(person, plan.slices),
            lambda: deeds.look_around(person, 12),
            lambda: deeds.annotate(person, plan.strokes),
            lambda: deeds.walk_errors(person),
        ]
        rarely: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.5, lambda: deeds.open_panels(person)),
            (0.5, lambda: deeds.operate(person, everything=everything)),
            (0.4, lambda: deeds.look_through_proposal(person)),
            (0.4, lambda: deeds.compare_raters(person, self._rater())),
            (0.4, lambda: export(person, everything=everything)),
            (0.6, lambda: deeds.save(person)),
            (0.3, lambda: deeds.open_dialogs(person)),
            (0.2, lambda: deeds.change_theme(person)),
            (0.15, lambda: self._score_cohort(everything=everything)),
        )
        some += [deed for share, deed in rarely if everything or person.chance(share)]
        first = [lambda: deeds.take_up_earlier_work(person)]
        if everything:
            some.append(lambda: deeds.see_everything(person))
            first.append(lambda: deeds.segment(person, cancel=False))  # what needs a prediction finds one
        elif person.chance(plan.segmentations):
            give_up = person.chance(0.5)
            some.append(lambda: deeds.segment(person, cancel=give_up))
        order = self._random.permutation(len(some))
        return [*first, *(some[place] for place in order)]

    def _rater(self) -> Path | None:
        case = self.person.session.case
        return self._study.raters / f"{case.case_id}.nii.gz" if case is not None else None

    # opening

    def _open_next(self) -> None:
        """The next case of the list, by key or click, or a real one from its folder."""
        person, others = self.person, self._study.others
        if others and person.chance(0.25):
            self._open_path(others[int(self._random.integers(len(others)))])
            return
        if not person.session.cohort:
            self._open_path(self._study.cohort)
        before = person.session.case
        self._click_case()
        self._arrive()
        if person.session.case is before and person.session.cohort:
            person.act(str(person.one_of("file.next", "file.previous")))
            self._arrive()

    def _click_case(self) -> None:
        """Click one of the list."""
        self._application.window.panels.show("Cases")
        cases = self._application.window.panels.named("Cases")()._list
        item = cases.item(int(self._random.integers(cases.count())))
        cases.scrollToItem(item)
        self.person.breathe(0.01)
        at = cases.visualItemRect(item).center()
        QTest.mouseClick(cases.viewport(), Qt.MouseButton.LeftButton, pos=at)

    def _open_path(self, path: Path) -> None:
        self._application.controllers[FILES].open_paths([path])
        self._arrive()

    def _arrive(self) -> None:
        """Answer what is asked, and wait until the case is there."""
        person, leaving = self.person, self._application.controllers[LEAVING]
        person.breathe()
        end = time.monotonic() + PATIENCE_S
        while leaving.question is not None or self._application.controllers[SAVING].running:
            person.answer_dialogs()
            person.breathe(0.06)
            if time.monotonic() > end:
                raise Patience("leaving a case takes too long")
        person.breathe(0.06)
        person.wait(lambda: not person.session.opening.running, what="the case")

    # measuring

    def _measure(self) -> None:
        """Go home, come to rest, and count."""
        person, window = self.person, self._application.window
        person.answer_dialogs()
        person.act("segment.cancel")
        person.act("view.reset")
        person.act("view.planes")
        window.resize(1280, 860)
        self._open_path(self._study.home)
        person.session.viewing.crosshair = person.session.case.grid.centre
        person.session.say(None)
        person.settle()
        QApplication.clipboard().clear()
        scroll = person.measured_scroll(MEASURED_SLICES)
        engine = self._application.controllers[SEGMENTING]._engine.pid
        minute = (time.monotonic() - self._began) / 60
        sample = take(window, engine, self._empty, minute=minute, visits=self.visits, scroll=scroll)
        self.samples.append(sample)
        self._tell(sample)

    def _score_cohort(self, *, everything: bool) -> None:
        """The window of cohort results: score what the raters drew, and write the table, in one form or in all."""
        person, cohort = self.person, self._application.controllers[COHORT]
        cohort.show()
        cohort.results.ask(reference=self._study.cohort)
        if not cohort.results.predictions:
            cohort.results.add_prediction(self._study.raters)
        cohort.start()
        person.wait(lambda: cohort._job is None, what="the scores of the cohort")
        for ending in _TABLES if everything else (person.one_of(*_TABLES),):
            person.will_save_as(str(ending))
            cohort.choose_report()
            person.wait(lambda: cohort._job is None, what="the report")
        cohort.window.close()
        person.done["cohorts scored"] += 1
