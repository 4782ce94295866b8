"""Whether the processor is faster in bfloat16: by what Linux tells of it."""

from __future__ import annotations

import pytest

from brainseg_gui.processor import has_bfloat16, is_faster_in_bfloat16

_TOLD = """processor\t: 0
vendor_id\t: {vendor}
model name\t: some avx512_bf16 of {vendor}
flags\t\t: fpu sse2 {flags}
bugs\t\t: none

processor\t: 1
vendor_id\t: {vendor}
flags\t\t: fpu sse2 {flags}
"""


@pytest.mark.parametrize(
    ("vendor", "flags", "has", "is_faster"),
    [
        ("AuthenticAMD", "avx512f avx512_bf16", True, True),
        ("GenuineIntel", "avx512f avx512_bf16 amx_bf16 amx_tile", True, True),
        (
            "GenuineIntel",
            "avx512f avx512_bf16 avx512_fp16",
            True,
            False,
        ),  # tiles are hidden from virtual machines at times
        ("AuthenticAMD", "avx2", False, False),
        ("GenuineIntel", "avx512f", False, False),
    ],
)
def test_which_processors_are_faster_in_it(vendor: str, flags: str, has: bool, is_faster: bool) -> None:
    description = _TOLD.format(vendor=vendor, flags=flags)
    assert has_bfloat16(description) is has
    assert is_faster_in_bfloat16(description) is is_faster


@pytest.mark.parametrize("description", ["", "processor\t: 0\n", "CPU implementer : 0x41\nFeatures : bf16\n"])
def test_of_what_is_not_told_nothing_is_assumed(description: str) -> None:
    assert not has_bfloat16(description)
    assert not is_faster_in_bfloat16(description)
