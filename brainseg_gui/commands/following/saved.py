"""A follow-up that was saved as JSON, taken up again: its tables and reports without measuring."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from brainseg_gui.errors import BrainsegError
from brainseg_gui.followup.from_json import read_follow_up
from brainseg_gui.followup.record import FollowUp, VisitMeasures
from brainseg_gui.followup.visits import TimeLine, Visit
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case

_MEASURING = ("patient", "masks", "scheme", "date", "criteria", "planes", "no_registration", "carry_over")


def saved_follow_up(args: argparse.Namespace) -> FollowUp:
    """The follow-up that a command line names.

    Raises
    ------
    BrainsegError
        If it cannot be read, or something is asked that only measuring can give.
    """
    for option in _MEASURING:
        if getattr(args, option) != args.default_of(option):
            what = f"--{option.replace('_', '-')} is for measuring, and this was measured"
            raise BrainsegError(what, "Leave it out, or name the patient's folder", args.patient_folder)
    return read_follow_up(args.patient_folder)


def line_of(record: FollowUp) -> TimeLine:
    """The visits of a record, with the images that still lie beside their masks."""
    return TimeLine(record.patient, tuple(Visit(visit.name, _source(visit), visit.moment) for visit in record.visits))


def _source(visit: VisitMeasures) -> CaseSource:
    for source in _beside(visit.mask):
        return source
    return CaseSource(visit.name, Path(), {})


def _beside(mask: Path | None) -> Iterator[CaseSource]:
    """The case that a mask is the reference of."""
    if mask is None:
        return
    try:
        source = find_case(mask.parent, deep=False)
    except BrainsegError:
        return
    if source.reference == mask:
        yield source
