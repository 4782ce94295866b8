"""Nothing an annotator does is lost: killed windows, two windows, saving that fails, leaving a case."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from brainseg_gui.annotation.journal import journal as journal_module
from brainseg_gui.app import Application
from brainseg_gui.controllers.annotating.saving import save_work
from brainseg_gui.controllers.settings.preferences import Preferences
from brainseg_gui.controllers.shell.features.core_features import FILES, JOURNALS, LEAVING, RESTORING, SAVING
from brainseg_gui.state.layers.layers import Layer, LayerRole
from brainseg_gui.storage.folder import Folder
from brainseg_gui.views.widgets.question import Question
from tests.e2e.painting import ET, Hand, painted
from tests.e2e.window_child import digest, states

pytestmark = pytest.mark.plain
CHILD = Path(__file__).with_name("window_child.py")
START = (10, 11, 12)
OTHER = (12, 13, 12)

Open = Callable[..., None]


@pytest.fixture
def folder(toy_case: Any, tmp_path: Path) -> Path:
    return Path(toy_case(tmp_path))


@pytest.fixture
def hand(application: Application, folder: Path, open_paths: Open) -> Hand:
    open_paths(application, folder)
    application.session.viewing.crosshair = START
    return Hand(application)


def paint(hand: Hand, voxel: tuple[int, int, int] = START) -> None:
    """An empty annotation with one voxel."""
    if hand.annotating.annotation is None:
        hand.start()
    hand.click(voxel)


def journals(hand: Hand) -> list[Path]:
    return sorted(hand.application.controllers[JOURNALS].folder.path.glob("*.journal"))


def wait_saved(hand: Hand, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not hand.application.controllers[SAVING].running, timeout=30_000)


def wait_asked(hand: Hand, qtbot: QtBot) -> Question:
    wait_saved(hand, qtbot)
    return question_of(hand.application)


def wait_said(application: Application, words: str, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: words in application.window.notice.text, timeout=30_000)


def question_of(application: Application) -> Question:
    """The question that is open."""
    (found,) = (q for q in application.window.findChildren(Question) if q.isVisible())
    return found


# --- killed -----------------------------------------------------------------------------------------------------


@contextmanager
def child(case: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-P", str(CHILD), str(case), *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        yield process
        process.kill()


def killed_after(case: Path, seed: int, count: int) -> dict[int, str]:
    """Kill a window when it says that so many edits are finished; returns the states that it told of."""
    said: dict[int, str] = {}
    with child(case, str(seed)) as process:
        assert process.stdout is not None
        for line in process.stdout:
            number, _, state = line.partition(" ")
            if number != "started":
                said[int(number)] = state.strip()
            if len(said) >= count:
                break
        process.send_signal(signal.SIGKILL)
        for line in process.stdout.read().split("\n")[:-1]:  # the last line may be half a word
            number, _, state = line.partition(" ")
            said[int(number)] = state.strip()
    return said


@pytest.mark.parametrize("run", [0, *(pytest.param(run, marks=pytest.mark.slow) for run in range(1, 8))])
def test_a_killed_window_loses_nothing_that_was_finished(
    application: Application, folder: Path, open_paths: Open, qtbot: QtBot, run: int
) -> None:
    count = int(np.random.default_rng(run).integers(1, 195))
    said = killed_after(folder, run, count)
    open_paths(application, folder)
    wait_said(application, "There is unsaved work on this case", qtbot)
    assert application.session.notice.actions[0] == ("Restore", "journal.restore")

    application.run_action("journal.restore")

    annotating = application.session.annotating
    qtbot.waitUntil(lambda: annotating.annotation is not None, timeout=30_000)
    restored = digest(annotating.annotation.settled)
    start = application.session.layers.reference.labels
    expected, last = states(start, run), max(said)
    assert said[last] == expected[last]
    # the last finished edit, or the next where the journal had it and the word of it was not out
    assert restored in expected[last : last + 2]
    assert annotating.layer.role is LayerRole.ANNOTATION
    assert annotating.editable
    positions = annotating.annotation.history.position
    if positions:
        annotating.jump(0)
        assert np.array_equal(annotating.annotation.settled, start.values)
        annotating.jump(positions)
        assert digest(annotating.annotation.settled) == restored


def test_two_windows_cannot_edit_one_case(
    application: Application, folder: Path, open_paths: Open, qtbot: QtBot
) -> None:
    with child(folder) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline().strip() == "started"
        open_paths(application, folder)
        hand = Hand(application)
        hand.start()
        annotating = application.session.annotating
        assert not annotating.editable
        assert f"process {other.pid}" in application.window.notice.text
        assert "Take over" not in str(application.session.notice.actions)
        hand.click(START)
        application.session.annotating.options.tool = type(annotating.options.tool).BRUSH
        hand.click(START)
        assert not hand.values.any()

        application.session.say(None)
        application.run_action("file.save")
        assert not application.controllers[SAVING].running
        assert f"process {other.pid}" in application.window.notice.text
        assert not list(folder.glob("*_annotation*"))

        application.run_action("journal.retry")
        assert not annotating.editable
        other.stdin.write("\n")
        other.stdin.flush()
        other.wait(timeout=30)
    application.run_action("journal.retry")
    assert annotating.editable
    hand.click(START)
    assert len(journals(hand)) == 1


def test_the_lock_of_a_dead_window_is_no_obstacle(application: Application, folder: Path, open_paths: Open) -> None:
    with child(folder) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "started"
        other.kill()
        other.wait(timeout=30)
        open_paths(application, folder)
        Hand(application).start()
        assert application.session.annotating.editable


# --- the journal ------------------------------------------------------------------------------------------------


def test_a_saved_or_unedited_annotation_leaves_no_journal(
    hand: Hand, qtbot: QtBot, chosen: Any, tmp_path: Path
) -> None:
    chosen(tmp_path / "mine.nii.gz")
    paint(hand)
    assert len(journals(hand)) == 1
    hand.trigger("file.save")
    wait_saved(hand, qtbot)
    hand.application.window.close()
    assert not hand.application.window.isVisible()
    assert journals(hand) == []
    assert not list(hand.application.controllers[JOURNALS].folder.path.glob("*.lock"))


def test_a_journal_that_cannot_be_written_is_said_once_and_tried_again(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(hand)
    session = hand.application.session

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(journal_module.Journal, "_append", full)
        hand.click(OTHER)
        assert "No space left on device" in session.notice.what
        assert "Free some space" in session.notice.remedy
        session.say(None)
        hand.click((13, 13, 12))
        assert session.notice is None  # not at every stroke
    assert painted(hand.values) == {START, OTHER, (13, 13, 12)}
    hand.click((14, 13, 12))
    assert "written again" in session.notice.what
    (note,) = _notes(hand)
    assert len(note.edits) == 4


def test_a_folder_that_takes_no_journal_is_said_and_painting_works(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = hand.application.controllers[JOURNALS].folder.path
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("a file in the way")
    paint(hand)
    assert painted(hand.values) == {START}
    assert "No journal can be kept here" in hand.application.session.notice.what
    hand.application.window.close()
    assert "what is not saved now is lost" in question_of(hand.application).informativeText()
    question_of(hand.application).answer("cancel")


def test_removing_an_annotation_from_the_list_offers_it_again(hand: Hand, qtbot: QtBot) -> None:
    paint(hand)
    layer = hand.annotating.layer
    hand.application.window.panels.named("Layers")().remove_requested.emit(layer)
    wait_said(hand.application, "There is unsaved work on this case: 1 edit", qtbot)
    hand.application.run_action("journal.restore")
    qtbot.waitUntil(lambda: hand.annotating.annotation is not None, timeout=30_000)
    assert painted(hand.values) == {START}


def test_restored_work_tells_which_network_it_began_from(hand: Hand, qtbot: QtBot, folder: Path) -> None:
    session = hand.application.session
    labels = session.layers.reference.labels
    session.add_prediction(Layer("net, 10:00", LayerRole.PREDICTION, labels, "net 1.0", model_sha256="ab" * 32))
    hand.trigger("annotate.start_prediction")
    hand.annotating.options.brush_mm = 0.5
    hand.click((1, 1, 12))
    assert len(hand.names) == 1
    hand.application.window.panels.named("Layers")().remove_requested.emit(hand.annotating.layer)
    wait_said(hand.application, "There is unsaved work on this case", qtbot)
    hand.application.run_action("journal.restore")
    qtbot.waitUntil(lambda: hand.annotating.annotation is not None, timeout=30_000)
    hand.trigger("file.save")
    wait_saved(hand, qtbot)
    start = json.loads((folder / "Toy_001_annotation.provenance.json").read_text())["started_from"]
    assert (start["author"], start["model_sha256"]) == ("net 1.0", "ab" * 32)


def test_not_now_keeps_the_journal_and_discard_asks_once(
    hand: Hand, folder: Path, open_paths: Open, qtbot: QtBot
) -> None:
    application = hand.application
    paint(hand)
    open_paths(application, folder)
    application.controllers[LEAVING].question.answer("later")
    wait_said(application, "There is unsaved work", qtbot)
    application.run_action("journal.later")
    assert application.session.notice is None
    assert len(journals(hand)) == 1
    hand.trigger("annotate.restore")
    assert "There is unsaved work" in application.window.notice.text
    application.run_action("journal.discard")
    question_of(application).answer("keep")
    assert len(journals(hand)) == 1
    application.run_action("journal.discard")
    question_of(application).answer("discard")
    assert journals(hand) == []
    assert not application.window.actions_table["annotate.restore"].isEnabled()


def test_the_start_tells_of_unsaved_work_and_opens_it(
    start_application: Any, folder: Path, open_paths: Open, qtbot: QtBot
) -> None:
    first = start_application()
    open_paths(first, folder)
    first.session.viewing.crosshair = START
    paint(Hand(first))
    first.leave()
    second = start_application()
    wait_said(second, "brainseg has unsaved work of Toy_001 (1 edit", qtbot)
    second.run_action("journal.open")  # one wish, one answer: it is not asked again whether to restore
    qtbot.waitUntil(lambda: second.session.annotating.annotation is not None, timeout=30_000)
    assert painted(np.array(second.session.annotating.annotation.values)) == {START}


def test_a_safe_start_offers_unsaved_work_all_the_same(
    start_application: Any, folder: Path, open_paths: Open, qtbot: QtBot
) -> None:
    """Work is no setting; and two windows that kept their journals apart would not see each other's locks."""
    first = start_application()
    leave_unsaved(first, folder, START, open_paths)
    safe = start_application(safe=True)
    assert safe.controllers[JOURNALS].folder.path == first.controllers[JOURNALS].folder.path
    wait_said(safe, "brainseg has unsaved work of Toy_001 (1 edit", qtbot)
    safe.run_action("journal.open")  # one wish, one answer: it is not asked again whether to restore
    qtbot.waitUntil(lambda: safe.session.annotating.annotation is not None, timeout=30_000)
    assert painted(np.array(safe.session.annotating.annotation.values)) == {START}


def leave_unsaved(application: Application, case: Path, voxel: tuple[int, int, int], open_paths: Open) -> None:
    """Paint one voxel on a case, in a window that is closed without saving."""
    open_paths(application, case)
    application.session.viewing.crosshair = voxel
    paint(Hand(application), voxel)
    application.leave()


def test_all_cases_with_unsaved_work_are_listed_and_each_can_be_restored(
    start_application: Any, toy_case: Any, tmp_path: Path, open_paths: Open, qtbot: QtBot
) -> None:
    cases = [toy_case(tmp_path, case_id=f"Toy_00{n}", seed=n) for n in (1, 2, 3)]
    for case, voxel in zip(cases, (START, OTHER, START), strict=True):
        leave_unsaved(start_application(), case, voxel, open_paths)
    application = start_application()
    wait_said(application, "brainseg has unsaved work of 3 cases: Toy_003, Toy_002 and Toy_001", qtbot)
    application.run_action("journal.list")
    restoring = application.controllers[RESTORING]
    assert restoring.listed is not None
    _, second, first = restoring.listed.keys
    restoring.listed.restore(second)
    qtbot.waitUntil(lambda: application.session.annotating.annotation is not None, timeout=30_000)
    assert application.session.case.case_id == "Toy_002"
    assert painted(np.array(application.session.annotating.annotation.values)) == {OTHER}
    (cases[0] / "Toy_001_t1.nii.gz").rename(tmp_path / "elsewhere.nii.gz")
    application.run_action("annotate.restore")
    assert first in restoring.listed.keys
    assert second not in restoring.listed.keys
    restoring.listed.discard_requested.emit(first)
    question_of(application).answer("discard")
    assert len(restoring.listed.keys) == 1
    restoring.listed.close()
    assert restoring.listed is None


def test_work_on_any_case_of_a_flat_folder_is_restored(
    start_application: Any, toy_case: Any, tmp_path: Path, open_paths: Open, qtbot: QtBot
) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for number in (1, 2, 3):
        for file in toy_case(tmp_path / "made", case_id=f"Toy_00{number}", seed=number).iterdir():
            file.rename(flat / file.name)
    first = start_application()
    open_paths(first, flat)
    first.controllers[FILES].step(1)
    qtbot.waitUntil(lambda: first.session.case.case_id == "Toy_002", timeout=20_000)
    first.session.viewing.crosshair = START
    paint(Hand(first))
    first.leave()
    second = start_application()
    wait_said(second, "brainseg has unsaved work of Toy_002", qtbot)
    second.run_action("annotate.restore")
    second.controllers[RESTORING].listed.restore(second.controllers[RESTORING].listed.keys[0])
    qtbot.waitUntil(lambda: second.session.annotating.annotation is not None, timeout=20_000)
    assert second.session.case.case_id == "Toy_002"
    assert painted(np.array(second.session.annotating.annotation.values)) == {START}


def test_restoring_twice_and_a_mask_that_comes_meanwhile_restore_once(
    hand: Hand, folder: Path, open_paths: Open, qtbot: QtBot
) -> None:
    application = hand.application
    paint(hand)
    open_paths(application, folder)
    application.controllers[LEAVING].question.answer("later")
    wait_said(application, "There is unsaved work", qtbot)
    application.run_action("journal.restore")
    application.run_action("journal.restore")
    reference = application.session.layers.reference
    application.session.layers.add(Layer("prediction", LayerRole.PREDICTION, reference.labels))
    qtbot.waitUntil(lambda: hand.annotating.annotation is not None, timeout=30_000)
    qtbot.wait(50)
    roles = [layer.role for layer in application.session.layers]
    assert roles.count(LayerRole.ANNOTATION) == 1
    assert hand.annotating.editable
    assert painted(hand.values) == {START}
    assert len(journals(hand)) == 1


def test_work_on_images_that_were_replaced_since_is_kept_and_said(
    start_application: Any, toy_case: Any, tmp_path: Path, open_paths: Open, qtbot: QtBot
) -> None:
    cases = [toy_case(tmp_path, case_id=f"Toy_00{n}", seed=n) for n in (1, 2)]
    for case in cases:
        leave_unsaved(start_application(), case, START, open_paths)
    shutil.rmtree(cases[1])
    toy_case(tmp_path, case_id="Toy_002", seed=7, shape=(24, 28, 21))
    application = start_application()
    wait_said(application, "unsaved work of 2 cases", qtbot)
    application.run_action("journal.list")
    application.controllers[RESTORING].listed.restore(application.controllers[RESTORING].listed.keys[0])
    wait_said(application, "was done on other images than those that are there now", qtbot)
    assert application.session.annotating.annotation is None
    assert len(list(application.controllers[JOURNALS].folder.path.glob("*.journal"))) == 2


def test_a_damaged_journal_is_said_and_put_aside(start_application: Any, qtbot: QtBot) -> None:
    path = Preferences().journals
    path.mkdir(parents=True)
    (path / "0123-4567.journal").write_bytes(b"BRSGJRNL\1" + b"\0" * 40)
    wait_said(start_application(), "A journal of earlier work cannot be read", qtbot)
    assert [p.name for p in path.iterdir()] == ["0123-4567.journal.damaged"]


# --- saving -----------------------------------------------------------------------------------------------------


def test_saving_asks_nothing_writes_a_note_and_saves_again_to_the_same_file(
    hand: Hand, qtbot: QtBot, chosen: Any, folder: Path
) -> None:
    proposals = chosen("")
    path = folder / "Toy_001_annotation.nii.gz"
    paint(hand)
    hand.trigger("file.save")
    wait_saved(hand, qtbot)
    assert proposals == []
    assert hand.annotating.layer.saved_as == path
    hand.click(OTHER)
    assert hand.annotating.layer.saved_as is None
    hand.trigger("file.save")
    wait_saved(hand, qtbot)
    assert proposals == []
    assert np.count_nonzero(np.asarray(nib.load(path).dataobj) == ET) == 2
    note = json.loads((folder / "Toy_001_annotation.provenance.json").read_text())
    assert note["edits"]["count"] == 2
    assert note["started_from"]["kind"] == "empty"
    assert note["earlier"] == []
    assert _notes(hand) == ()


def test_an_annotation_that_was_put_aside_is_saved_to_its_own_file(
    hand: Hand, qtbot: QtBot, chosen: Any, tmp_path: Path
) -> None:
    path = tmp_path / "mine.nii.gz"
    proposals = chosen(path)
    paint(hand)
    hand.trigger("file.save_as")
    wait_saved(hand, qtbot)
    hand.click(OTHER)
    layer = hand.annotating.layer
    hand.trigger("annotate.start")
    assert hand.annotating.layer is None
    first = path.read_bytes()
    hand.trigger("file.save")
    wait_saved(hand, qtbot)
    assert len(proposals) == 1  # no name is asked for again
    assert layer.saved_as == path
    assert path.read_bytes() != first
    assert json.loads(path.with_name("mine.provenance.json").read_text())["edits"]["count"] == 2


def test_without_a_mask_there_is_nothing_to_save(application: Application) -> None:
    application.run_action("file.save")
    assert application.session.notice.what == "There is no mask to save yet"


def test_a_stroke_during_the_save_stays_unsaved(hand: Hand, qtbot: QtBot, chosen: Any, tmp_path: Path) -> None:
    chosen(tmp_path / "mine.nii.gz")
    paint(hand)
    hand.trigger("file.save_as")
    hand.click(OTHER)  # the save has its snapshot
    wait_saved(hand, qtbot)
    assert np.count_nonzero(np.asarray(nib.load(tmp_path / "mine.nii.gz").dataobj)) == 1
    assert hand.annotating.layer.saved_as is None
    assert len(_notes(hand)) == 1
    hand.trigger("annotate.undo")
    assert hand.annotating.layer.saved_as == tmp_path / "mine.nii.gz"
    assert _notes(hand) == ()


@pytest.mark.parametrize("before", [False, True], ids=["new", "with a file"])
def test_saves_that_are_asked_for_during_a_save_are_one_more_of_the_newest(
    hand: Hand, qtbot: QtBot, folder: Path, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(hand)
    if before:
        hand.trigger("file.save")
        wait_saved(hand, qtbot)
        hand.click((11, 11, 12))
    gate, written = threading.Event(), []
    save_mask = save_work.save_mask

    def slowly(request: Any, *arguments: Any) -> Any:
        written.append(request)
        assert gate.wait(20)
        return (yield from save_mask(request, *arguments))

    monkeypatch.setattr(save_work, "save_mask", slowly)
    ended: list[bool] = []
    for voxel in (OTHER, (13, 13, 12), (14, 13, 12)):
        hand.click(voxel)
        hand.application.controllers[SAVING].save_layer(hand.annotating.layer, ended.append)
    gate.set()
    qtbot.waitUntil(lambda: len(ended) == 3, timeout=30_000)
    wait_saved(hand, qtbot)
    assert ended == [True, True, True]
    assert len(written) == 2
    path = folder / "Toy_001_annotation.nii.gz"
    assert hand.annotating.layer.saved_as == path
    assert [p.name for p in folder.glob("*_annotation*.nii.gz")] == [path.name]
    assert np.count_nonzero(np.asarray(nib.load(path).dataobj)) == 4 + before
    assert not [q for q in hand.application.window.findChildren(Question) if q.isVisible()]


def test_a_file_replaced_underneath_is_not_replaced_silently(
    hand: Hand, qtbot: QtBot, chosen: Any, tmp_path: Path
) -> None:
    path = tmp_path / "mine.nii.gz"
    chosen(path)
    paint(hand)
    hand.trigger("file.save_as")
    wait_saved(hand, qtbot)
    path.write_bytes(b"the work of a colleague")
    hand.click(OTHER)
    hand.trigger("file.save")
    question = wait_asked(hand, qtbot)
    assert "mine.nii.gz was changed by someone else" in question.text()
    question.answer("cancel")
    assert path.read_bytes() == b"the work of a colleague"
    chosen(tmp_path / "mine_too.nii.gz")
    hand.trigger("file.save")
    wait_asked(hand, qtbot).answer("elsewhere")
    wait_saved(hand, qtbot)
    assert path.read_bytes() == b"the work of a colleague"
    assert hand.annotating.layer.saved_as == tmp_path / "mine_too.nii.gz"


def test_the_reference_is_replaced_only_when_asked_and_an_image_never(
    hand: Hand, qtbot: QtBot, chosen: Any, folder: Path
) -> None:
    reference, image = folder / "Toy_001_seg.nii.gz", folder / "Toy_001_t1.nii.gz"
    before = reference.read_bytes(), image.read_bytes()
    paint(hand)
    chosen(reference)
    hand.trigger("file.save_as")
    question = wait_asked(hand, qtbot)
    assert "Replace the reference" in question.text()
    question.answer("cancel")
    chosen(image)
    hand.trigger("file.save_as")
    wait_saved(hand, qtbot)
    assert "this is an image of the case" in hand.application.window.notice.text
    assert (reference.read_bytes(), image.read_bytes()) == before


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "The disk is full"),
        (PermissionError(13, "Permission denied"), "The folder is not writable"),
        (OSError(30, "Read-only file system"), "Choose another folder"),
    ],
    ids=["full", "no permission", "read-only"],
)
def test_a_save_that_fails_says_so_and_loses_nothing(
    hand: Hand,
    qtbot: QtBot,
    chosen: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: OSError,
    words: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    chosen(tmp_path / "mine.nii.gz")
    paint(hand)
    with monkeypatch.context() as context:
        context.setattr(Folder, "open", fail)
        hand.trigger("file.save_as")
        wait_saved(hand, qtbot)
    assert words in hand.application.window.notice.text
    assert list(tmp_path.glob("mine*")) == []
    assert len(_notes(hand)) == 1
    assert painted(hand.values) == {START}


def test_a_folder_that_is_gone_is_said(hand: Hand, qtbot: QtBot, chosen: Any, tmp_path: Path) -> None:
    chosen(tmp_path / "gone" / "mine.nii.gz")
    paint(hand)
    hand.trigger("file.save_as")
    wait_saved(hand, qtbot)
    assert "The folder is gone" in hand.application.window.notice.text
    assert hand.application.session.notice.actions == (("Save as…", "file.save_as"),)


def test_no_room_on_the_disk_loses_nothing(
    hand: Hand, qtbot: QtBot, chosen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real limit of the system on the size of files, not a pretended one."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # half of what is compiled would be kept
    chosen(tmp_path / "mine.nii.gz")
    paint(hand)
    (journal,) = journals(hand)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.stat().st_size, hard))
    try:
        hand.click(OTHER)
        assert "The journal could not be written (File too large)" in hand.application.window.notice.text
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(_notes(hand)[0].edits) == 1  # half a record gave its room back
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        hand.trigger("file.save_as")
        wait_saved(hand, qtbot)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "the mask was not saved (File too large)" in hand.application.window.notice.text
    assert not list(tmp_path.glob("*mine*"))
    hand.click((13, 13, 12))
    assert len(_notes(hand)[0].edits) == 3
    hand.trigger("file.save_as")
    wait_saved(hand, qtbot)
    assert np.count_nonzero(np.asarray(nib.load(tmp_path / "mine.nii.gz").dataobj)) == 3


# --- leaving ----------------------------------------------------------------------------------------------------


def test_closing_asks_and_cancel_stays(hand: Hand) -> None:
    paint(hand)
    hand.application.window.close()
    assert hand.application.window.isVisible()
    question = question_of(hand.application)
    assert question.answers == ("save", "later", "cancel")
    assert "1 edit is in no file yet" in question.text()
    question.answer("cancel")
    assert hand.application.window.isVisible()
    assert painted(hand.values) == {START}


def test_closing_with_save_saves_and_closes(hand: Hand, qtbot: QtBot, folder: Path) -> None:
    paint(hand)
    hand.application.window.close()
    question_of(hand.application).answer("save")
    qtbot.waitUntil(lambda: not hand.application.window.isVisible(), timeout=30_000)
    assert np.count_nonzero(np.asarray(nib.load(folder / "Toy_001_annotation.nii.gz").dataobj)) == 1
    assert journals(hand) == []


def test_closing_with_save_that_finds_no_room_stays(hand: Hand, qtbot: QtBot, folder: Path, chosen: Any) -> None:
    paint(hand)
    shutil.rmtree(folder)
    hand.application.window.close()
    question_of(hand.application).answer("save")
    wait_said(hand.application, "the mask was not saved", qtbot)
    assert hand.application.window.isVisible()
    assert painted(hand.values) == {START}


def test_not_now_closes_and_the_journal_stays(hand: Hand) -> None:
    paint(hand)
    hand.application.window.close()
    question_of(hand.application).answer("later")
    assert not hand.application.window.isVisible()
    assert len(_notes(hand)) == 1


def test_nothing_is_asked_without_edits(hand: Hand) -> None:
    hand.start()
    hand.application.window.close()
    assert not hand.application.window.isVisible()
    assert journals(hand) == []


def test_the_end_of_the_desktop_session_can_be_stopped(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    class Manager:
        cancelled = False

        def allowsInteraction(self) -> bool:
            return True

        def cancel(self) -> None:
            self.cancelled = True

        def release(self) -> None:
            pass

    paint(hand)
    manager = Manager()
    monkeypatch.setattr(Question, "exec", lambda question: question.answer("cancel"))
    monkeypatch.setattr(Question, "chosen", lambda _question: "cancel")
    hand.application.controllers[LEAVING].answer_session_end(manager)
    assert manager.cancelled
    assert len(_notes(hand)) == 1


def _notes(hand: Hand) -> tuple[Any, ...]:
    """What a start would offer now."""
    journals = hand.application.controllers[JOURNALS]
    return journals.folder.restorable(None, journals.study.lock)
