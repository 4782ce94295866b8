"""``brainseg follow``: a patient's visits in order, with diameters, volumes, changes and what they are called."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from brainseg_gui.commands.options.outputs import STANDARD_OUTPUT, check_results, refuse_standard_output
from brainseg_gui.errors import BrainsegError, SaveError, named
from brainseg_gui.plain_files import for_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from brainseg_gui.followup.edits import TreatmentNoted
    from brainseg_gui.followup.record import FollowUp
    from brainseg_gui.followup.visits import TimeLine
    from brainseg_gui.imaging.labels import LabelScheme
    from brainseg_gui.imaging.plane import Plane


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "follow",
        help="measure the visits of a patient",
        description="The visits of a patient in order, with the days between them, and of the masks that are there: "
        "lesions with their numbers over all visits, longest diameter and the longest one across it, volumes, sums "
        "over target lesions, change since the baseline and the smallest sum, and the category that the numbers give. "
        "A category of measurements alone is no diagnosis. Of a follow-up that was saved as JSON: the same tables and "
        "reports again, with what people changed, without measuring.",
    )
    _add_visits(parser)
    _add_measuring(parser)
    _add_outputs(parser)
    parser.set_defaults(run=run, default_of=parser.get_default)


def _add_visits(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "patient_folder",
        type=Path,
        metavar="PATIENT_FOLDER",
        help="folder of the visits of one patient, or a follow-up that was saved as .json",
    )
    add("--patient", metavar="NAME", help="whose visits, where the folder holds several patients")
    add(
        "--masks",
        type=Path,
        metavar="FOLDER",
        help="masks named after the visits (default, and for a visit without one: those of the cases)",
    )
    add("--scheme", metavar="NAME", help="what the masks' numbers mean (default: as names and numbers tell)")
    add(
        "--date",
        action="append",
        default=[],
        metavar="VISIT=YYYY-MM-DD",
        help="the day of a visit whose name does not tell it; once for each",
    )
    add(
        "--treatment",
        action="append",
        default=[],
        metavar="WORDS=YYYY-MM-DD",
        help="a treatment and its day, drawn beside the curves; once for each",
    )
    add(
        "--no-registration",
        action="store_true",
        help="take the visits to lie on each other as their files place them (default: they are registered to the "
        "first one, by the brain outside of the tumour; what lies on it already stays)",
    )


def _add_measuring(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--criteria", default="rano2", metavar="NAME", help=f"{_criteria_names()} (rano2)")
    add(
        "--planes",
        default="axial",
        metavar="P",
        help="planes of the diameters: axial, coronal, sagittal or all (axial)",
    )
    add("--baseline", metavar="VISIT", help="name of the visit that response is counted from (default: the first one)")
    add(
        "--targets", metavar="N", help="numbers of the lesions to sum up, such as 1,3 (default: the largest measurable)"
    )


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--carry-over",
        nargs=2,
        metavar=("VISIT", "FOLDER"),
        help="write the mask of VISIT as it lies on each other visit, on that one's own grid, into FOLDER: proposals "
        "to look at and correct",
    )
    add("--json", type=Path, metavar="FILE", help="write JSON (- for the standard output, without the table)")
    add("--csv", type=Path, metavar="FILE", help="write a row for each lesion of each visit")
    add(
        "--html",
        type=Path,
        metavar="FILE",
        help="write one page that opens offline, with key images",
    )
    add("--pdf", type=Path, metavar="FILE", help="write the same as PDF")


def _criteria_names() -> str:
    return "rano2, rano2-nonenhancing, rano-hgg, rano-lgg or rano-bm"


def run(args: argparse.Namespace) -> int:
    """Find the visits, measure them, and write."""
    from brainseg_gui.followup.documents.text import as_text
    from brainseg_gui.followup.to_json import as_json

    _refuse_unwritable(args)
    saved = args.patient_folder.suffix.lower() == ".json" and not args.patient_folder.is_dir()
    record, line, scheme = _saved(args) if saved else _measured(args)
    if args.json == STANDARD_OUTPUT:
        sys.stdout.write(as_json(record))
    else:
        sys.stdout.write(for_terminal(as_text(record)))
    sys.stdout.flush()
    _write_each(_outputs(record, line, scheme, args))
    return 0


def _saved(args: argparse.Namespace) -> tuple[FollowUp, TimeLine, None]:
    from brainseg_gui.commands.following.saved import line_of, saved_follow_up

    record = saved_follow_up(args)
    line = line_of(record)
    return _as_asked(record, args, _treatments(args, line)), line, None


def _measured(args: argparse.Namespace) -> tuple[FollowUp, TimeLine, LabelScheme | None]:
    from brainseg_gui.commands.following.masks import masks_of
    from brainseg_gui.followup.criteria import criteria_named
    from brainseg_gui.followup.measure import FollowUpRequest, measure_patient
    from brainseg_gui.followup.visits import time_line_of
    from brainseg_gui.imaging.labelling.known_schemes import scheme_named
    from brainseg_gui.progress import run_to_end

    criteria, planes = criteria_named(args.criteria), _planes(args.planes)
    scheme = scheme_named(args.scheme) if args.scheme else None
    line = time_line_of(args.patient_folder, args.patient or "", _dates(args.date))
    treatments = _treatments(args, line)
    masks = masks_of(args.masks, line) if args.masks is not None else {}
    request = FollowUpRequest(criteria, planes, masks, scheme, register=not args.no_registration)
    return _as_asked(run_to_end(measure_patient(line, request)), args, treatments), line, scheme


def _refuse_unwritable(args: argparse.Namespace) -> None:
    """Refuse before minutes of work what could not be written after them."""
    files = (args.json, args.csv, args.html, args.pdf)
    for option in ("csv", "html", "pdf"):
        refuse_standard_output(f"--{option}", getattr(args, option))
    for path in files:
        if path is None or path == STANDARD_OUTPUT:
            continue
        if not path.parent.is_dir():
            raise SaveError("its folder is not there", "Make the folder, or choose another file", path)
        if path.is_dir():
            raise SaveError("it is a folder", "Name a file in it", path)
        if not os.access(path.parent, os.W_OK):
            raise SaveError("its folder cannot be written to", "Choose another folder", path)
    check_results(files)
    if args.carry_over:
        folder = Path(args.carry_over[1]).absolute()
        there = next(place for place in (folder, *folder.parents) if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise SaveError("masks cannot be written there", "Choose another folder", folder)


def _write_each(outputs: Iterable[Callable[[], object]]) -> None:
    """Write them all: what is refused of one costs no other. The first that was refused is raised at the end."""
    from brainseg_gui.commands.terminal import say

    refused: list[SaveError] = []
    for write in outputs:
        try:
            write()
        except SaveError as error:
            refused.append(error)
    for other in refused[1:]:
        say(str(other))
    if refused:
        raise refused[0]


def _outputs(
    record: FollowUp, line: TimeLine, scheme: LabelScheme | None, args: argparse.Namespace
) -> Iterator[Callable[[], object]]:
    """What writes each of the files that were asked for."""
    from brainseg_gui.followup.to_json import as_json
    from brainseg_gui.progress import run_to_end
    from brainseg_gui.storage.chosen_file import write_text

    if args.carry_over:
        from brainseg_gui.followup.aligning.carrying import carry_over

        visit, folder = args.carry_over
        yield lambda: run_to_end(carry_over(record, line.visits, visit, scheme, Path(folder)))
    if args.json is not None and args.json != STANDARD_OUTPUT:
        yield lambda: write_text(args.json, as_json(record), chosen=True)
    if args.csv is not None:
        from brainseg_gui.followup.documents.csv_table import as_csv

        yield lambda: write_text(args.csv, as_csv(record), chosen=True)
    if args.html is not None or args.pdf is not None:
        yield from _reports(record, line, args)


def _reports(record: FollowUp, line: TimeLine, args: argparse.Namespace) -> Iterator[Callable[[], object]]:
    from brainseg_gui.evaluation.reports.pictures import as_png
    from brainseg_gui.followup.documents.key_images import key_figure, read_key_images
    from brainseg_gui.progress import run_to_end
    from brainseg_gui.storage.chosen_file import write_text

    images = run_to_end(read_key_images(record, line.visits))
    if args.html is not None:
        from brainseg_gui.followup.documents.page import follow_up_page

        pictures = as_png(key_figure(images)) if images else b""
        yield lambda: write_text(args.html, follow_up_page(record, pictures), chosen=True)
    if args.pdf is not None:
        from brainseg_gui.followup.documents.pdf import write_follow_up_pdf

        yield lambda: write_follow_up_pdf(record, images, args.pdf)


def _planes(name: str) -> tuple[Plane, ...]:
    from brainseg_gui.imaging.plane import Plane

    known = {plane.name.lower(): (plane,) for plane in Plane} | {"all": tuple(Plane)}
    return named(known, name, "there is no plane")


def _dates(words: list[str]) -> dict[str, date]:
    return dict(_day_of(word, "--date VISIT") for word in words)


def _day_of(word: str, option: str) -> tuple[str, date]:
    name, _, day = word.rpartition("=")
    try:
        return name, date.fromisoformat(day)
    except ValueError as error:
        raise BrainsegError(f"{word} names no day", f"Write {option}=2021-03-04") from error


def _treatments(args: argparse.Namespace, line: TimeLine) -> list[TreatmentNoted]:
    """The treatments that were named; names of visits are looked at too, before minutes of work and not after."""
    from brainseg_gui.followup.edits import TreatmentNoted

    names = [visit.name for visit in line.visits]
    for name in (args.baseline, args.carry_over[0] if args.carry_over else None):
        if name is not None and name not in names:
            raise BrainsegError(f"no visit is named {name}", f"Choose one of {', '.join(names)}", args.patient_folder)
    days = [_day_of(word, "--treatment WORDS") for word in args.treatment]
    return [TreatmentNoted(day, what) for what, day in days]


def _as_asked(record: FollowUp, args: argparse.Namespace, treatments: Sequence[TreatmentNoted]) -> FollowUp:
    """With the treatments, the baseline and the targets that were named."""
    from brainseg_gui.followup.edits import BaselineChosen, TargetsChosen

    for treatment in treatments:
        record = record.with_edit(treatment)
    if args.baseline is not None:
        names = [visit.name for visit in record.visits if visit.mask is not None]
        if args.baseline not in names:
            what = f"no visit with a mask is named {args.baseline}"
            raise BrainsegError(what, f"Choose one of {', '.join(names)}", args.patient_folder)
        record = record.with_edit(BaselineChosen([visit.name for visit in record.visits].index(args.baseline)))
    if args.targets is not None:
        try:
            return record.with_edit(TargetsChosen(tuple(int(number) for number in args.targets.split(","))))
        except ValueError as error:
            there = ", ".join(str(number) for number in record.visits[record.baseline].lesions) or "none"
            what = f"{args.targets} are no lesions of the baseline"
            raise BrainsegError(what, f"Choose among {there}, such as --targets 1,3", args.patient_folder) from error
    return record
