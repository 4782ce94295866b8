"""Where a lesion lies, in the words of a table."""

from __future__ import annotations

from brainseg_gui.anatomy.location import LEAST_SHARE, Location

HEADS = ("side", "lobes and structures", "touches", "within a centimetre")
NOT_SAID = "Where in the brain lesions lie is not said: {}"
HOW_RIGHT = (
    "Nothing of it is seen on the images, and what a tumour pushed aside lies elsewhere. Lobes are parted by planes. "
    "Of 160 balls in brains left out of it the structure that holds most was right in 89 %, the side in all, contact "
    "with a lateral ventricle in 90 %; a part is right to about .12."
)


def brief_location(location: Location) -> str:
    """The lobe or structure that holds most of a lesion, with its side.

    >>> brief_location(Location(1.0, {"frontal": 0.7}, {"left putamen": 0.2}, 0.1, {}))
    'left frontal'
    >>> brief_location(Location(0.5, {}, {"brain stem": 0.8}, 0.2, {}))
    'brain stem'
    """
    main = location.main
    if main in location.lobes:
        return f"{main}, both sides" if location.side == "both sides" else f"{location.side} {main}"
    return main or "outside the brain"


def location_cells(location: Location) -> tuple[str, str, str, str]:
    """Side, parts in lobes and structures in per cent, what it touches, and what else is near with its distance."""
    parts = sorted({**location.lobes, **location.structures}.items(), key=lambda item: -item[1])
    shares = ", ".join(f"{name} {share:.0%}" for name, share in parts if share >= LEAST_SHARE)
    near = [f"{name} {mm:.0f} mm" for name, mm in location.near_mm.items() if name not in location.touching]
    return location.side, shares, ", ".join(location.touching), ", ".join(near)
