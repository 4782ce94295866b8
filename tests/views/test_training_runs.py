"""The runs beside each other: list, page, curves and pictures; and the curves of 100,000 steps."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from brainseg_gui.runs.config import TrainingConfig
from brainseg_gui.runs.events import Event
from brainseg_gui.runs.run_folder import RunFolder
from brainseg_gui.runs.run_status import RunStatus
from brainseg_gui.state.training.run_reader import RunNews, StepBlock
from brainseg_gui.state.training.run_record import RunRecord
from brainseg_gui.state.training.run_watch import RunWatch
from brainseg_gui.state.training.training_draft import TrainingDraft
from brainseg_gui.views.training.curve_series import series_of
from brainseg_gui.views.training.run_list import status_line
from brainseg_gui.views.training.run_numbers import RunNumbers
from brainseg_gui.views.training.training_window import TrainingWindow
from tests.gestures import take_focus

pytestmark = pytest.mark.plain


@pytest.fixture
def watch(tmp_path: Path) -> RunWatch:
    watch = RunWatch()
    watch.set_runs([RunFolder(tmp_path / name) for name in ("one", "two", "three")])
    return watch


@pytest.fixture
def window(qtbot: QtBot, dressed: None, watch: RunWatch) -> Iterator[TrainingWindow]:
    window = TrainingWindow(watch, TrainingDraft())
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    yield window
    window.close()


def steps(first: int, last: int) -> StepBlock:
    numbers = np.arange(first, last + 1, dtype=float)
    columns = {"loss": 1 / numbers, "learning_rate": np.full(len(numbers), 1e-3), "seconds": np.full(len(numbers), 0.5)}
    return StepBlock(numbers, columns, 1, 0.0, float(last))


def tell(watch: RunWatch, record: RunRecord, *parts: Event | StepBlock, status: RunStatus, log: str = "") -> None:
    lines = tuple(log.splitlines()) if log else None
    watch.apply({record.folder.path: RunNews(parts, lines, status, config=TrainingConfig())})


def begin(watch: RunWatch, place: int = 0, until: int = 50) -> RunRecord:
    record = watch.records[place]
    values = {"host": socket.gethostname(), "pid": os.getpid(), "resumed_from": 0}
    metrics = {"dice": 0.5, "val_loss": 0.3, "val_dice_wt": 0.4}
    tell(
        watch,
        record,
        Event("started", time.time(), values),
        steps(1, until),
        Event("epoch", time.time(), {"epoch": 1, "step": until, "metrics": metrics}),
        status=RunStatus.RUNNING,
    )
    return record


def test_without_a_run_the_form_teaches(qtbot: QtBot, window: TrainingWindow, watch: RunWatch) -> None:
    watch.set_runs([])
    assert window.form.isVisible()
    assert not window.run_page.isVisible()
    assert window.run_list._empty.isVisible()


def test_the_list_says_how_runs_are_doing(window: TrainingWindow, watch: RunWatch) -> None:
    record = begin(watch)
    items = window.run_list.list
    assert status_line(record) == "running · 0 %" or status_line(record).startswith("running · 0 % · ")
    assert items.item(0).data(Qt.ItemDataRole.AccessibleTextRole).startswith("one, running")
    assert items.item(1).data(Qt.ItemDataRole.AccessibleTextRole) == "two, not started"


def test_keys_choose_runs_and_lay_them_over_each_other(qtbot: QtBot, window: TrainingWindow, watch: RunWatch) -> None:
    for place in range(3):
        begin(watch, place)
    items = window.run_list.list
    watch.choose(watch.records[0])
    take_focus(qtbot, items)
    qtbot.keyClick(items, Qt.Key.Key_Down)
    assert watch.chosen is watch.records[1]
    assert len(watch.shown) == 1
    qtbot.keyClick(items, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert watch.shown == watch.records[1:]
    assert watch.chosen is watch.records[2]
    titles = [one.title for one in series_of(watch, dark=True)]
    assert "A  Loss" in titles
    assert "B  Loss, validation" in titles
    window.run_list.new.click()
    assert watch.chosen is None
    assert items.selectedItems() == []
    assert window.form.isVisible()


def test_news_do_not_change_what_is_selected(window: TrainingWindow, watch: RunWatch) -> None:
    begin(watch, 0)
    watch.choose(watch.records[0], watch.records[:2])
    tell(watch, watch.records[0], steps(51, 60), status=RunStatus.RUNNING)
    watch.set_runs([record.folder for record in watch.records])
    assert watch.shown == watch.records[:2]
    assert len(window.run_list.list.selectedItems()) == 2


def test_the_page_of_a_running_run(window: TrainingWindow, watch: RunWatch) -> None:
    record = begin(watch)
    watch.choose(record)
    page = window.run_page
    assert page.numbers.values["Step"].text() == "50 of 10,000"
    assert page.numbers.values["Per step"].text() == "0.5 s"
    assert page.numbers.values["Patches"].text() == "4 /s"
    assert page.numbers.values["Learning rate"].text() == "0.001"
    assert page.stop.isVisible()
    assert not page.resume.isVisible()
    assert not page.use.isEnabled()
    assert "no usable model yet" in page.use.toolTip()


@pytest.mark.parametrize(("width", "rows"), [(1400, 1), (480, 2)])
def test_the_numbers_take_two_rows_where_one_is_too_narrow(qtbot: QtBot, width: int, rows: int) -> None:
    numbers = RunNumbers()
    qtbot.addWidget(numbers)
    numbers.resize(width, 80)
    numbers.show()
    numbers.layout().activate()
    places = {label.mapTo(numbers, label.rect().topLeft()).y() for label in numbers.values.values()}
    assert len(places) == rows
    assert max(label.mapTo(numbers, label.rect().topRight()).x() for label in numbers.values.values()) < width


@pytest.mark.parametrize(
    ("status", "words", "button"),
    [
        (RunStatus.PREPARED, "not started yet", "Start"),
        (RunStatus.STOPPED, "Stopped on request at step 50", "Resume"),
        (RunStatus.FAILED, "The disk is full.", "Resume"),
        (RunStatus.DIED, "without a word at step 50", "Resume"),
        (RunStatus.FINISHED, "Finished after 50 steps", ""),
    ],
)
def test_every_end_has_its_words_and_its_way_on(
    window: TrainingWindow, watch: RunWatch, status: RunStatus, words: str, button: str
) -> None:
    record = begin(watch)
    watch.choose(record)
    tell(watch, record, Event("failed", 1.0, {"message": "The disk is full"}), status=status)
    page = window.run_page
    assert words in page.status.text()
    assert page.resume.isVisible() == bool(button)
    assert page.resume.text() == button or not button
    assert page.status.objectName() == ("problem" if status in (RunStatus.FAILED, RunStatus.DIED) else "quiet")


def test_warnings_and_log(window: TrainingWindow, watch: RunWatch) -> None:
    record = begin(watch)
    watch.choose(record)
    tell(watch, record, Event("warning", 1.0, {"message": "Case 3 is bad"}), status=RunStatus.RUNNING, log="a\nb")
    page = window.run_page
    assert "⚠ Case 3 is bad" in page.texts.messages.toPlainText()
    assert page.texts.log.toPlainText() == "a\nb"
    assert "learning_rate" in page.texts.settings.toPlainText()
    assert page.texts.tabText(0) == "Messages (⚠ 1)"


# curves


def test_curves_are_drawn_where_they_belong(window: TrainingWindow, watch: RunWatch) -> None:
    watch.choose(begin(watch))
    curves = window.run_page.curves
    curves.redraw()
    names = {plot: sorted(name for _run, name in curves.plots[plot]._lines) for plot in curves.plots}
    assert names == {
        "loss": ["loss", "val_loss"],
        "metrics": ["dice", "val_dice_wt"],
        "learning_rate": ["learning_rate"],
    }
    run = str(watch.chosen.folder.path)
    training, validation = (curves.plots["loss"]._lines[run, name] for name in ("loss", "val_loss"))
    assert training.opts["pen"].style() == Qt.PenStyle.SolidLine
    assert validation.opts["pen"].style() == Qt.PenStyle.DashLine
    assert validation.opts["symbol"] is not None
    np.testing.assert_allclose(training.getData()[1], 1 / np.arange(1, 51))


def best(epoch: int, step: int, **metrics: float) -> tuple[Event, Event]:
    """An epoch, and the model that was written because it is the best so far."""
    about = {"epoch": epoch, "step": step}
    judged = {"folder": "model", "metrics": metrics, **about, "judged_by": "val_dice_mean"}
    return Event("epoch", 1.0, {**about, "metrics": metrics}), Event("model", 1.0, judged)


def test_the_best_epoch_is_marked_in_its_curve_and_in_words(window: TrainingWindow, watch: RunWatch) -> None:
    record = begin(watch)
    watch.choose(record)
    curves, page = window.run_page.curves, window.run_page
    curves.redraw()
    assert curves.plots["metrics"].marks.texts == []
    assert page.numbers.values["Best"].text() == "–"
    worse = Event("epoch", 1.0, {"epoch": 3, "step": 150, "metrics": {"val_dice_mean": 0.4}})
    tell(watch, record, *best(2, 100, val_dice_mean=0.625), worse, status=RunStatus.RUNNING)
    curves.redraw()
    marks = curves.plots["metrics"].marks
    assert marks.texts == ["best, epoch 2"]
    (line, ring), *_ = marks._items.values()
    assert line.value() == 100
    assert [list(axis) for axis in ring.getData()] == [[100.0], [0.625]]
    assert curves.plots["loss"].marks.texts == []
    assert page.numbers.values["Best"].text() == "epoch 2 · 0.625"
    tell(watch, record, *best(4, 200, val_dice_mean=0.75), status=RunStatus.FINISHED)
    curves.redraw()
    assert marks.texts == ["best, epoch 4"]
    assert (
        "The model is that of epoch 4, the best so far: mean Dice of the held-back cases 0.750." in page.status.text()
    )


def test_a_mark_goes_with_its_curve_and_names_its_run(window: TrainingWindow, watch: RunWatch) -> None:
    for place, epoch in enumerate((2, 5)):
        tell(watch, begin(watch, place), *best(epoch, 50 * epoch, val_dice_mean=0.5), status=RunStatus.RUNNING)
    watch.choose(watch.records[0], watch.records[:2])
    curves = window.run_page.curves
    curves.redraw()
    marks = curves.plots["metrics"].marks
    assert marks.texts == ["A best, epoch 2", "B best, epoch 5"]
    names = [one.name for one in series_of(watch, dark=True)]
    item = curves.legend.table.topLevelItem(names.index("val_dice_mean"))
    item.setCheckState(0, Qt.CheckState.Unchecked)
    assert marks.texts == []


def test_hovering_shows_the_values_there(qtbot: QtBot, window: TrainingWindow, watch: RunWatch) -> None:
    watch.choose(begin(watch))
    curves = window.run_page.curves
    curves.redraw()
    curves.show_step(4.3)
    table = curves.legend.table
    rows = {table.topLevelItem(n).text(0): table.topLevelItem(n).text(1) for n in range(table.topLevelItemCount())}
    assert rows["Loss"] == "0.25"
    assert rows["Loss, validation"] == "–"  # there is none at that step
    assert curves.legend._at.text() == "At step 4"
    take_focus(qtbot, curves)
    qtbot.keyClick(curves, Qt.Key.Key_Right)
    assert curves.legend._at.text() == "At step 5"
    curves.show_step(None)
    assert curves.legend._at.text() == "Newest values"


def test_a_mouse_over_a_plot_hovers(qtbot: QtBot, window: TrainingWindow, watch: RunWatch) -> None:
    watch.choose(begin(watch))
    curves = window.run_page.curves
    curves.redraw()
    plot = curves.plots["loss"]
    middle = QPointF(plot.viewport().rect().center())
    none = Qt.MouseButton.NoButton
    move = QMouseEvent(
        QEvent.Type.MouseMove, middle, plot.mapToGlobal(middle), none, none, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.waitSignal(plot.step_hovered) as hovered:
        QApplication.sendEvent(plot.viewport(), move)
    assert 20 < hovered.args[0] < 30  # the middle of 50 steps


def test_the_log_scale_and_values_that_have_no_logarithm(window: TrainingWindow, watch: RunWatch) -> None:
    record = begin(watch)
    tell(
        watch,
        record,
        StepBlock(np.array([51.0, 52]), {"loss": np.array([0.0, -1])}, 1, 0, 0),
        status=RunStatus.RUNNING,
    )
    watch.choose(record)
    curves = window.run_page.curves
    curves.log_scale.setChecked(True)
    y = curves.plots["loss"]._lines[(str(record.folder.path), "loss")].getData()[1]
    np.testing.assert_allclose(y[:50], np.log10(1 / np.arange(1, 51)))
    assert np.isnan(y[50:]).all()


def test_a_hidden_curve_is_not_drawn(window: TrainingWindow, watch: RunWatch) -> None:
    watch.choose(begin(watch))
    curves = window.run_page.curves
    curves.redraw()
    item = curves.legend.table.topLevelItem(0)
    item.setCheckState(0, Qt.CheckState.Unchecked)
    assert [name for _run, name in curves.plots["loss"]._lines] == ["val_loss"]
    item.setCheckState(0, Qt.CheckState.Checked)
    assert len(curves.plots["loss"]._lines) == 2


def test_zooming_stops_following_and_home_starts_again(qtbot: QtBot, window: TrainingWindow, watch: RunWatch) -> None:
    record = begin(watch)
    watch.choose(record)
    curves = window.run_page.curves
    curves.redraw()
    take_focus(qtbot, curves)
    qtbot.keyClick(curves, Qt.Key.Key_Plus)
    zoomed = curves.plots["loss"].box.viewRange()[0]
    tell(watch, record, steps(51, 500), status=RunStatus.RUNNING)
    curves.redraw()
    assert curves.plots["loss"].box.viewRange()[0] == zoomed
    qtbot.keyClick(curves, Qt.Key.Key_Home)
    low, high = curves.plots["loss"].box.viewRange()[0]
    assert low < 0 < 500 < high


def test_smoothing_keeps_the_values_faintly(window: TrainingWindow, watch: RunWatch) -> None:
    record = begin(watch, until=2000)
    watch.choose(record)
    curves = window.run_page.curves
    curves.smoothing.setValue(50)
    curves.redraw()
    assert curves.mean_steps == 32
    assert [name for _run, name in curves.plots["loss"]._faint] == ["loss"]
    curves.smoothing.setValue(0)
    curves.redraw()
    assert curves.plots["loss"]._faint == {}


def test_a_hundred_thousand_steps_stay_fluid(window: TrainingWindow, watch: RunWatch) -> None:
    record = begin(watch, until=100_000)
    watch.choose(record)
    curves = window.run_page.curves
    curves.smoothing.setValue(50)
    curves.redraw()
    times = []
    for number in range(100_001, 100_021):
        start = time.perf_counter()
        tell(watch, record, steps(number, number), status=RunStatus.RUNNING)
        curves.redraw()
        times.append(time.perf_counter() - start)
    x, _ = curves.plots["loss"]._lines[(str(record.folder.path), "loss")].getData()
    assert len(x) < 4000
    assert np.median(times) < 0.1  # measured: about 0.007 s


# pictures


def test_the_newest_picture_is_followed_until_the_slider_is_moved(
    window: TrainingWindow, watch: RunWatch, tmp_path: Path
) -> None:
    record = begin(watch)
    watch.choose(record)
    view = window.run_page.validation

    def validated(epoch: int) -> Event:
        file = tmp_path / "one" / f"{epoch}.png"
        file.parent.mkdir(exist_ok=True)
        pixmap = QPixmap(40, 20)
        pixmap.fill(QColor(10 * epoch, 0, 0))
        pixmap.save(str(file))
        return Event("validated", 1.0, {"epoch": epoch, "case": "P1", "dice": {"WT": 0.5}, "picture": file.name})

    view.picture_wanted.connect(lambda file: view.show_picture(file, QImage(str(file))))
    assert view.picture._pixmap.isNull()
    for epoch in (1, 2):
        tell(watch, record, validated(epoch), status=RunStatus.RUNNING)
        assert view._epoch_text.text() == f"epoch {epoch}"
    assert view.picture._pixmap.toImage().pixelColor(5, 5) == QColor(20, 0, 0)
    assert view._dice.text() == "WT 0.500"
    view.epoch.setValue(0)
    tell(watch, record, validated(3), status=RunStatus.RUNNING)
    assert view._epoch_text.text() == "epoch 1"
    view.epoch.setValue(2)
    tell(watch, record, validated(4), status=RunStatus.RUNNING)
    assert view._epoch_text.text() == "epoch 4"


def test_a_picture_that_is_missing_is_said(window: TrainingWindow, watch: RunWatch) -> None:
    record = begin(watch)
    watch.choose(record)
    event = Event("validated", 1.0, {"epoch": 1, "case": "P1", "dice": {}, "picture": "nowhere.png"})
    wanted: list[Path] = []
    view = window.run_page.validation
    view.picture_wanted.connect(wanted.append)
    for _ in range(2):  # it is asked for again as long as it is not there
        tell(watch, record, event, status=RunStatus.RUNNING)
        view.show_picture(wanted[-1], QImage())
    assert [file.name for file in wanted] == ["nowhere.png"] * 2
    assert "not there yet" in view.picture._missing


def test_the_picture_before_stays_until_the_next_is_read(window: TrainingWindow, watch: RunWatch) -> None:
    record = begin(watch)
    watch.choose(record)
    view, wanted, red = window.run_page.validation, [], QImage(4, 4, QImage.Format.Format_RGB32)
    red.fill(QColor(200, 0, 0))
    view.picture_wanted.connect(wanted.append)
    for epoch in (1, 2):
        values = {"epoch": epoch, "case": "P1", "dice": {}, "picture": f"{epoch}.png"}
        tell(watch, record, Event("validated", 1.0, values), status=RunStatus.RUNNING)
        view.show_picture(record.folder.path / "1.png", red)  # too late for the second one
    assert [file.name for file in wanted] == ["1.png", "2.png"]
    assert view.picture._pixmap.toImage().pixelColor(1, 1) == QColor(200, 0, 0)
    view.show_picture(record.folder.path / "2.png", QImage())
    assert view.picture._pixmap.isNull()
