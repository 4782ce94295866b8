"""What the processor multiplies fastest. Standard library only."""

from __future__ import annotations

import contextlib
from pathlib import Path

_TILES = "amx_bf16"
_VECTORS = "avx512_bf16"
_FAST_VECTORS = "AuthenticAMD"
"""Whose vectors of bfloat16 are faster than those of float32: a training step 1.5 times on an EPYC. On a Xeon without
tiles a step took twice as long and a segmentation 1.2 times."""


def described_processor() -> str:
    """What Linux tells of the processor; empty elsewhere."""
    with contextlib.suppress(OSError):
        return Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    return ""


def has_bfloat16(description: str) -> bool:
    """Whether the processor knows bfloat16 at all."""
    return bool(_of(description, "flags") & {_TILES, _VECTORS})


def is_faster_in_bfloat16(description: str) -> bool:
    """Whether networks run faster in bfloat16 than in float32."""
    flags = _of(description, "flags")
    return _TILES in flags or (_VECTORS in flags and _FAST_VECTORS in _of(description, "vendor_id"))


def _of(description: str, field: str) -> frozenset[str]:
    """The words of a field, of the first core."""
    for line in description.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == field:
            return frozenset(value.split())
    return frozenset()
