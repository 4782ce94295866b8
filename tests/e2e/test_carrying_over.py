"""The mask of a visit carried over in the real window: proposed, accepted, taken back, saved, and measured."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.app import Application
from brainseg_gui.controllers.following import following as module
from brainseg_gui.controllers.shell.features.core_features import FILES
from brainseg_gui.followup.aligning.placements import Placement
from brainseg_gui.followup.visits import TimeLine
from brainseg_gui.progress import Progress
from tests.patients import write_patient

pytestmark = pytest.mark.plain


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two visits that lie on each other, which is not worked out here; the second has no mask yet."""

    def lying_still(line: TimeLine, _request: object):  # type: ignore[no-untyped-def]
        yield Progress("registering", 0.5)
        return tuple(Placement(np.eye(4)) for _ in line.visits)

    monkeypatch.setattr(module, "register_visits", lying_still)
    folder = write_patient(tmp_path / "P1")
    for name in ("visit1_2021-01-10", "visit2_2021-03-15"):
        shutil.rmtree(folder / name)
    (folder / "visit4_2021-09-01" / "seg.nii.gz").unlink()
    return folder


def test_a_mask_is_carried_over_accepted_taken_back_saved_and_measured(
    application: Application, patient: Path, qtbot: QtBot
) -> None:
    session, following = application.session, application.session.following
    application.controllers[FILES].open_paths([patient])
    qtbot.waitUntil(lambda: following.record is not None and following.choice.visit == 1, timeout=30_000)
    assert following.record.visits[1].mask is None
    application.run_action("follow.carry")
    proposing = session.annotating.proposing
    qtbot.waitUntil(lambda: proposing.position is not None, timeout=30_000)
    (proposal,) = [layer for layer in session.layers if layer.name == "mask of visit3_2021-06-01"]
    assert not session.annotating.annotation.snapshot().values.any()  # nothing is taken before somebody accepts
    application.run_action("propose.accept_all")
    annotation = session.annotating.annotation
    np.testing.assert_array_equal(annotation.snapshot().values, proposal.labels.values)
    application.run_action("annotate.undo")
    assert not annotation.snapshot().values.any()
    application.run_action("annotate.redo")
    application.run_action("file.save")
    qtbot.waitUntil(lambda: session.annotating.layer.saved_as is not None, timeout=30_000)
    application.run_action("follow.measure")
    qtbot.waitUntil(lambda: following.record.visits[1].mask is not None, timeout=30_000)
    assert following.record.visits[1].mask == session.annotating.layer.saved_as
    first, second = (visit.volumes["ET"].value for visit in following.record.visits)
    assert first == second
