"""The Prepare panel: series and roles, one button, a cancel that leaves nothing, and the mask back on each series."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.layers.files import FilesController
from brainseg_gui.controllers.preparing.preparing import PreparingController
from brainseg_gui.controllers.shell.features.preparing_feature import PREPARE
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.imaging.volume import Volume
from brainseg_gui.preparation.registration.motion import Alignment
from brainseg_gui.preparation.roles import Certainty, Role
from brainseg_gui.preparation.steps.work import StepDone
from brainseg_gui.progress import Progress
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.views.preparing.prepare_panel import PreparePanel
from tests.preparation.conftest import Series, write_classic
from tests.preparation.heads import T1CE, T2, brain, grid_of, head
from tests.preparation.test_prepared_case import save
from tests.preparation.test_steps import seeing

GRID = grid_of((20, 22, 20), (4.0, 4.0, 4.0))
HEADS = grid_of((34, 42, 40), (5.0, 5.0, 5.0))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for name, contrast in (("t1_gd", T1CE), ("ax_t2", T2)):
        save(head(GRID, contrast), tmp_path / "Jane" / f"{name}.nii.gz")
    return tmp_path / "Jane"


def _still(fixed: Volume, moving: Volume) -> Iterator[Progress]:
    yield Progress("registering", 0.5)
    return Alignment(np.eye(4))


@pytest.fixture
def files(parts: Any) -> Iterator[FilesController]:
    controller = FilesController(*parts)
    yield controller
    controller.close()


@pytest.fixture
def preparing(parts: Any, files: FilesController, monkeypatch: pytest.MonkeyPatch) -> Iterator[PreparingController]:
    monkeypatch.setattr("brainseg_gui.preparation.steps.agreement.register", _still)
    monkeypatch.setattr("brainseg_gui.inference.models.head_model.shipped_head_model", lambda task: None)

    def segment() -> None:
        case = parts.session.case
        values = np.zeros(case.grid.shape, np.uint8)
        i, j, k = case.grid.centre
        values[i - 20 : i + 20, j - 20 : j + 20, k - 20 : k + 20] = 4
        labels = LabelMap(values, case.grid, scheme_named("brats2020"))
        parts.session.add_prediction(Layer("prediction", LayerRole.PREDICTION, labels, "a network"))

    panel = parts.window.panels[PREPARE]
    leave = partial(parts.window.panels.leave, PREPARE.title)
    controller = PreparingController(*parts, files, panel, panel, leave, lambda: None, segment, lambda: None)
    yield controller
    controller.close()


@pytest.fixture
def heads(raw: Path) -> Path:
    """The same, whole heads."""
    for name, contrast in (("t1_gd", T1CE), ("ax_t2", T2)):
        save(head(HEADS, contrast), raw / f"{name}.nii.gz")
    return raw


@pytest.fixture
def panel(parts: Any, preparing: PreparingController, raw: Path, qtbot: QtBot) -> PreparePanel:
    """The panel of an examination whose series are known."""
    preparing.look(raw)
    qtbot.waitUntil(lambda: parts.session.preparing.choice is not None)
    found = parts.window.panels[PREPARE]()
    assert isinstance(found, PreparePanel)
    return found


def _button(panel: PreparePanel, words: str) -> QPushButton:
    return next(button for button in panel.findChildren(QPushButton) if button.text() == words)


def _primary(parts: Any) -> list[str]:
    """The buttons that are shown as the next step."""
    panels = [parts.window.panels.named(name)() for name in ("Segment", "Prepare")]
    return [b.text() for one in panels for b in one.findChildren(QPushButton) if b.objectName() == "primary"]


def _role(panel: PreparePanel, row: int) -> QComboBox:
    return panel.rows[row].role


def test_the_series_stand_there_with_what_they_are_taken_for_and_why(panel: PreparePanel) -> None:
    rows = [(panel.rows[row].name.text(), _role(panel, row).currentText()) for row in range(2)]
    assert rows == [("ax_t2", "T2"), ("t1_gd", "T1ce")]
    assert "its name says so" in _role(panel, 0).toolTip()
    assert _button(panel, "Prepare and segment").isEnabled()
    assert not _button(panel, "Cancel").isEnabled()


def test_what_lies_on_a_disc_is_prepared_into_ones_own_folder(
    preparing: PreparingController, parts: Any, raw: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = parts.session.preparing
    preparing.look(raw)
    qtbot.waitUntil(lambda: state.output is not None)
    assert state.output == raw.parent / "Jane prepared"
    monkeypatch.setattr("os.access", lambda place, _mode: Path(place) != raw.parent)
    preparing.look(raw)
    qtbot.waitUntil(lambda: state.output == Path.home() / "Jane prepared")


def test_a_case_that_it_says_nothing_of_gets_the_layers_back(
    panel: PreparePanel, parts: Any, files: FilesController, toy_case: Any, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitExposed(parts.window):
        parts.window.show()
    dock = parts.window.panels.dock
    parts.window.panels.show(PREPARE.title)
    qtbot.waitUntil(lambda: dock("Prepare").in_front)
    files.open_paths([toy_case(tmp_path / "another")])
    qtbot.waitUntil(lambda: dock("Layers").in_front)
    assert not dock("Prepare").in_front


def test_what_is_prepared_anew_is_segmented_anew(
    panel: PreparePanel, preparing: PreparingController, parts: Any, raw: Path, qtbot: QtBot
) -> None:
    """The mask that the images before had, which no file holds, is neither shown over these nor brought back."""
    state, layers = parts.session.preparing, parts.session.layers
    for seed in (1, 2):
        save(head(GRID, T2, seed=seed), raw / "ax_t2.nii.gz")
        preparing.look(raw)
        qtbot.waitUntil(lambda: state.choice is not None and not state.running, timeout=30_000)
        _button(panel, "Prepare and segment").click()
        qtbot.waitUntil(lambda: state.outcome.startswith("The mask lies on each of the 2"), timeout=60_000)
        assert [layer.role for layer in layers] == [LayerRole.PREDICTION]
        state.outcome = ""


def test_what_is_wrong_whatever_each_series_is_stands_there_before_anything_is_prepared(
    preparing: PreparingController, parts: Any, tmp_path: Path, qtbot: QtBot
) -> None:
    """Names burned into pixels, files of perhaps two cases: once told when all was done, or never."""
    for name, contrast in (("001_t1_gd", T1CE), ("002_t2", T2)):
        save(head(GRID, contrast), tmp_path / "Two" / f"{name}.nii.gz")
    pixels = np.arange(7 * 6 * 5, dtype=np.uint16).reshape(7, 6, 5)
    tags = {"SeriesDescription": "t2_flair", "BurnedInAnnotation": "YES"}
    write_classic(tmp_path / "Two" / "scan", Series(pixels, tags=tags))
    state = parts.session.preparing
    preparing.look(tmp_path / "Two")
    qtbot.waitUntil(lambda: state.choice is not None)
    panel = parts.window.panels[PREPARE]()
    told = next(label.text() for label in panel.findChildren(QLabel) if "Look at this" in label.text())
    assert "burned into its pixels" in told
    assert "have different numbers (001 and 002)" in told
    preparing.choosing.take_for(next(one.number for one in state.examination.series if one.burned_in), None)
    assert len(state.doubts) == 1


def test_long_names_of_files_and_folders_leave_what_each_series_is_in_sight(
    preparing: PreparingController, parts: Any, tmp_path: Path, qtbot: QtBot
) -> None:
    """A folder or a doubt with one long word made the page wider than its dock: every role lay outside."""
    place = tmp_path / "OSTEUROPA-GLIOMA-2024_patient_000123_baseline_before_resection"
    names = ("001_t1_mprage_sag_p2_iso_KM_Gadovist_nach_zehn_Minuten_MPR_Range", "002_t2_tse_tra_" + 40 * "x")
    for name, contrast in zip(names, (T1CE, T2), strict=True):
        save(head(GRID, contrast), place / f"{name}.nii.gz")
    state = parts.session.preparing
    preparing.look(place)
    qtbot.waitUntil(lambda: state.choice is not None and not state.running)
    panel = parts.window.panels[PREPARE]()
    assert state.doubts
    assert panel.minimumSizeHint().width() <= 320
    assert panel.page.page.minimumSizeHint().width() <= 320
    doubt = next(one for one in panel.findChildren(QLabel) if "Look at this" in one.text())
    assert 0 <= panel.column.indexOf(doubt) < panel.column.indexOf(panel.rows[0].parentWidget())


def test_one_click_says_what_a_series_is(panel: PreparePanel, parts: Any) -> None:
    box = _role(panel, 0)
    box.setCurrentIndex(box.findText("FLAIR"))
    box.activated.emit(box.currentIndex())
    assert {m: one.number for m, one in parts.session.preparing.choice.chosen.items()} == {
        Modality.T1CE: 1,
        Modality.FLAIR: 0,
    }
    assert "chosen by the person" in box.toolTip()
    for row in range(2):
        box = _role(panel, row)
        box.setCurrentIndex(0)
        box.activated.emit(0)
    assert parts.session.preparing.choice is None
    assert not _button(panel, "Prepare and segment").isEnabled()


def test_one_button_makes_a_case_and_a_mask_for_each_series(
    panel: PreparePanel, parts: Any, raw: Path, qtbot: QtBot
) -> None:
    assert _primary(parts) == ["Prepare and segment"]
    _button(panel, "Prepare and segment").click()
    assert parts.session.preparing.running
    assert _primary(parts) == ["Prepare and segment"]
    native = raw.parent / "Jane prepared" / "Jane" / "native"
    qtbot.waitUntil(lambda: "lies on each of the 2 series" in parts.session.preparing.outcome, timeout=60_000)
    assert parts.session.case.case_id == "Jane"
    assert sorted(path.name for path in native.glob("*.nii.gz")) == ["ax_t2_pred.nii.gz", "t1_gd_pred.nii.gz"]
    assert [step.name for step in parts.session.preparing.steps][:2] == ["reading series", "registering"]
    assert "The skull stays" in parts.session.preparing.doubts[0]
    assert _primary(parts) == ["Segment"]
    assert sorted(path.name for path in raw.iterdir()) == ["ax_t2.nii.gz", "t1_gd.nii.gz"]
    (doubts,) = (label for label in panel.findChildren(QLabel) if label.text().startswith("Look at this"))
    assert doubts.objectName() == "problem"
    assert "The skull stays" in doubts.text()
    panel.role_chosen.emit(1, None)
    assert parts.session.preparing.outcome == "Prepare again, so that the changed roles count"


def test_what_a_person_leaves_out_is_not_told_to_be_taken_by_another(
    panel: PreparePanel, preparing: PreparingController, parts: Any
) -> None:
    preparing.choosing.take_for(1, None)
    assert _role(panel, 0).currentText() == "not used"
    assert panel.rows[0].why.text().endswith("left out; it would be T2: its name says so")
    assert parts.session.preparing.outcome == ""
    preparing.choosing.take_for(2, Modality.T2)
    assert panel.rows[0].why.text().endswith("another one is taken for T2")
    preparing.choosing.take_for(1, Modality.T2)
    assert _role(panel, 0).currentText() == "T2"


def test_a_mask_on_a_series_that_was_not_registered_is_told_to_lie_wrongly(
    panel: PreparePanel, parts: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(fixed: Volume, moving: Volume) -> Iterator[Progress]:
        yield Progress("registering", 0.5)
        return Alignment(np.eye(4), problem="it covers 3% of the reference's head")

    monkeypatch.setattr("brainseg_gui.preparation.steps.agreement.register", lost)
    _button(panel, "Prepare and segment").click()
    state = parts.session.preparing
    qtbot.waitUntil(lambda: "lies on each of the 2 series" in state.outcome, timeout=60_000)
    assert state.outcome.endswith("Not at its place on T2, which could not be registered")
    assert parts.session.case.not_registered == (Modality.T2,)  # no network is shown it
    assert Modality.T2 in parts.session.case.volumes  # a person is
    words = "it covers 3% of the reference's head. Place it by hand, in the Prepare panel"
    assert any(words in doubt and "--role t2=none" in doubt for doubt in state.doubts)


def test_what_fits_nothing_is_not_segmented_by_itself(
    preparing: PreparingController, parts: Any, raw: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that saw the first image alone drew 9 ml where nothing was; who wants that still can."""

    def lost(fixed: Volume, moving: Volume) -> Iterator[Progress]:
        yield Progress("registering", 0.5)
        return Alignment(np.eye(4), problem="it covers 3% of the reference's head")

    monkeypatch.setattr("brainseg_gui.preparation.steps.agreement.register", lost)
    save(head(GRID, T2, seed=5), raw / "flair.nii.gz")
    state = parts.session.preparing
    preparing.look(raw)
    qtbot.waitUntil(lambda: state.choice is not None and not state.running)
    preparing.prepare()
    qtbot.waitUntil(lambda: state.outcome.startswith("Prepared, but not segmented: no two"), timeout=60_000)
    assert not state.running
    assert not [layer for layer in parts.session.layers if layer.role is LayerRole.PREDICTION]
    assert state.doubts[0].startswith("No two of T1ce, T2 and FLAIR fit each other")
    preparing._after._segment()
    qtbot.waitUntil(lambda: "lies on each of the 3 series" in state.outcome, timeout=60_000)


def test_a_case_is_segmented_once_not_whenever_it_is_opened(
    panel: PreparePanel, preparing: PreparingController, parts: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(preparing._after, "_segment", lambda: asked.append(True))  # a network that gives nothing
    _button(panel, "Prepare and segment").click()
    qtbot.waitUntil(lambda: bool(asked), timeout=60_000)
    parts.session.case_changed.emit()
    assert len(asked) == 1


def test_a_cancel_leaves_nothing(panel: PreparePanel, parts: Any, raw: Path, qtbot: QtBot) -> None:
    state = parts.session.preparing
    _button(panel, "Prepare and segment").click()
    _button(panel, "Cancel").click()
    assert state.stage == "cancelling", "whatever it does until it ends"
    qtbot.waitUntil(lambda: not state.running, timeout=60_000)
    assert state.outcome == "Cancelled; nothing was left behind"
    assert state.steps == ()
    assert not list((raw.parent / "Jane prepared").glob("*"))
    assert parts.session.case is None


def test_a_cancel_brings_back_the_doubts_of_the_case_that_stays(
    panel: PreparePanel, preparing: PreparingController, parts: Any, qtbot: QtBot
) -> None:
    """They were gone, as if all were well with it."""
    state = parts.session.preparing
    _button(panel, "Prepare and segment").click()
    qtbot.waitUntil(lambda: "lies on each of the 2 series" in state.outcome, timeout=60_000)
    before = state.doubts
    assert "The skull stays" in before[0]
    preparing.choosing.take_for(1, None)
    _button(panel, "Prepare and segment").click()
    _button(panel, "Cancel").click()
    qtbot.waitUntil(lambda: not state.running, timeout=60_000)
    assert state.outcome.startswith("Cancelled; the prepared case stays")
    assert state.doubts == before


def test_dicom_that_is_dropped_offers_to_be_prepared(
    parts: Any, files: FilesController, preparing: PreparingController, tmp_path: Path, qtbot: QtBot
) -> None:
    pixels = np.arange(7 * 6 * 5, dtype=np.uint16).reshape(7, 6, 5)
    for path in write_classic(tmp_path / "scan", Series(pixels, tags={"SeriesDescription": "t1_gd"})):
        path.rename(path.with_name(f"{path.name}.dcm"))
    files.take_dropped([tmp_path / "scan"])
    qtbot.waitUntil(lambda: parts.session.notice is not None)
    assert parts.session.notice.actions == (("Prepare it…", "file.prepare_asked"),)
    preparing.look_at_asked()
    qtbot.waitUntil(lambda: parts.session.preparing.choice is not None)
    assert parts.session.preparing.choice.reference is Modality.T1CE


def _dropped(files: FilesController, parts: Any, qtbot: QtBot, *paths: Path) -> list[bool]:
    """What is let go over the window; how often it was found to be raw."""
    found: list[bool] = []
    files.reading.raw_found.connect(lambda: found.append(True))
    files.take_dropped(paths)
    qtbot.waitUntil(lambda: parts.session.case is not None and not parts.session.opening.running)
    return found


def test_heads_that_are_dropped_open_and_their_series_stand_in_the_panel(
    parts: Any, files: FilesController, preparing: PreparingController, heads: Path, qtbot: QtBot
) -> None:
    """They lie on one grid, but show the skull; a file beside them whose name says nothing is a series too."""
    save(head(HEADS, T2), heads / "004.nii.gz")
    assert _dropped(files, parts, qtbot, heads) == [True]
    assert "show the skull" in parts.session.notice.what
    assert ("Prepare it…", "file.prepare_asked") in parts.session.notice.actions
    preparing.look_at_asked()
    qtbot.waitUntil(lambda: parts.session.preparing.choice is not None)
    state = parts.session.preparing
    names = {m: state.examination.series[one.number].name for m, one in state.choice.chosen.items()}
    assert names == {Modality.T1CE: "t1_gd", Modality.T2: "ax_t2"}
    assert all("chosen by the person" not in one.role.reason for one in state.choice.chosen.values())
    assert len(state.examination.series) == 3
    assert _primary(parts) == ["Prepare and segment"]


def test_series_on_grids_of_their_own_are_raw(
    parts: Any, files: FilesController, preparing: PreparingController, tmp_path: Path, qtbot: QtBot
) -> None:
    loose = [tmp_path / "Jane" / f"{name}.nii.gz" for name in ("t1_gd", "ax_t2")]
    save(head(HEADS, T1CE), loose[0])
    save(head(grid_of((20, 22, 15), (4.0, 4.0, 5.5)), T2), loose[1])
    assert _dropped(files, parts, qtbot, *loose) == [True]
    assert parts.session.notice.what.startswith("These look like raw series, which may lie beside each other")


@pytest.mark.parametrize("kind", ["stripped", "annotated", "prepared", "listed"])
def test_who_needs_no_preparing_is_not_led_to_it(
    parts: Any, files: FilesController, preparing: PreparingController, heads: Path, qtbot: QtBot, kind: str
) -> None:
    if kind == "stripped":
        for name, contrast in (("t1_gd", T1CE), ("ax_t2", T2)):
            image = head(HEADS, contrast, noise=0.0)
            bare = np.where(brain(HEADS), image.stored, 0).astype(np.int16)
            save(Volume(bare, HEADS, 1.0, 0.0, image.path), heads / f"{name}.nii.gz")
    elif kind == "annotated":
        tumour = np.zeros(HEADS.shape, np.int16)
        tumour[20:24, 24:28, 20:24] = 1
        save(Volume(tumour, HEADS, 1.0, 0.0, heads), heads / "seg.nii.gz")
    elif kind == "prepared":
        (heads / "preparation.json").write_text("{}")
    else:
        shutil.copytree(heads, heads.with_name("Mary"))
    assert _dropped(files, parts, qtbot, heads if kind != "listed" else heads.parent) == []
    assert kind != "listed" or "show the skull" in parts.session.notice.what  # said, but nobody is led away


def test_a_cancel_while_the_network_runs_keeps_the_prepared_case_and_says_so(
    panel: PreparePanel, preparing: PreparingController, parts: Any, raw: Path, qtbot: QtBot, monkeypatch: Any
) -> None:
    segmenting = parts.session.segmenting
    monkeypatch.setattr(preparing._after, "_segment", lambda: segmenting.begin("inferring"))
    monkeypatch.setattr(preparing, "_stop_segmenting", lambda: segmenting.end("Cancelled"))
    _button(panel, "Prepare and segment").click()
    qtbot.waitUntil(lambda: segmenting.running, timeout=60_000)
    assert parts.session.preparing.running
    assert not _button(panel, "Prepare and segment").isEnabled()
    _button(panel, "Cancel").click()
    assert not parts.session.preparing.running
    folder = raw.parent / "Jane prepared" / "Jane"
    assert parts.session.preparing.outcome == f"Not segmented; the prepared case stays, in {folder}"
    assert (folder / "preparation.json").is_file()


def test_steps_show_names_of_files_as_they_are(panel: PreparePanel, parts: Any) -> None:
    parts.session.preparing.steps = (StepDone("registering", ("<img src=x> & T2 lies there already",), 1.25),)
    text = next(label.text() for label in panel.findChildren(QLabel) if "Registering, 1.2 s" in label.text())
    assert "&lt;img src=x&gt; &amp; T2 lies there already" in text


def test_a_doubt_on_what_a_series_is_stands_beside_its_picture(panel: PreparePanel, parts: Any, qtbot: QtBot) -> None:
    state = parts.session.preparing
    qtbot.waitUntil(lambda: not state.looking)
    assert all(one.look is not None for one in state.examination.series)
    assert panel.rows[1].why.text() == "4.0×4.0×4.0 mm · sure: its name says so"
    assert panel.rows[1].why.objectName() == "quiet"
    reason = "its name says so, but the image looks like FLAIR (98%)"
    doubted = replace(state.choice.chosen[Modality.T2], role=Role(Modality.T2, Certainty.UNSURE, reason))
    state.choice = replace(state.choice, chosen={**state.choice.chosen, Modality.T2: doubted})
    assert panel.rows[0].why.text().endswith(f"unsure: {reason}")
    assert panel.rows[0].why.objectName() == "problem"


@pytest.fixture
def seeing_brains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brainseg_gui.controllers.preparing.preparing._finder", lambda engine: seeing("brain"))


def _export(panel: PreparePanel, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(folder), ""))
    _button(panel, "Export without face…").click()


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is prepared keeps the voxels of the reference: of a millimetre a whole head has seven millions."""
    monkeypatch.setattr("brainseg_gui.preparation.steps.placing.target_grid", lambda grid, _space: grid)


@pytest.mark.usefixtures("seeing_brains", "coarse")
@pytest.mark.parametrize("first", [False, True], ids=["at once", "when it is prepared"])
def test_the_series_leave_without_face_header_and_name(
    heads: Path, panel: PreparePanel, parts: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    state = parts.session.preparing
    if first:
        _button(panel, "Prepare and segment").click()
        qtbot.waitUntil(lambda: "lies on each of the 2 series" in state.outcome, timeout=60_000)
    _export(panel, heads.parent / "case 7", monkeypatch)
    assert not _button(panel, "Export without face…").isEnabled()
    qtbot.waitUntil(lambda: not state.running, timeout=60_000)
    folder = heads.parent / "case_7"
    words = f"The face was removed from T1ce and T2. Look at the copy before it leaves: {folder}"
    assert state.outcome == words
    assert sorted(path.name for path in folder.glob("*.nii.gz")) == ["case_7_t1ce.nii.gz", "case_7_t2.nii.gz"]
    images = [nib.as_closest_canonical(nib.load(p)) for p in (heads / "ax_t2.nii.gz", folder / "case_7_t2.nii.gz")]
    before, after = (np.asarray(image.dataobj) for image in images)
    same = before == after
    assert same[brain(HEADS)].all()
    assert not same.all()


@pytest.mark.usefixtures("seeing_brains")
def test_an_export_that_is_cancelled_or_refused_leaves_nothing(
    heads: Path, panel: PreparePanel, parts: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, there = parts.session.preparing, sorted(heads.parent.iterdir())
    _export(panel, heads.parent / "case 7", monkeypatch)
    _button(panel, "Cancel").click()
    assert (state.running, state.outcome) == (False, "Cancelled; nothing was exported")
    _export(panel, heads, monkeypatch)  # there is something of this name
    qtbot.waitUntil(lambda: not state.running, timeout=60_000)
    assert state.outcome == "Not exported; nothing was left behind"
    assert "something of this name" in parts.session.notice.what
    assert sorted(heads.parent.iterdir()) == there
