"""Errors as sentences."""

from __future__ import annotations

from pathlib import Path

from brainseg_gui.controllers.jobs.notices import notice_of
from brainseg_gui.errors import CaseError, EngineError


def test_an_error_of_the_user_is_its_sentences_with_the_file_s_name() -> None:
    error = CaseError("it holds no modality", "Choose another folder", Path("/data/case 7"))
    notice = notice_of(error, (("Assign files…", "file.assign"),))
    assert notice.what == "case 7: it holds no modality"
    assert notice.remedy == "Choose another folder"
    assert notice.details == "/data/case 7"
    assert notice.actions == (("Assign files…", "file.assign"),)
    assert notice.problem


def test_the_cause_is_folded_into_the_details() -> None:
    error = CaseError("the folder cannot be read", path=Path("/data"))
    error.__cause__ = PermissionError(13, "Permission denied")
    assert notice_of(error).details == "/data\n[Errno 13] Permission denied"


def test_without_a_file_there_are_no_details() -> None:
    notice = notice_of(EngineError("the engine died", "Segment again"))
    assert (notice.what, notice.details) == ("the engine died", "")


def test_a_bug_says_its_kind_and_keeps_the_traceback() -> None:
    try:
        {}["missing"]
    except KeyError as error:
        notice = notice_of(error)
    assert notice.what == "Something went wrong inside the program (KeyError)"
    assert "KeyError: 'missing'" in notice.details
    assert "test_notices" in notice.details
