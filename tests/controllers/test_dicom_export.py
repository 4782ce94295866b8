"""A mask of the open case as a DICOM object, from the window, and back in as a mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from brainseg_gui.controllers.annotating.dicom_export import DicomExportController
from brainseg_gui.controllers.shell.features import core_controllers
from brainseg_gui.imaging.case import Case
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.state.session import Session
from brainseg_gui.views.layers.dicom_export_dialog import DicomExportDialog
from tests.exchange.dicom_series import TAGS
from tests.preparation.conftest import Series, write_classic


class NoJournals:
    """Journals of a window in which nobody draws."""

    def of(self, _layer: Layer) -> None:
        return None


@pytest.fixture
def export(qtbot: QtBot, parts: Any) -> Iterator[DicomExportController]:
    controller = DicomExportController(*parts, NoJournals())  # type: ignore[arg-type]
    yield controller
    controller.close()


@pytest.fixture
def series(case: Case, tmp_path: Path) -> Path:
    """The DICOM series that the case could have been made of: stored LPS, 1 mm."""
    i, j, k = case.grid.shape
    corner = case.grid.to_world((i - 1, j - 1, 0))
    position = (-corner[0], -corner[1], corner[2])
    pixels = np.zeros((k, j, i), np.uint16)
    tags = {**TAGS, "BurnedInAnnotation": "YES"}
    write_classic(tmp_path / "dicom", Series(pixels, origin=position, step_mm=1.0, spacing=(1.0, 1.0), tags=tags))
    return tmp_path / "dicom"


def dialog_of(parts: Any) -> DicomExportDialog:
    return parts.window.findChild(DicomExportDialog)


def test_a_mask_goes_out_and_comes_back(
    export: DicomExportController,
    parts: Any,
    case: Case,
    series: Path,
    qtbot: QtBot,
    tmp_path: Path,
    chosen: Callable[[Path], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session: Session = parts.session
    session.open(case)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(series))
    proposals = chosen(tmp_path / "out")  # without an ending
    export.choose()
    dialog = dialog_of(parts)
    assert not dialog._save.isEnabled(), "no series is known yet"
    dialog._choose.click()
    dialog._nameless.setChecked(True)
    dialog._save.click()
    qtbot.waitUntil(lambda: session.saving.outcome == "Exported out.dcm", timeout=20_000)
    assert proposals[0].endswith(f"{case.case_id}_seg.dcm")
    assert session.notice is not None
    assert "burned into" in session.notice.remedy
    content = pydicom.dcmread(tmp_path / "out.dcm")
    assert (content.Modality, content.PatientName) == ("SEG", "")

    masks = core_controllers.masks(parts)
    masks.add_mask(tmp_path / "out.dcm")
    qtbot.waitUntil(lambda: len(session.layers) == 2, timeout=20_000)
    masks.close()
    added = list(session.layers)[-1].labels
    assert case.reference is not None
    np.testing.assert_array_equal(added.values, case.reference.values)
    assert added.scheme.name == case.reference.scheme.name


def test_a_series_that_lies_elsewhere_is_said(
    export: DicomExportController, parts: Any, case: Case, qtbot: QtBot, tmp_path: Path, chosen: Any
) -> None:
    session: Session = parts.session
    session.open(case)
    write_classic(tmp_path / "dicom", Series(np.zeros((7, 6, 5), np.uint16), tags=TAGS))
    parts.preferences.set("last DICOM folder", str(tmp_path / "dicom"))
    chosen(tmp_path / "out.dcm")
    export.choose()
    dialog_of(parts).accept()
    qtbot.waitUntil(lambda: session.saving.outcome == "Not exported", timeout=20_000)
    assert session.notice is not None
    assert "no series lies where the mask does" in session.notice.what
    assert not (tmp_path / "out.dcm").exists()


def test_without_a_mask_there_is_a_sentence(export: DicomExportController, session: Session) -> None:
    export.choose()
    assert session.notice is not None
    assert session.notice.what == "There is no mask to export yet"


def test_a_networks_mask_says_so(export: DicomExportController) -> None:
    layer = Layer("prediction", LayerRole.PREDICTION, None, "net 1.2", model_sha256="ab")  # type: ignore[arg-type]
    maker = export._maker(layer)
    assert (maker.kind.value, maker.network, maker.version, maker.sha256) == ("AUTOMATIC", "net", "1.2", "ab")
