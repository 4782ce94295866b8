"""How well series fit that are put in their places by hand, in words."""

from __future__ import annotations

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.nudging import Nudged
from brainseg_gui.preparation.registration.motion import Alignment


def series_name(modality: Modality, one: Nudged) -> str:
    """What a series is called in the list of those that can be moved, and how it came to lie where it lies."""
    if one.is_moved:
        return f"{modality.title}: moved"
    if one.stands:
        return f"{modality.title}: lies right"
    if one.before.by_hand:
        return f"{modality.title}: put by hand"
    return f"{modality.title}: not registered" if one.before.problem else modality.title


def fit_in_words(moving: Nudged | None, running: bool) -> str:
    """How well the series that is moved fits, or what to do about it; empty where nothing can be said now."""
    if moving is None or running:
        return ""
    fit = moving.fit or (None if moving.is_moved else moving.before)
    if fit is None and moving.is_as_refused:
        return _figures(moving.found)
    if fit is None:
        return "Refine tells how well it fits."
    if not fit.problem:
        return _figures(fit)
    return " ".join(part for part in (f"Look at this: {fit.problem}.", _way_out(moving, fit)) if part)


def _way_out(moving: Nudged, fit: Alignment) -> str:
    """What to do with a series that was not registered; what a hand put somewhere says it in its problem."""
    if fit is not moving.before or fit.by_hand:
        return ""
    if moving.stands:
        return "Accept keeps it here, as put by hand."
    if fit.refused is not None:
        return "“As it was found” lays it so, to be looked at. Or move it near its place, then Refine."
    return "Move it near its place, then Refine; or say that it lies right here."


def _figures(fit: Alignment) -> str:
    if not fit.information:
        return ""
    return (
        f"It fits: it covers {fit.overlap:.0%} of the reference's head, mutual information {fit.information:.2f} "
        f"(by chance {fit.chance:.2f})."
    )
