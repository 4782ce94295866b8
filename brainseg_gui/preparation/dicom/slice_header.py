"""What places and describes a slice of a DICOM file, and nothing of who the patient is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from brainseg_gui.imaging.formats.dicom.values import Vector


@dataclass(frozen=True)
class SliceHeader:
    """What a file, or a frame of one, says of the slice in it.

    Parameters
    ----------
    path, frame
        The file, and which of its frames counted from 0; None where it holds one slice.
    series, instance
        UIDs; empty where there are none.
    position_mm, orientation
        ``ImagePositionPatient`` (3) and ``ImageOrientationPatient`` (6: direction of a row, of a column), in LPS;
        empty where they are missing or make no sense.
    spacing_mm
        Between rows and between columns; empty where it is missing.
    shape
        Rows and columns.
    slope, intercept
        ``intensity = slope * stored + intercept``.
    numbers
        Numbers that tell volumes of one series apart, by name: echo, b value, time point, acquisition.
    image_type
        Values of ``ImageType``, in capitals.
    words
        Text that describes the sequence, by keyword.
    times
        TE, TR and TI in ms, flip angle in degrees, field in T, thickness in mm, by keyword; those that are there.
    order
        ``InstanceNumber``, or the number of the frame.
    transfer_syntax
        UID of how the pixels are packed.
    samples
        Values per pixel: 1 for grey, 3 for colour.
    frames
        How many the file holds.
    acquisition
        ``AcquisitionNumber``; 0 where there is none.
    burned_in
        Whether it says that annotations are burned into its pixels.
    """

    path: Path
    frame: int | None
    series: str
    instance: str
    position_mm: Vector
    orientation: Vector
    spacing_mm: Vector
    shape: tuple[int, int]
    slope: float = 1.0
    intercept: float = 0.0
    numbers: Mapping[str, float] = field(default_factory=dict)
    image_type: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)
    order: int = 0
    transfer_syntax: str = ""
    samples: int = 1
    frames: int = 1
    acquisition: int = 0
    burned_in: bool = False

    @property
    def modality(self) -> str:
        """``MR``, ``CT``, …; empty where it does not say."""
        return self.words.get("Modality", "")

    @property
    def description(self) -> str:
        """What the series is called, else its protocol."""
        return self.words.get("SeriesDescription") or self.words.get("ProtocolName", "")
