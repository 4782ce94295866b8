"""No name, no date of birth and no path gets through, however it is written."""

from __future__ import annotations

import json
import logging
import stat
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainseg_gui.errors import ImageError
from brainseg_gui.faults import log_file
from brainseg_gui.faults.log_file import LogFile, log_path, log_tail, start_log
from brainseg_gui.faults.redactor import Redactor
from brainseg_gui.faults.report import report_text

ROOT = Path(__file__).resolve().parents[2]

HOSTILE = [
    "Müller_Hans",
    "O'Brien Siobhán",
    'Smith "Bob"',
    "Doe^John^^Dr",
    "李小龙",
    "أحمد علي",
    "Novák\nBorn 1951-02-03",
    "(Weiß) [Groß] {Straße}.*+?|\\d",
    "Doe, Jane; 1951",
    "Li",
    "Øre\u202egnp.iin",
    "Smith\ttab",
    "Jean-François  d’Arc",
    "\udce4\udcf6",
]

PARTS = ("Müller", "Brien", "Bob", "John", "小龙", "أحمد", "Novák", "Jane")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_known_name_is_gone_however_it_is_written(name: str) -> None:
    redactor = Redactor()
    path = Path("/data/clinic") / name / f"{name}_t1.nii.gz"
    redactor.hide_case(name, [path.parent, path])
    writings = {name, repr(name), ascii(name), json.dumps(name), name.upper(), quote(name, errors="surrogatepass")}
    writings |= {unicodedata.normalize("NFD", name), name.replace("_", " "), str(path), repr(str(path)), path.name}
    for writing in writings:
        for text in (f"cannot read {writing}: it is cut off", f"'{writing}'", writing, f"KeyError: {writing!r}"):
            told = redactor(text)
            words = [
                word for word in ("Müller", "Brien", "Bob", "John", "小龙", "أحمد", "Novák", "Jane") if word in name
            ]
            assert name not in told
            assert not [word for word in words if word.casefold() in told.casefold()], (text, told)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=5, max_size=40))
def test_any_name_is_gone(name: str) -> None:
    redactor = Redactor()
    redactor.hide_case(name, [])
    if name.strip() and not name.isdecimal():
        for text in (f"before {name} after", repr(name), json.dumps(name), f"x{name}_t1.nii.gz"):
            told = redactor(text)
            assert name not in told or name in "before after case name path file .nii.gz <>"


@pytest.mark.parametrize(
    "text",
    [
        "[Errno 2] No such file or directory: '/data/clinic/Doe Jane/t1.nii.gz'",
        "/data/clinic/Doe Jane: it is cut off. Copy it again.",
        "/home/me/Doe Jane/a b/Doe.nii.gz is broken",
        r"C:\Users\me\Doe Jane\t1.nii.gz: damaged",
        r"\\server\share\Doe Jane\t1.nii",
        "file:///data/Doe%20Jane/t1.nii",
        "~/Doe/t1.nii.gz",
        "../Doe/t1.nii.gz",
        "cases/Doe/t1.nii.gz",
        "read Doe_t1.nii.gz and Doe-seg.nii",
        "Doe^Jane^A^Dr was here",
        "'/data/O'Doe/x y.nii.gz' is gone",
        'open("/data/Doe") failed',
    ],
)
def test_a_stranger_is_hidden_by_how_it_looks(text: str) -> None:
    assert "Doe" not in Redactor()(text)


@pytest.mark.parametrize("text", ["19510203", "1951-02-03", "1951.02.03", "3.2.1951", "03/02/1951", "2/3/1951"])
def test_dates_of_birth_are_hidden(text: str) -> None:
    assert "1951" not in Redactor()(f"born {text} in Linz")


def test_what_a_developer_needs_stays() -> None:
    redactor = Redactor()
    code = ROOT / "brainseg_gui" / "imaging" / "nifti.py"
    text = f'  File "{code}", line 12, in read\n    a / b\n    ~~^^^\nValueError: 240x240x155 is odd\n'
    told = redactor(text)
    assert 'File "<program>/brainseg_gui/imaging/nifti.py", line 12, in read' in told
    assert "~~^^^" in told
    assert "ValueError: 240x240x155 is odd" in told
    assert redactor("window 3/12 of config.toml and model.json") == "window 3/12 of config.toml and model.json"


def test_what_was_veiled_is_not_veiled_again() -> None:
    redactor = Redactor()
    redactor.hide_case("case", [Path("/data/case/name.nii.gz")])
    once = redactor("case in /data/case: at <path>")
    assert once == redactor(once) == "<case 1> in <path>: at <path>"


def test_a_path_beside_the_program_is_not_taken_for_the_program() -> None:
    assert "Doe" not in Redactor()(f"{ROOT}/brainseg_gui_Doe/x.nii")


def test_many_names_do_not_make_it_slow() -> None:
    import time

    redactor = Redactor()
    for number in range(3000):
        redactor.hide(f"patient {number} of the study", "<name>")
    began = time.thread_time()
    for _ in range(20):
        redactor("nothing to be found in a line of the usual length, which is about a hundred characters or so")
    assert time.thread_time() - began < 1.0
    assert len(redactor._names) <= 600


# --- the log ----------------------------------------------------------------------------------------------------


@pytest.fixture
def handler(own_folders: Path) -> object:
    found = start_log(Redactor())
    assert found is not None
    yield found
    logging.getLogger().removeHandler(found)
    found.close()


def test_the_log_is_private_and_names_nobody(handler: LogFile) -> None:
    log = logging.getLogger("brainseg_gui.test")
    try:
        raise FileNotFoundError(2, "gone", "/data/Doe Jane of 1951-02-03")
    except FileNotFoundError:
        log.exception("cannot open %s", Path("/data/Doe Jane"))
    log.warning("%s", ImageError("it is cut off", "Copy it again", Path("/data/Doe Jane/t1 of Doe.nii.gz")))
    log.info("a name\n2026-01-01 00:00:00Z INFO [1] forged entry of %s", "Doe_Jane.nii.gz")
    text = log_path().read_text("utf-8")
    assert "Doe" not in text
    assert "1951" not in text
    assert "FileNotFoundError" in text
    assert "it is cut off. Copy it again" in text
    assert stat.S_IMODE(log_path().stat().st_mode) == 0o600
    assert stat.S_IMODE(log_path().parent.stat().st_mode) == 0o700
    entries = [line for line in text.splitlines() if not line.startswith("    ")]
    assert len(entries) == 3  # what is forged is indented


def test_the_log_is_bounded(handler: LogFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "maxBytes", 20_000)
    log = logging.getLogger("brainseg_gui.test")
    for number in range(1500):
        log.info("an entry of some length, number %s, and some more words", number)
    files = sorted(path.name for path in log_path().parent.iterdir())
    assert files == ["brainseg.log", "brainseg.log.1", "brainseg.log.2", "brainseg.log.3"]
    assert sum(path.stat().st_size for path in log_path().parent.iterdir()) < 90_000
    assert {stat.S_IMODE(path.stat().st_mode) for path in log_path().parent.iterdir()} == {0o600}
    assert "number 1499" in log_tail(1)


def test_two_windows_write_one_log(handler: LogFile) -> None:
    other = LogFile(log_path(), Redactor())
    try:
        other.doRollover()
        other.emit(logging.makeLogRecord({"msg": "of the other", "levelname": "INFO"}))
        logging.getLogger("brainseg_gui.test").info("of this one")
        assert "of the other" in log_tail()
        assert "of this one" in log_tail()
    finally:
        other.close()


def test_a_full_disk_does_not_disturb(handler: LogFile, capfd: pytest.CaptureFixture[str]) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log_path().stat().st_size, before[1]))
    try:
        for _ in range(20):
            logging.getLogger("brainseg_gui.test").info("nobody reads this")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    logging.getLogger("brainseg_gui.test").info("somebody reads this")
    assert "somebody reads this" in log_tail()
    assert "Error" not in capfd.readouterr().err


def test_no_log_can_be_written(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_folders / "file").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(own_folders / "file"))
    assert start_log(Redactor()) is None
    assert log_file.log_tail() == ""
    assert "There is no log" in report_text(Redactor())
