"""``brainseg report`` of several cases: a task for each, on this computer or wherever the workers are."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from brainseg_gui import __version__
from brainseg_gui.commands.options.case import chosen_schemes, regrid_policy_of
from brainseg_gui.commands.reporting.task import ENDINGS, report_name, report_task
from brainseg_gui.commands.tasks.run import Tasks, run_all
from brainseg_gui.errors import BrainsegError, CaseError
from brainseg_gui.evaluation.cohorts.mask_search import PREDICTIONS, FoundMask, by_id, find_masks
from brainseg_gui.evaluation.metrics.rules import rules_named
from brainseg_gui.execution.manifest import Entry, read_manifest
from brainseg_gui.imaging.case import CaseSource
from brainseg_gui.imaging.cases.case_folder import find_case, find_cohort
from brainseg_gui.imaging.naming.patients import patients_of


def report_on_several(args: argparse.Namespace) -> int:
    """Report on the cases of a command line; the exit code."""
    output = _folder_of(args)
    rules_named(args.rules)
    chosen = chosen_schemes(args)
    sources = _sources(args.cases)
    known: Mapping[str, list[Entry]] = {} if args.fresh or not output.is_dir() else read_manifest(output)
    same = {
        "program": __version__,
        "output": str(output),
        "rules": args.rules,
        "reference_scheme": chosen.reference.name if chosen.reference else "",
        "prediction_scheme": chosen.prediction.name if chosen.prediction else "",
        "regrid": regrid_policy_of(args).value,
    }
    records = _records(sources, _predictions(args.prediction, sources), known, same)
    names = [source.case_id for source in sources]
    marks = [{"case": name} for name in names]
    return run_all(args, Tasks(names, marks, records, output, "reports", _words), report_task)


def is_cohort(path: Path) -> bool:
    """Whether a folder holds several cases, and is none itself."""
    try:
        return path.is_dir() and len(_found(path)) > 1
    except CaseError:
        return False


def _folder_of(args: argparse.Namespace) -> Path:
    if args.reference is not None:
        raise BrainsegError("--reference is for one case", "Leave it out: each case's own mask is its reference")
    folder = args.output[0] if args.output and len(args.output) == 1 else None
    if folder is None or folder.suffix.lower() in ENDINGS:
        raise BrainsegError("reports of several cases go into a folder", "Give one folder for -o")
    return Path(folder).absolute()


def _sources(paths: Sequence[Path]) -> list[CaseSource]:
    sources = [source for path in paths for source in _found(path.absolute())]
    twice = [case for case, count in Counter(source.case_id for source in sources).items() if count > 1]
    if twice:
        raise BrainsegError(f"several of the cases are called {twice[0]}", "Report on them into different folders")
    return sources


def _found(path: Path) -> list[CaseSource]:
    """A case, or those of a folder of cases."""
    try:
        return [find_case(path)]
    except CaseError:
        return list(find_cohort(path))


def _predictions(place: Path | None, sources: Sequence[CaseSource]) -> dict[str, str] | None:
    """The masks of a folder of predictions, by their cases; empty words for a case that has none there.

    Raises
    ------
    BrainsegError
        If a case has several masks there, for no name tells which one is meant, or there is one for several cases.
    """
    if place is None:
        return None
    if place.is_file():
        if len(sources) > 1:
            raise BrainsegError("one mask is no prediction of several cases", "Give the folder of all of them", place)
        return {source.case_id: str(place.absolute()) for source in sources}
    of_cases = by_id(
        [FoundMask((source.case_id, *source.names), source.folder, "") for source in sources],
        find_masks(place.absolute(), PREDICTIONS),
    )
    found = {}
    for source in sources:
        masks = of_cases[source.case_id][1]
        if len(masks) > 1:
            names = f"{masks[0].path.name} and {masks[1].path.name}"
            raise CaseError(f"it holds several masks of {source.case_id}: {names}", "Keep the one that is meant", place)
        found[source.case_id] = str(masks[0].path) if masks else ""
    return found


def _records(
    sources: Sequence[CaseSource],
    predictions: Mapping[str, str] | None,
    known: Mapping[str, list[Entry]],
    same: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    owners = patients_of(sources)[0]
    of_others = _predicted(sources, predictions, owners)
    for source in sources:
        entries = [
            entry.as_json() for ending in ENDINGS for entry in known.get(report_name(source.case_id, ending), [])
        ]
        case = source.folder if _is_one(source) else next(iter(source.modalities.values()))
        prediction = predictions[source.case_id] if predictions is not None else None
        others = {str(image): mask for image, mask in of_others.get(owners[source.identity], {}).items()}
        yield {**same, "case": str(case), "prediction": prediction, "of_visits": others, "entries": entries}


def _predicted(
    sources: Sequence[CaseSource], predictions: Mapping[str, str] | None, owners: Mapping[Path, str]
) -> dict[str, dict[Path, str]]:
    """Patient -> the predictions of the visits, each under the first image of its visit."""
    found: dict[str, dict[Path, str]] = {}
    for source in sources:
        if mask := (predictions or {}).get(source.case_id):
            image = next(iter(source.modalities.values())).absolute()
            found.setdefault(owners[source.identity], {})[image] = mask
    return found


def _is_one(source: CaseSource) -> bool:
    """Whether its folder names it alone."""
    try:
        return find_case(source.folder).case_id == source.case_id
    except CaseError:
        return False


def _words(reply: dict[str, Any]) -> str:
    return "" if reply["known"] else "\n".join(reply["files"])
