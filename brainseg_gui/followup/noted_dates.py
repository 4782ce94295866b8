"""The day of a visit out of the small files beside its images: a sidecar of dcm2niix, a table of BIDS sessions.

They come from anywhere: what is damaged, too large or no date is as if it were not there.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

from brainseg_gui.errors import printable
from brainseg_gui.followup.moments import Moment, moment_on
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.formats.known_formats import stem
from brainseg_gui.plain_files import read_json, read_text, visible

_KEYS = ("AcquisitionDateTime", "AcquisitionDate", "StudyDate", "SeriesDate", "StudyDateTime")
_MOST_ROWS = 10_000
_UNSAID = ("n/a", "na", "nan", "none", "unknown", "-")


def noted_moment(source: CaseSource, visit: str) -> Moment | None:
    """The day that a file beside the images names; None where none does."""
    for image in dict.fromkeys(source.modalities.values()):
        if (found := _of_sidecar(image.with_name(f"{stem(image)}.json"))) is not None:
            return found
    return _of_sessions(source, visit)


def unread_day(source: CaseSource, visit: str) -> str:
    """What a table of sessions writes for a visit's day and what is none, in a sentence; empty where nothing is."""
    path, said = _said_by_sessions(source, visit)
    if path is None or not said or said.lower() in _UNSAID or _day(said) is not None:
        return ""
    return (
        f"{printable(path.name)} has no day that can be read for {visit} ({visible(said, 40)}): write it as 2021-03-04"
    )


def _of_sidecar(path: Path) -> Moment | None:
    try:
        content = None if path.is_symlink() else read_json(path)
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict):
        return None
    return next((moment for key in _KEYS if (moment := _day(content.get(key))) is not None), None)


def _of_sessions(source: CaseSource, visit: str) -> Moment | None:
    return _day(_said_by_sessions(source, visit)[1])


def _said_by_sessions(source: CaseSource, visit: str) -> tuple[Path | None, str]:
    """``sub-01/sub-01_sessions.tsv`` has a row for each visit, with its ``acq_time``: the table, and what it says."""
    folders = (source.folder, *source.folder.parents[:3])
    for path in (folder / f"{source.patient}_sessions.tsv" for folder in folders if source.patient):
        if not path.is_file() or path.is_symlink():
            continue
        for row in _rows(path):
            if row.get("session_id") in (visit, f"ses-{visit}"):
                return path, str(row.get("acq_time") or "").strip()
    return None, ""


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        lines = io.StringIO(read_text(path))
        return [row for _, row in zip(range(_MOST_ROWS), csv.DictReader(lines, delimiter="\t"), strict=False)]
    except (OSError, ValueError, csv.Error):
        return []


def _day(value: Any) -> Moment | None:
    """The day of a time in ISO's form or DICOM's; that BIDS shifts some to before 1925 changes no difference."""
    if not isinstance(value, str):
        return None
    try:
        return moment_on(date.fromisoformat(value[:10] if "-" in value else value[:8]))
    except ValueError:
        return None
