"""What series are taken for once their images were looked at too: where tags are silent, and where they are wrong.

T1 and T1ce look much alike. One image by itself does not tell them well, two beside each other do: first the one that
looks most like contrast agent is taken for T1ce, and what shines decides when they lie on each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.roles import Certainty, Role

Seen = Mapping[Modality | None, float]
"""How likely an image is each of the four, or another (None); adds up to 1. Empty where nobody could tell."""
BOTH_T1 = frozenset([Modality.T1, Modality.T1CE])
_LEAST, _CLEAR, _CONTRADICTS = 0.5, 0.8, 0.9
"""How likely an image has to look like something to be taken for it, to be believed, and to speak against its tags; of
both T1, also how likely contrast agent has to be in one that stands alone for it to be told."""
_SHINES, _LEANS = 1.3, 0.3
"""The gain from which one of two T1 was taken after contrast agent, see `contrast_gain`; and from which that is more
likely than not, which is a doubt."""
_FAR_APART = 0.5
"""Between what the network makes of the contrast agent in two T1, for it to speak against the gain."""


def with_image(role: Role, seen: Seen) -> Role:
    """What a series is taken for once its image was looked at too.

    Tags and image that agree make a guess surer. Where the tags say nothing the image decides, which stays unsure: of
    64 painted T1, T1ce, T2 and FLAIR 8 are taken for another, four of them with more than 90 %. Where both contradict
    each other the tags' verdict stands, but is told as unsure. An image speaks against neither T1 nor T1ce where it
    looks like the other: `told_apart` and `with_contrast_gain` compare them, and `standing_alone` tells of a T1 that
    has none to be compared with.
    """
    if not seen:
        return role
    best = _best(seen)
    share, words = _share(seen, best), _in_words(seen, best)
    if role.modality is None and role.certainty is Certainty.UNSURE:
        if best is None or share < _LEAST:
            return role
        return Role(best, Certainty.UNSURE, f"{role.reason}; {words}")
    if role.modality is best or {role.modality, best} == BOTH_T1:
        surer = role.certainty is Certainty.UNSURE and seen[best] >= _CLEAR and role.modality is best
        return replace(role, certainty=Certainty.LIKELY, reason=f"{role.reason}; {words}") if surer else role
    if share < _CONTRADICTS:
        return role
    return replace(role, certainty=Certainty.UNSURE, reason=f"{role.reason}, but {words}")


def _best(seen: Seen) -> Modality | None:
    """What an image looks like most, both T1 taken together: half for T1, half for T1ce is no doubt about T2."""
    return max(seen, key=lambda modality: (_share(seen, modality), seen[modality]))


def _share(seen: Seen, best: Modality | None) -> float:
    return sum(seen[one] for one in BOTH_T1) if best in BOTH_T1 else seen[best]


def _in_words(seen: Seen, best: Modality | None) -> str:
    title = "a T1 or T1ce" if best in BOTH_T1 else best.title if best else "none of the four"
    told = f"the image looks like {title} ({_share(seen, best):.0%})"
    return f"{told}, contrast agent {agent_share(seen):.0%} likely" if best in BOTH_T1 else told


def contrast_in_words(role: Role, seen: Seen) -> str:
    """What an image looks like against what a person said; empty where it does not contradict."""
    told = with_image(replace(role, certainty=Certainty.SURE), seen)
    return _in_words(seen, _best(seen)) if told.certainty is Certainty.UNSURE else ""


def told_apart(roles: Sequence[Role], seen: Sequence[Seen]) -> tuple[Role, ...]:
    """What each series of an examination is, told from the tags of all and from their images.

    Of several that look like T1, and of which no tag says that contrast agent was given, the one that looks most like
    it is taken for T1ce; that stays unsure until both are compared on each other.

    Parameters
    ----------
    roles
        Told from the tags.
    seen
        What each image looks like.
    """
    return standing_alone(_told_apart(roles, seen), seen)


def _told_apart(roles: Sequence[Role], seen: Sequence[Seen]) -> tuple[Role, ...]:
    found = [with_image(role, one) for role, one in zip(roles, seen, strict=True)]
    alike = [number for number, role in enumerate(found) if role.modality in BOTH_T1]
    silent = [number for number in alike if roles[number].modality is None]
    known = any(found[number].modality is Modality.T1CE for number in alike if number not in silent)
    open_to_it = silent or [number for number in alike if seen[number] and agent_share(seen[number]) >= _CLEAR]
    if len(alike) < 2 or (known and not silent) or not open_to_it:
        return tuple(found)
    enhanced = None if known else max(open_to_it, key=lambda number: agent_share(seen[number]))
    for number in {*silent, *([enhanced] if enhanced is not None else [])}:
        modality = Modality.T1CE if number == enhanced else Modality.T1
        why = "most like contrast agent" if number == enhanced else "less like contrast agent than another one"
        reason = f"{found[number].reason}; of {len(alike)} T1 it looks {why}"
        found[number] = Role(modality, Certainty.UNSURE, reason)
    return tuple(found)


def standing_alone(roles: Sequence[Role], seen: Sequence[Seen]) -> tuple[Role, ...]:
    """The same, with each T1 unsure in which contrast agent is seen, where no other series is a T1ce.

    Names seldom say that none was given, and nothing else would tell.
    """
    if any(role.modality is Modality.T1CE for role in roles):
        return tuple(roles)
    return tuple(_with_agent(role, one) for role, one in zip(roles, seen, strict=True))


def _with_agent(role: Role, seen: Seen) -> Role:
    if role.modality is not Modality.T1 or not seen or _best(seen) not in BOTH_T1:
        return role
    if role.certainty is Certainty.UNSURE or (share := agent_share(seen)) < _CONTRADICTS:
        return role
    reason = f"{role.reason}, but something shines as after contrast agent ({share:.0%} likely): perhaps a T1ce"
    return Role(role.modality, Certainty.UNSURE, reason)


def agent_share(seen: Seen) -> float:
    """How likely contrast agent was given, of an image that looks like T1."""
    plain, enhanced = (seen[one] for one in (Modality.T1, Modality.T1CE))
    return enhanced / (plain + enhanced) if plain + enhanced > 0 else 0.0


class Compared(NamedTuple):
    """What T1 and T1ce are taken for; `changed` where they changed places."""

    plain: Role
    enhanced: Role
    changed: bool = False


def with_contrast_gain(plain: Role, enhanced: Role, gain: float, looks: float = 0.0) -> Compared:
    """T1 and T1ce of an examination once their images were compared.

    In this order: where the enhanced one shines both are at least likely. Where the plain one shines instead they
    change places, as unsure where a tag was sure of either, for that is to be looked at; but not where each image by
    itself says the contrary by far. Where neither shines a sure tag lets both stand; without any tag the one that
    shines a little more is taken, as unsure. Else the enhanced one is unsure.

    Parameters
    ----------
    plain, enhanced
        What is taken for T1, and for T1ce.
    gain
        How much more the enhanced one shines than the plain one, as `contrast_gain` gives it: in spreads of the voxels'
        differences. From `_SHINES` on it says something, below minus that the reverse.
    looks
        By how much more the enhanced one looks like T1ce by itself than the plain one: a difference of two
        `agent_share`, -1 to 1; 0 where nobody saw either. Of two painted T1 without agent it reaches .97, so that it
        settles nothing alone.
    """
    if gain >= _SHINES:
        reason = "it shines where the other T1 does not"
        return Compared(_likely(plain), replace(_likely(enhanced), reason=f"{enhanced.reason}; {reason}"))
    certainties = (plain.certainty, enhanced.certainty)
    if gain <= -_SHINES and looks < _FAR_APART:
        certainty = Certainty.UNSURE if Certainty.SURE in certainties else Certainty.LIKELY
        return _exchanged(plain, enhanced, certainty, "it shines where the one taken for T1ce does not")
    if gain <= -_LEANS and looks < _FAR_APART and set(certainties) == {Certainty.UNSURE}:
        why = "it shines a little more than the one taken for T1ce, too little to tell"
        return _exchanged(plain, enhanced, Certainty.UNSURE, why)
    if gain > -_SHINES and enhanced.certainty is Certainty.SURE:
        return Compared(plain, enhanced)
    why = "the other T1 shines more" if gain <= -_SHINES else "neither T1 clearly shines more than the other"
    return Compared(plain, replace(enhanced, certainty=Certainty.UNSURE, reason=f"{enhanced.reason}; {why}"))


def _exchanged(plain: Role, enhanced: Role, certainty: Certainty, why: str) -> Compared:
    now = Role(Modality.T1CE, certainty, f"{plain.reason}, but {why}")
    return Compared(Role(Modality.T1, certainty, f"{enhanced.reason}, but the other T1 shines more"), now, True)


def _likely(role: Role) -> Role:
    return replace(role, certainty=Certainty.LIKELY) if role.certainty is Certainty.UNSURE else role
