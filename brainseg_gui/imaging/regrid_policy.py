"""What may be done with a mask that lies on another grid than its images."""

from __future__ import annotations

from enum import Enum


class RegridPolicy(Enum):
    """Nothing, the nearest voxel of the patient's space, or the voxels in the order in which they are stored."""

    STRICT = "strict"
    NEAREST = "nearest"
    VOXELS = "voxels"
