"""What a network was made of: the one that it goes on from, and the comparison by which it took its place."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

from brainseg_gui.inference.models.json_fields import JsonFields
from brainseg_gui.plain_files import tagless

_DIGEST = re.compile(r"[0-9a-f]{8,128}")


@dataclass(frozen=True)
class Ancestry:
    """Where a promoted network comes from.

    Parameters
    ----------
    parent, parent_sha256
        Title and weights of the network that training went on from.
    cases, held_back
        How many corrected cases it was trained and scored on.
    dice_before, dice_after, p
        The gate: mean Dice of WT, TC and ET over the held-back cases of both networks, and p of the paired test.
    trained_on
        Digests of all cases it was trained on in this way, its parents included, by their images and all else by which
        they are known again: none of their patients may score it.
    """

    parent: str
    parent_sha256: str
    cases: int
    held_back: int
    dice_before: float
    dice_after: float
    p: float
    trained_on: tuple[str, ...] = field(default=(), repr=False)

    @property
    def sentence(self) -> str:
        """For people."""
        numbers = f"mean Dice {self.dice_before:.3f} before, {self.dice_after:.3f} after, p {self.p:.3f}"
        return f"{self.parent}, fine-tuned on {self.cases} corrected cases; on {self.held_back} others {numbers}"


def read_ancestry(fields: JsonFields) -> Ancestry | None:
    """The ancestry of a passport; None where it tells of none.

    Raises
    ------
    ModelError
        If it is damaged.
    """
    if not fields.has("ancestry"):
        return None
    part = fields.part("ancestry")
    part.only(*Ancestry.__dataclass_fields__)
    before, after, p = (part.number(key) for key in ("dice_before", "dice_after", "p"))
    if not all(0 <= value <= 1 for value in (before, after, p)):
        raise part.wrong("needs numbers from 0 to 1 for dice_before, dice_after and p")
    digests = part.texts("trained_on")
    if not all(_DIGEST.fullmatch(digest) for digest in digests):
        raise part.wrong("needs hexadecimal digits for trained_on")
    names = tagless(part.text("parent")), part.text("parent_sha256")
    return Ancestry(*names, part.whole("cases"), part.whole("held_back"), before, after, p, digests)


def ancestry_as_json(ancestry: Ancestry) -> dict[str, Any]:
    """What `read_ancestry` reads."""
    return {**asdict(ancestry), "trained_on": list(ancestry.trained_on)}
