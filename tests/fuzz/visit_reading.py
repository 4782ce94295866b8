"""Follow-ups in order, and reading them as the program does."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from brainseg_gui.followup.criteria import criteria_named
from brainseg_gui.followup.documents.page import follow_up_page
from brainseg_gui.followup.documents.text import as_text
from brainseg_gui.followup.edits import BaselineChosen, LineMoved, TargetsChosen, VisitRemark
from brainseg_gui.followup.from_json import read_follow_up
from brainseg_gui.followup.measure import FollowUpRequest, measure_patient
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.to_json import as_json
from brainseg_gui.followup.visits import TimeLine, time_line_of
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.plain_files import for_terminal
from brainseg_gui.progress import run_to_end
from tests.fuzz.folder_parts import image, mask
from tests.fuzz.measure import WrongAnswer


@cache
def follow_up() -> dict[str, Any]:
    """A follow-up of two visits with every kind of change, as it is saved."""
    with TemporaryDirectory() as folder:
        for number, name in enumerate(("2021-03-04", "2021-06-04")):
            place = Path(folder) / "P1" / name
            place.mkdir(parents=True)
            for part in ("t1", "t1ce"):
                (place / f"{part}.nii").write_bytes(image(number))
            (place / "seg.nii.gz").write_bytes(mask())
        record = _measured(Path(folder) / "P1", "brats2020")  # the images would tell another scheme
    line = record.visits[1].lesions[1].cross.longest
    for edit in (TargetsChosen((1,)), BaselineChosen(0), VisitRemark(0, "x"), LineMoved(1, 1, "longest", line)):
        record = record.with_edit(edit)
    content: dict[str, Any] = json.loads(as_json(record))
    return content


def sidecar() -> dict[str, Any]:
    """What dcm2niix says of an image."""
    return {"Modality": "MR", "AcquisitionDate": "2021-03-04", "StudyDate": "20210304", "EchoTime": 0.1}


def read_saved(path: Path) -> None:
    """Read a saved follow-up, show it in every form, save it, read it again."""
    record = read_follow_up(path)
    _shown(record)
    again = path.with_name("again.json")
    again.write_text(as_json(record), "utf-8", "backslashreplace")
    if as_json(read_follow_up(again)) != as_json(record):
        raise WrongAnswer("saved and read again it is another one")


def follow(folder: Path) -> None:
    """``brainseg follow``: measure what is there, and show it in every form."""
    _shown(_measured(folder))


def order_visits(folder: Path) -> TimeLine:
    """The visits in their order, with what is said about it."""
    line = time_line_of(folder)
    for number in range(len(line.visits)):
        days = line.days(number)
        if days is not None and days.least > days.most:
            raise WrongAnswer(f"{days.least} to {days.most} days")
    words = [line.patient, *line.notes, *(visit.name for visit in line.visits)]
    if any(not _may_be_shown(word) for word in words):
        raise WrongAnswer(f"words that steer: {words!a}")
    return line


def _measured(folder: Path, scheme: str = "") -> FollowUp:
    request = FollowUpRequest(criteria_named("rano2"), scheme=scheme_named(scheme) if scheme else None)
    return run_to_end(measure_patient(order_visits(folder), request))


def _may_be_shown(word: str) -> bool:
    return all(letter.isprintable() or letter in "\u00a0\u200c\u200d" for letter in word)


def _shown(record: FollowUp) -> None:
    for line in for_terminal(as_text(record)).split("\n"):
        if not _may_be_shown(line):
            raise WrongAnswer(f"a line that steers a terminal: {line!a}")
    page = follow_up_page(record)
    if "<script>alert(1)" in page or "<img src=x" in page:
        raise WrongAnswer("a script got into the page")
    as_json(record).encode(errors="backslashreplace")  # as `write_text` does
