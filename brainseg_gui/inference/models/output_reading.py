"""What a passport says of the output of its network: its channels, and the tissues that they become."""

from __future__ import annotations

from typing import Literal, cast

from brainseg_gui.errors import BrainsegError
from brainseg_gui.imaging.labelling.known_schemes import network_numbering, scheme_named
from brainseg_gui.imaging.labels import TISSUES
from brainseg_gui.inference.models.json_fields import JsonFields
from brainseg_gui.inference.models.passport import LINEAR, LINEAR_IN_BRAIN, Output
from brainseg_gui.plain_files import visible


def output_of(output: JsonFields) -> Output:
    """What the values that it gives stand for."""
    output.only("activation", "channels", "becomes", "resample", "is")
    activation = cast(Literal["softmax", "sigmoid"], output.choice("activation", ("softmax", "sigmoid")))
    channels, softmax = output.texts("channels"), activation == "softmax"
    if not channels or len(set(channels)) != len(channels) or ("background" in channels) != softmax:
        which = "one of them background" if softmax else "none of them background"
        raise output.wrong(f"needs different channels, {which}")
    known = TISSUES if softmax else ("TC", *TISSUES[1:])
    if unknown := set(channels) - set(known):
        names = ", ".join(known)
        raise output.wrong(f"has a channel that this program does not know: {visible(min(unknown))}; known are {names}")
    is_logits = output.has("is") and output.choice("is", ("probabilities", "logits")) == "logits"
    resample = output.choice("resample", (LINEAR_IN_BRAIN, LINEAR))
    found = Output(activation, channels, resample, is_logits, () if softmax else _becomes(output, channels))
    try:
        network_numbering(scheme_named("brats2020"), found.tissues)
    except BrainsegError as error:
        raise output.wrong(f"names channels that {error.what}", error.remedy) from error
    return found


def _becomes(output: JsonFields, channels: tuple[str, ...]) -> tuple[str, ...]:
    """The tissue of each region less the regions within it."""
    if not output.has("becomes"):
        usual = {"WT": "ED" if len(channels) > 1 else "WT", "TC": "NCR"}
        return tuple(usual.get(name, name) for name in channels)
    tissues = output.texts("becomes")
    if len(tissues) != len(channels) or not set(tissues) <= set(TISSUES[1:]):
        raise output.wrong(f"needs one of {', '.join(TISSUES[1:])} for each channel in becomes")
    return tissues
