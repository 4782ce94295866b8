"""Every bad image and mask, for `measure`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from tests.fuzz.image_bytes import byte_trials
from tests.fuzz.image_headers import header_trials
from tests.fuzz.image_parts import part_trials
from tests.fuzz.measure import Trial
from tests.fuzz.nifti_bytes import labels, nifti, packed, writing
from tests.fuzz.reading import open_and_save, open_mask


@cache
def trials(seed: int) -> Sequence[Trial]:
    """About 6,000 inputs, the same for the same seed."""
    good = Trial("good", "an image in order", writing(packed(nifti())), open_and_save)
    mask = Trial("good", "a mask in order", writing(packed(nifti(labels()))), open_mask)
    return (good, mask, *byte_trials(seed), *header_trials(seed), *part_trials())
