"""The journal: what is restored is what was finished, whatever happened to the file."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brainseg_gui.annotation.annotation import Annotation
from brainseg_gui.annotation.journal import journal_format, study_lock
from brainseg_gui.annotation.journal.journal import Journal
from brainseg_gui.annotation.journal.journal_fields import JournalError, JournalHeader, header_of
from brainseg_gui.annotation.journal.journal_folder import JournalFolder
from brainseg_gui.annotation.journal.journal_replay import Restored
from brainseg_gui.annotation.journal.study_lock import LockedError
from brainseg_gui.annotation.slab import Area
from brainseg_gui.faults import computer_mark
from brainseg_gui.imaging.grid import Grid
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.storage import lock_file

SHAPE = (9, 8, 7)
STUDY = "ab" * 20


def _header(study: str = STUDY) -> JournalHeader:
    return JournalHeader(study, SHAPE, scheme_named("brats2020"), "annotation", "prediction", "cd" * 20, 1e9, "0.1.0")


def _annotation() -> Annotation:
    start = np.random.default_rng(3).integers(0, 3, SHAPE, dtype=np.uint8)
    return Annotation(LabelMap(start, Grid(SHAPE, np.eye(4)), scheme_named("brats2020")))


def _paint(annotation: Annotation, seed: int, name: str = "Brush") -> None:
    random = np.random.default_rng(seed)
    low = [int(n) for n in random.integers(0, 6, 3)]
    slab = slice(low[0], low[0] + 3), slice(low[1], low[1] + 2), slice(low[2], low[2] + 1)
    area = Area(slab, random.random(annotation.values[slab].shape) < 0.8)
    annotation.edit(area.becomes(int(random.integers(0, 5))), name, "brush", axis=2)


@pytest.fixture
def folder(tmp_path: Path) -> JournalFolder:
    return JournalFolder(tmp_path / "journals")


@pytest.fixture
def journal(folder: JournalFolder) -> Journal:
    return folder.begin(_header(), folder.lock(STUDY))


def _restore(folder: JournalFolder, journal: Journal) -> Restored:
    return folder.restore(journal.path, STUDY, SHAPE)


def _follow(journal: Journal, annotation: Annotation) -> None:
    journal.follow(annotation.history, annotation.settled)


def test_edits_and_moves_are_restored_with_their_history(folder: JournalFolder, journal: Journal) -> None:
    annotation = _annotation()
    for n in range(5):
        _paint(annotation, n, f"edit {n}")
        _follow(journal, annotation)
    annotation.undo()
    _follow(journal, annotation)
    annotation.jump(2)
    _follow(journal, annotation)
    restored = _restore(folder, journal)
    np.testing.assert_array_equal(restored.values, annotation.values)
    assert restored.history.names == tuple(f"edit {n}" for n in range(5))
    assert restored.history.position == 2
    assert restored.note.edits == ("edit 0", "edit 1")
    assert restored.note.header == _header()
    # and the restored one can go on: redo leads where it did
    again = Annotation(LabelMap(restored.values, Grid(SHAPE, np.eye(4)), _header().scheme), restored.history)
    again.jump(5)
    annotation.jump(5)
    np.testing.assert_array_equal(again.values, annotation.values)
    assert again.history.edits[0].source.axis == 2


def test_a_journal_without_who_made_the_start_is_read(folder: JournalFolder) -> None:
    told = replace(_header(), start_author="net 1.0", start_model_sha256="ef" * 32)
    for header, fields in ((told, {}), (_header(), {"start_author", "start_model_sha256"})):
        found = json.loads(journal_format.header_bytes(header)[18:])
        assert header_of({key: value for key, value in found.items() if key not in fields}) == header


def test_files_are_private(folder: JournalFolder, journal: Journal) -> None:
    annotation = _annotation()
    _paint(annotation, 1)
    _follow(journal, annotation)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.path.iterdir()} == {0o600}


def test_a_last_record_cut_at_any_byte_restores_the_action_before(folder: JournalFolder, journal: Journal) -> None:
    annotation = _annotation()
    _paint(annotation, 1)
    _follow(journal, annotation)
    _paint(annotation, 2)
    _follow(journal, annotation)
    before, whole_before = annotation.values.copy(), journal.size
    _paint(annotation, 3)
    _follow(journal, annotation)
    raw = journal.path.read_bytes()
    assert len(raw) > whole_before + 20
    for end in range(whole_before, len(raw)):
        journal.path.write_bytes(raw[:end])
        restored = _restore(folder, journal)
        np.testing.assert_array_equal(restored.values, before)
        assert restored.note.cut_bytes == end - whole_before
    journal.path.write_bytes(raw)
    np.testing.assert_array_equal(_restore(folder, journal).values, annotation.values)


def test_a_flipped_bit_anywhere_never_gives_a_state_that_was_not(folder: JournalFolder, journal: Journal) -> None:
    annotation = _annotation()
    states = [annotation.values.copy()]
    _follow(journal, annotation)
    for n in range(3):
        _paint(annotation, n)
        _follow(journal, annotation)
        states.append(annotation.values.copy())
    raw = journal.path.read_bytes()
    for place in range(0, len(raw), 3):
        damaged = bytearray(raw)
        damaged[place] ^= 0x10
        journal.path.write_bytes(bytes(damaged))
        try:
            restored = _restore(folder, journal)
        except JournalError:
            continue
        assert any(np.array_equal(restored.values, state) for state in states)


def test_a_cut_journal_goes_on_after_it_was_restored(folder: JournalFolder, journal: Journal) -> None:
    annotation = _annotation()
    for n in range(3):
        _paint(annotation, n)
        _follow(journal, annotation)
    raw = journal.path.read_bytes()
    journal.path.write_bytes(raw[:-3])
    restored = _restore(folder, journal)
    again = Annotation(LabelMap(restored.values, Grid(SHAPE, np.eye(4)), _header().scheme), restored.history)
    resumed = folder.resume(restored, folder.lock(STUDY, take_over=True))
    _paint(again, 9)
    _follow(resumed, again)
    found = _restore(folder, resumed)
    np.testing.assert_array_equal(found.values, again.values)
    assert found.note.cut_bytes == 0


def test_a_failed_write_is_made_up_for(
    folder: JournalFolder, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotation = _annotation()
    _paint(annotation, 1)
    _follow(journal, annotation)
    kept = annotation.values.copy()
    _paint(annotation, 2)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(JournalError, match="No space left on device"):
            _follow(journal, annotation)
        # the edit may or may not have come through, but nothing else
        found = _restore(folder, journal).values
        assert any(np.array_equal(found, state) for state in (kept, annotation.values))
        _paint(annotation, 3)
        with pytest.raises(JournalError):
            _follow(journal, annotation)
    _paint(annotation, 4)
    _follow(journal, annotation)
    restored = _restore(folder, journal)
    np.testing.assert_array_equal(restored.values, annotation.values)
    assert len(restored.history) == 4


def test_a_journal_that_is_gone_is_written_anew(folder: JournalFolder, journal: Journal) -> None:
    annotation = _annotation()
    for n in range(3):
        _paint(annotation, n)
        _follow(journal, annotation)
        journal.path.unlink()
    _paint(annotation, 9)
    _follow(journal, annotation)
    np.testing.assert_array_equal(_restore(folder, journal).values, annotation.values)
    journal.remove()
    assert not journal.path.exists()


def test_a_journal_is_bounded_and_its_history_in_memory_is_not(folder: JournalFolder, tmp_path: Path) -> None:
    journal = Journal(folder.path / "x.journal", _header(), folder.lock(STUDY), limit_bytes=6000)
    annotation = _annotation()
    for n in range(60):
        _paint(annotation, n)
        _follow(journal, annotation)
        assert journal.path.stat().st_size == journal.size <= 6000
    np.testing.assert_array_equal(_restore(folder, journal).values, annotation.values)
    assert 0 < len(_restore(folder, journal).history) < 60
    annotation.jump(1)  # long before the snapshot
    _follow(journal, annotation)
    np.testing.assert_array_equal(_restore(folder, journal).values, annotation.values)
    _paint(annotation, 99)
    _follow(journal, annotation)
    np.testing.assert_array_equal(_restore(folder, journal).values, annotation.values)
    assert len(annotation.history) == 2


def test_what_is_saved_is_not_offered_and_what_follows_is(folder: JournalFolder) -> None:
    lock = folder.lock(STUDY)
    journal, annotation = folder.begin(_header(), lock), _annotation()
    _follow(journal, annotation)
    assert folder.restorable(STUDY, lock) == ()  # nothing was done yet
    _paint(annotation, 1, "Lasso")
    _follow(journal, annotation)
    (note,) = folder.restorable(STUDY, lock)
    assert (note.edits, note.kept) == (("Lasso",), False)
    assert folder.restorable("ef" * 20) == ()
    journal.mark_kept(annotation.history, annotation.settled)
    assert journal.is_kept(annotation.history)
    assert folder.restorable(STUDY, lock) == ()
    annotation.undo()
    _follow(journal, annotation)
    assert len(folder.restorable(STUDY, lock)) == 1
    annotation.redo()
    _follow(journal, annotation)
    assert folder.restorable(STUDY, lock) == ()
    annotation.undo()
    _paint(annotation, 2)  # the way to what was saved is gone
    annotation.undo()
    annotation.redo()
    _follow(journal, annotation)
    assert not journal.is_kept(annotation.history)
    assert len(folder.restorable(STUDY, lock)) == 1


def test_a_journal_that_another_window_writes_is_not_offered(folder: JournalFolder, journal: Journal) -> None:
    annotation = _annotation()
    _paint(annotation, 1)
    _follow(journal, annotation)
    assert folder.restorable(STUDY) == ()
    with pytest.raises(LockedError, match="another window"):
        folder.lock(STUDY)


def test_who_was_put_out_writes_no_more(folder: JournalFolder, journal: Journal) -> None:
    annotation = _annotation()
    _paint(annotation, 1)
    _follow(journal, annotation)
    raw = journal.path.read_bytes()
    folder.lock(STUDY, take_over=True)
    _paint(annotation, 2)
    with pytest.raises(LockedError, match="taken over"):
        _follow(journal, annotation)
    assert journal.path.read_bytes() == raw
    with pytest.raises(LockedError):
        journal.remove()
    assert journal.path.exists()  # it belongs to the other window now


@pytest.mark.parametrize("left", [None, b"half of a lo"], ids=["gone", "nonsense"])
def test_a_lock_that_is_gone_is_made_again(folder: JournalFolder, journal: Journal, left: bytes | None) -> None:
    annotation = _annotation()
    _follow(journal, annotation)
    lock = folder.path / f"{STUDY}.lock"
    lock.unlink()
    if left is not None:
        lock.write_bytes(left)
        with pytest.raises(JournalError, match="being written"):  # by another window, perhaps
            _follow(journal, annotation)
        os.utime(lock, (1e9, 1e9))
    _paint(annotation, 1)
    _follow(journal, annotation)
    np.testing.assert_array_equal(_restore(folder, journal).values, annotation.values)
    with pytest.raises(LockedError):
        folder.lock(STUDY)


def test_a_folder_out_of_reach_is_no_other_window(folder: JournalFolder, journal: Journal, tmp_path: Path) -> None:
    annotation = _annotation()
    _follow(journal, annotation)
    folder.path.rename(tmp_path / "away")
    _paint(annotation, 1)
    with pytest.raises(JournalError, match="could not be written"):
        _follow(journal, annotation)
    (tmp_path / "away").rename(folder.path)
    _follow(journal, annotation)
    np.testing.assert_array_equal(_restore(folder, journal).values, annotation.values)


def test_what_another_window_wrote_while_the_lock_was_gone_stays(folder: JournalFolder, journal: Journal) -> None:
    mine, theirs = _annotation(), _annotation()
    _paint(mine, 1)
    _follow(journal, mine)
    left = journal.path
    second = folder.lock(STUDY, take_over=True)
    other = folder.resume(folder.restore(left, STUDY, SHAPE), second)
    _paint(theirs, 2)
    _follow(other, theirs)
    second.release()
    raw = left.read_bytes()
    _paint(mine, 3)
    _follow(journal, mine)
    assert journal.path != left
    assert left.read_bytes() == raw
    np.testing.assert_array_equal(_restore(folder, journal).values, mine.values)
    left.write_bytes(raw)
    journal.remove()
    assert sorted(folder.path.glob("*.journal")) == [left]


def test_the_locks_of_the_dead_are_taken_over(folder: JournalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = folder.lock(STUDY)
    path = next(folder.path.glob("*.lock"))
    assert study_lock.is_held(path)
    with monkeypatch.context() as patch:  # another process has the number of the one that died
        patch.setattr(lock_file, "start_mark", lambda _pid: "another start")
        assert not study_lock.is_held(path)
        second = folder.lock(STUDY)
    with pytest.raises(LockedError):
        lock.check()
    second.check()
    second.release()
    assert not path.exists()


def test_the_lock_of_another_computer_stays(folder: JournalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.lock(STUDY)
    monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")
    monkeypatch.setattr(computer_mark, "computer_marks", lambda: ("another",))
    monkeypatch.setattr(lock_file, "start_mark", lambda _pid: "")
    with pytest.raises(LockedError, match="on the computer"):
        folder.lock(STUDY)


def test_a_lock_that_this_computer_left_under_another_name_is_taken_over(
    folder: JournalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.lock(STUDY)
    path = next(folder.path.glob("*.lock"))
    monkeypatch.setattr(socket, "gethostname", lambda: "renamed")
    with pytest.raises(LockedError, match=f"process {os.getpid()}"):
        folder.lock(STUDY)  # it is open in another window
    monkeypatch.setattr(lock_file, "start_mark", lambda _pid: "")
    assert not study_lock.is_held(path)
    folder.lock(STUDY).check()


def test_a_lock_that_says_nothing_is_waited_for_and_then_removed(folder: JournalFolder) -> None:
    folder.lock("cd" * 20)
    path = folder.path / f"{STUDY}.lock"
    path.write_bytes(b"")
    with pytest.raises(LockedError, match="in a moment"):
        folder.lock(STUDY)
    os.utime(path, (1e9, 1e9))
    folder.lock(STUDY).check()


def test_another_study_is_refused(folder: JournalFolder, journal: Journal) -> None:
    annotation = _annotation()
    _follow(journal, annotation)
    with pytest.raises(JournalError, match="another study"):
        folder.restore(journal.path, "ef" * 20, SHAPE)
    with pytest.raises(JournalError, match="another study"):
        folder.restore(journal.path, STUDY, (9, 8, 6))


def test_a_newer_journal_is_named_as_such(folder: JournalFolder, journal: Journal) -> None:
    _follow(journal, _annotation())
    raw = bytearray(journal.path.read_bytes())
    struct.pack_into("<H", raw, 8, 7)
    journal.path.write_bytes(bytes(raw))
    with pytest.raises(JournalError, match="newer brainseg"):
        _restore(folder, journal)
    assert folder.restorable() == ()
    assert "newer" in folder.unreadable()[0].what
    folder.tidy()
    assert journal.path.exists()


def test_tidying_leaves_what_is_at_risk(folder: JournalFolder) -> None:
    lock = folder.lock(STUDY)
    risky, kept = folder.begin(_header(), lock), folder.begin(_header(), lock)
    annotation = _annotation()
    _paint(annotation, 1)
    for journal in (risky, kept):
        _follow(journal, annotation)
    kept.mark_kept(annotation.history, annotation.settled)
    half = folder.path / ".brainseg-half"
    half.write_bytes(b"x")
    os.utime(half, (1e9, 1e9))
    folder.tidy()
    assert kept.path.exists()  # the window is still open
    lock.release()
    folder.tidy()
    assert not kept.path.exists()
    assert not half.exists()
    assert risky.path.exists()


def _with(records: list[bytes], header: JournalHeader | None = None) -> bytes:
    return journal_format.header_bytes(header or _header()) + b"".join(records)


def _record(kind: bytes, meta: str, payload: bytes = b"") -> bytes:
    body = struct.pack("<cI", kind, len(meta)) + meta.encode() + payload
    return struct.pack("<II", len(body), zlib.crc32(body)) + body


_EDIT = '{"name":"n","slab":%s,"voxels":%s,"centre":[0,0,0],"sparse":%s,"tool":"t","axis":null,"layer":"","made":1}'


@pytest.mark.parametrize(
    "record",
    [
        _record(b"E", _EDIT % ("[[0,99999],[0,1],[0,1]]", 1, "false")),
        _record(b"E", _EDIT % ("[[0,2],[0,1]]", 1, "false")),
        _record(b"E", _EDIT % ("[[0,2],[0,1],[0,true]]", 1, "false")),
        _record(b"E", _EDIT % ("5", 1, "false")),
        _record(b"E", _EDIT % ('["ab",[0,1],[0,1]]', 1, "false")),
        _record(b"E", _EDIT % ("[[0,9],[0,8],[0,7]]", 10**12, "true")),
        _record(b"E", _EDIT % ("[[0,9],[0,8],[0,7]]", 200, "true"), zlib.compress(bytes(10**7))),
        _record(b"E", _EDIT % ("[[0,9],[0,8],[0,7]]", 5, "false"), zlib.compress(bytes(10**7))),
        _record(b"E", "{}"),
        _record(b"E", "[" * 100_000),
        _record(b"M", '{"position": 3}'),
        _record(b"M", '{"position": -1}'),
        _record(b"M", '{"position": 1e400}'),
        _record(b"S", "{}"),
        _record(b"?", "{}"),
        struct.pack("<II", 0xFFFFFFFF, 0),
        struct.pack("<II", 0, 0),
    ],
)
def test_hostile_records_do_not_count(folder: JournalFolder, record: bytes) -> None:
    folder.lock(STUDY).release()
    start = np.asfortranarray(np.ones(SHAPE, np.uint8))
    path = folder.path / "x.journal"
    path.write_bytes(_with([journal_format.snapshot_record(start), record]))
    restored = folder.restore(path, STUDY, SHAPE)
    np.testing.assert_array_equal(restored.values, start)
    assert restored.note.cut_bytes == len(record)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"BRSGJRNL",
        b"not a journal at all, but long enough",
        _with([]),
        _with([_record(b"S", "{}", zlib.compress(bytes(10**7)))]),
        _with([_record(b"S", "{}", b"no zlib")]),
    ],
)
def test_hostile_files_are_refused_with_a_sentence(folder: JournalFolder, raw: bytes) -> None:
    folder.lock(STUDY).release()
    path = folder.path / "x.journal"
    path.write_bytes(raw)
    with pytest.raises(JournalError, match="damaged"):
        folder.restore(path, STUDY, SHAPE)
    folder.restorable()
    folder.tidy()


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"[]",
        b'{"shape": [1e9, 1, 1]}',
        b'{"study": "../../secret", "shape": [1,1,1], "scheme": {"name": "", "title": "", "labels": {}}}',
        b'{"study": "abababab", "shape": [100000,100000,100000], "scheme": {}}',
        b'{"study": "abababab", "shape": 5, "scheme": {}}',
    ],
)
def test_hostile_headers_are_refused(folder: JournalFolder, text: bytes) -> None:
    folder.lock(STUDY).release()
    path = folder.path / "x.journal"
    path.write_bytes(struct.pack("<8sHII", b"BRSGJRNL", 1, len(text), zlib.crc32(text)) + text)
    assert folder.restorable() == ()
    with pytest.raises(JournalError, match="damaged"):
        folder.restore(path, STUDY, SHAPE)


def test_a_scheme_of_ones_own_comes_back(folder: JournalFolder) -> None:
    scheme = LabelScheme("mine", "My scheme", MappingProxyType({7: "ED", 9: "ET"}))
    header = JournalHeader(STUDY, SHAPE, scheme, "a")
    journal = folder.begin(header, folder.lock(STUDY))
    _follow(journal, _annotation())
    found = _restore(folder, journal).note.header.scheme
    assert (found.name, dict(found.labels)) == ("mine", {7: "ED", 9: "ET"})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["paint", "undo", "redo", "jump", "keep", "quiet"]), st.integers(0, 10**6)),
        max_size=25,
    ),
    limit=st.sampled_from([2500, 6000, 10**6]),
)
def test_the_journal_replayed_is_the_annotation(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], limit: int
) -> None:
    folder = JournalFolder(tmp_path_factory.mktemp("journals"))
    journal = Journal(folder.path / "x.journal", _header(), folder.lock(STUDY), limit_bytes=limit)
    annotation = _annotation()
    for kind, seed in steps:
        match kind:
            case "paint" | "quiet":
                _paint(annotation, seed)
            case "undo":
                annotation.undo()
            case "redo":
                annotation.redo()
            case "jump":
                annotation.jump(seed % (len(annotation.history) + 1))
            case "keep":
                journal.mark_kept(annotation.history, annotation.settled)
        if kind != "quiet":  # as when a write fails: the next one makes up for it
            _follow(journal, annotation)
            restored = folder.restore(journal.path, STUDY, SHAPE)
            np.testing.assert_array_equal(restored.values, annotation.values)
            assert restored.note.kept <= journal.is_kept(annotation.history)


def test_appending_takes_a_record_and_not_the_file(journal: Journal, annotate: Callable[..., Annotation]) -> None:
    annotation = _annotation()
    _follow(journal, annotation)
    before = journal.path.stat().st_ino
    sizes = []
    for n in range(4):
        _paint(annotation, n)
        _follow(journal, annotation)
        sizes.append(journal.size)
    assert journal.path.stat().st_ino == before
    assert max(np.diff(sizes)) < 400
