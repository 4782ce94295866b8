"""The masks of a folder that ``brainseg follow --masks`` names, each for the visit that it is named after."""

from __future__ import annotations

from pathlib import Path

from brainseg_gui.commands.terminal import say
from brainseg_gui.errors import CaseError, listed, printable
from brainseg_gui.evaluation.cohorts.mask_search import PREDICTIONS, find_masks
from brainseg_gui.followup.visits import TimeLine


def masks_of(folder: Path, line: TimeLine) -> dict[str, Path]:
    """Name of a visit -> its mask, by the ids that a mask's name may stand for; visits without one are said.

    Raises
    ------
    CaseError
        If none is of a visit, or several are of one.
    """
    by_id: dict[str, dict[Path, None]] = {}
    for mask in find_masks(folder, PREDICTIONS):
        for case_id in mask.ids:
            by_id.setdefault(case_id, {})[mask.path] = None
    found, visits = {}, [visit.name for visit in line.visits]
    for visit in line.visits:
        names = (visit.source.case_id, *visit.source.names)
        paths = [*next((by_id[name] for name in names if name in by_id), ())]
        if len(paths) > 1:
            what = f"it holds several masks of {visit.name}: {paths[0].name} and {paths[1].name}"
            raise CaseError(what, "Keep the one that is meant", folder)
        if paths:
            found[visit.name] = paths[0]
    if not found:
        raise CaseError("none of its masks is named after a visit", f"Name them after {', '.join(visits)}", folder)
    if lacking := [name for name in visits if name not in found]:
        say(printable(f"{folder} holds no mask of {listed(lacking)}: what lies with the images is measured there"))
    return found
