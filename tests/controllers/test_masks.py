"""Masks: added, and scored whenever the two compared change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.layers.masks import MasksController
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.evaluation.metrics.comparison import Comparison, compare
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.state.layers.layers import Layer, LayerRole, OverlayStyle
from brainseg_gui.state.session import Session


@pytest.fixture
def masks(parts: Any) -> Iterator[MasksController]:
    controller = core_controllers.masks(parts)
    yield controller
    controller.close()


@pytest.fixture
def opened(masks: MasksController, session: Session, case: Case) -> MasksController:
    session.open(case)
    return masks


@pytest.fixture
def scored(qtbot: QtBot, session: Session) -> Callable[[], None]:
    """Wait for scores that are those of the two layers that are compared now."""

    def right() -> bool:
        layers = session.layers
        return _counts(session.comparison) == _counts(compare(layers.reference.labels, layers.prediction.labels))

    return lambda: qtbot.waitUntil(right)


def _counts(comparison: Comparison | None) -> Any:
    """Voxels of every row; distances, which may follow later, do not matter here."""
    return comparison and [(row.region.key, row.counts) for row in comparison.rows]


# --- adding -----------------------------------------------------------------------------------------------------


def test_the_first_added_mask_is_the_reference_and_the_next_is_compared_with_it(
    qtbot: QtBot, masks: MasksController, session: Session, case: Case, folder: Path, scored: Callable[[], None]
) -> None:
    from dataclasses import replace

    session.open(replace(case, reference=None))
    path = folder / "Toy_001_seg.nii.gz"
    masks.add_mask(path)
    qtbot.waitUntil(lambda: len(session.layers) == 1)
    reference = session.layers.reference
    assert (reference.name, reference.role, reference.style) == (
        "Toy_001_seg",
        LayerRole.REFERENCE,
        OverlayStyle.OUTLINE,
    )
    assert reference.saved_as == path
    assert reference.labels.scheme == scheme_named("brats2020")
    assert "BraTS 2017–2021" in session.notice.what
    masks.add_mask(path)
    qtbot.waitUntil(lambda: len(session.layers) == 2)
    assert session.layers.prediction.name == "Toy_001_seg 2"
    assert session.layers.prediction.style is OverlayStyle.FILL
    scored()
    assert [row.dice for row in session.comparison.rows] == [1.0] * len(session.comparison.rows)


def test_a_poor_prediction_is_read_like_the_reference_as_in_a_cohort(
    qtbot: QtBot, opened: MasksController, session: Session, folder: Path, tmp_path: Path
) -> None:
    """Where the labels of a poor prediction lie must not change what its numbers mean."""
    image = nib.load(folder / "Toy_001_seg.nii.gz")
    swapped = np.array([0, 4, 1, 0, 2], np.uint8)[np.asarray(image.dataobj).astype(np.uint8)]
    path = tmp_path / "poor.nii.gz"
    nib.save(nib.Nifti1Image(swapped, image.affine), path)
    opened.add_mask(path)
    qtbot.waitUntil(lambda: len(session.layers) == 2)
    assert session.layers.prediction.labels.scheme == session.layers.reference.labels.scheme
    assert "read like the reference's" in session.notice.what
    assert "--" not in session.notice.what  # no option of a command line


def test_the_dialog_adds_every_mask_that_it_returns(
    qtbot: QtBot, opened: MasksController, session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(folder / "Toy_001_seg.nii.gz")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([path, path], ""))
    opened.choose_mask()
    qtbot.waitUntil(lambda: len(session.layers) == 3)


def test_without_a_case_no_mask_is_added(masks: MasksController, session: Session, folder: Path) -> None:
    masks.choose_mask()
    assert session.notice.what == "A mask is added to an open case"
    masks.add_mask(folder / "Toy_001_seg.nii.gz")
    masks.add_resampled()
    assert len(session.layers) == 0


def test_an_image_is_no_mask(qtbot: QtBot, opened: MasksController, session: Session, folder: Path) -> None:
    before = list(session.layers)
    opened.add_mask(folder / "Toy_001_t1.nii.gz")
    qtbot.waitUntil(lambda: session.notice is not None)
    assert session.notice.what.startswith("Toy_001_t1.nii.gz: ")
    assert "not a mask" in session.notice.what
    assert list(session.layers) == before


def test_a_mask_on_another_grid_is_refused_or_resampled(
    qtbot: QtBot, opened: MasksController, session: Session, toy_case: Any, tmp_path: Path
) -> None:
    other = toy_case(tmp_path, case_id="Coarse", shape=(12, 14, 10), spacing=(2.0, 2.0, 2.0))
    opened.add_mask(other / "Coarse_seg.nii.gz")
    qtbot.waitUntil(lambda: session.notice is not None)
    assert "12×14×10 voxels instead of 24×28×20" in session.notice.what
    assert session.notice.actions == (("Resample the mask", "layers.resample"),)
    assert len(session.layers) == 1
    opened.add_resampled()
    qtbot.waitUntil(lambda: len(session.layers) == 2)
    assert session.layers.prediction.labels.values.shape == (24, 28, 20)


def test_a_mask_for_a_case_that_is_gone_is_dropped(
    qtbot: QtBot,
    opened: MasksController,
    session: Session,
    folder: Path,
    toy_case: Any,
    tmp_path: Path,
    read: Callable[[Path], Case],
    gate: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from brainseg_gui.imaging.formats import reading

    read_label_map = reading.read_label_map

    def slowly(*arguments: Any, **options: Any) -> LabelMap:
        gate.wait()
        return read_label_map(*arguments, **options)

    monkeypatch.setattr(reading, "read_label_map", slowly)
    opened.add_mask(folder / "Toy_001_seg.nii.gz")
    qtbot.waitUntil(lambda: gate.reached == 1)
    session.open(read(toy_case(tmp_path, case_id="Toy_002")))
    gate.open()
    qtbot.waitUntil(lambda: not opened._jobs)
    assert [layer.name for layer in session.layers] == ["reference"]


# --- comparing --------------------------------------------------------------------------------------------------


def test_two_layers_are_scored(
    opened: MasksController,
    session: Session,
    case: Case,
    predict: Callable[..., Layer],
    scored: Callable[[], None],
) -> None:
    assert session.comparison is None
    layer = predict()
    scored()
    a, b = case.reference.values > 0, layer.labels.values > 0
    assert session.comparison.row("WT").dice == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()))
    assert session.comparison.row("WT").reference_ml == pytest.approx(a.sum() / 1000)


def test_the_scores_follow_the_layers_and_their_schemes(
    opened: MasksController, session: Session, predict: Callable[..., Layer], scored: Callable[[], None]
) -> None:
    first, second = predict(1), predict(3)
    scored()
    worse = session.comparison.row("WT").dice
    session.layers.remove(second)
    scored()
    assert session.comparison.row("WT").dice > worse
    before = _counts(session.comparison)
    first.labels = first.labels.with_scheme(scheme_named("msd"))
    scored()
    assert _counts(session.comparison) != before
    session.layers.remove(session.layers.reference)
    assert session.comparison is None
    session.layers.clear()
    assert session.comparison is None


def test_appearance_alone_is_not_scored_again(
    qtbot: QtBot,
    opened: MasksController,
    session: Session,
    predict: Callable[..., Layer],
    tmp_path: Path,
) -> None:
    layer = predict()
    qtbot.waitUntil(lambda: session.comparison is not None and not opened._jobs)
    before = session.comparison
    layer.visible = False
    layer.style = OverlayStyle.OUTLINE
    layer.saved_as = tmp_path
    assert not opened._jobs
    assert session.comparison is before


def test_the_panel_chooses_which_two_are_compared(
    opened: MasksController,
    session: Session,
    parts: Any,
    predict: Callable[..., Layer],
    scored: Callable[[], None],
) -> None:
    first, second = predict(1), predict(3)
    reference = session.layers.reference
    choose = parts.window.panels.named("Layers")().compare_requested
    choose.emit(first, False)
    assert (session.layers.reference, session.layers.prediction) == (reference, first)
    choose.emit(first, True)
    assert (session.layers.reference, session.layers.prediction) == (first, reference)
    choose.emit(second, False)
    assert (session.layers.reference, session.layers.prediction) == (first, second)
    scored()


def test_only_the_last_of_two_scores_is_shown(
    qtbot: QtBot,
    opened: MasksController,
    session: Session,
    predict: Callable[..., Layer],
    scored: Callable[[], None],
    gate: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from brainseg_gui.controllers.layers import masks as module

    def slowly(reference: LabelMap, prediction: LabelMap) -> Any:
        gate.wait()
        return compare(reference, prediction)

    monkeypatch.setattr(module, "compare", slowly)
    shown: list[Any] = []
    session.comparison_changed.connect(lambda: shown.append(session.comparison))
    predict(1)
    qtbot.waitUntil(lambda: gate.reached == 1)
    second = predict(3)
    gate.open(2)
    qtbot.waitUntil(lambda: not opened._jobs)
    scored()
    wanted = _counts(compare(session.layers.reference.labels, second.labels))
    assert {str(_counts(comparison)) for comparison in shown if comparison is not None} == {str(wanted)}


def test_a_comparison_that_fails_is_said(
    qtbot: QtBot,
    opened: MasksController,
    session: Session,
    predict: Callable[..., Layer],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("brainseg_gui.controllers.layers.masks.compare", fail)
    predict()
    qtbot.waitUntil(lambda: session.notice is not None)
    assert session.comparison is None
    assert "inside the program" in session.notice.what
    assert len(caplog.records) == 1


def test_what_is_no_longer_compared_is_not_measured_to_its_end(
    qtbot: QtBot,
    opened: MasksController,
    session: Session,
    predict: Callable[..., Layer],
    scored: Callable[[], None],
    gate: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A failure of the old comparison says nothing, and takes no scores away."""

    def fail_the_first(reference: LabelMap, prediction: LabelMap) -> Any:
        if prediction is first.labels:
            gate.wait()
            raise ZeroDivisionError
        return compare(reference, prediction)

    monkeypatch.setattr("brainseg_gui.controllers.layers.masks.compare", fail_the_first)
    first = Layer("first", LayerRole.PREDICTION, session.layers.reference.labels.with_scheme(scheme_named("msd")))
    session.layers.add(first)
    qtbot.waitUntil(lambda: gate.reached == 1)
    predict(3)
    scored()
    gate.open()
    qtbot.waitUntil(lambda: not opened._jobs)
    assert session.notice is None
    scored()


def test_closing_the_program_does_not_wait_for_scores(
    qtbot: QtBot, opened: MasksController, session: Session, predict: Callable[..., Layer]
) -> None:
    predict()
    qtbot.waitUntil(lambda: session.comparison is not None)
    opened.close()
    qtbot.waitUntil(lambda: not opened._jobs)
