"""The series that a mask belongs to, as its DICOM files tell it: who and where, and nothing else of their headers.

An object of a study has to name the same patient as its images do (PS3.3 C.7.1.1); everything else that a header may
hold, from the weight of the patient to private elements, stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainseg_gui.errors import CaseError, printable
from brainseg_gui.imaging.formats.dicom.values import tag_of, text_of, value_of
from brainseg_gui.imaging.grid import StoredGrid
from brainseg_gui.plain_files import open_file
from brainseg_gui.preparation.dicom.slice_header import SliceHeader
from brainseg_gui.preparation.dicom.stacks import Stack

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# May be empty in an object, but must be there: of the patient, and of the study.
PATIENT = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
STUDY = ("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID")
_NAMED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
_OPTIONAL = ("PositionReferenceIndicator", "SpecificCharacterSet", "BurnedInAnnotation", "Modality")
_NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID", "SOPClassUID")
_UTF_8 = "ISO_IR 192"
_AGAIN = "Have the series exported again, with its headers whole"


@dataclass(frozen=True, eq=False)
class SourceSeries:
    """A series to which objects can be added.

    Parameters
    ----------
    slices
        In the order of the third stored axis.
    stored_grid
        Where its voxels lie: (columns, rows, slices).
    header
        What its objects take over: identity of patient and study, frame of reference.
    classes
        SOP class of each slice's file.
    """

    slices: tuple[SliceHeader, ...]
    stored_grid: StoredGrid
    header: Dataset
    classes: tuple[str, ...]

    @property
    def place(self) -> Path:
        """A file of it, to be named in sentences."""
        return self.slices[0].path

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Between rows, between columns, and between slices."""
        import numpy as np

        columns, rows, slices = np.linalg.norm(self.stored_grid.affine[:3, :3], axis=0).tolist()
        return rows, columns, slices

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of it where objects are passed on."""
        if text_of(self.header, "BurnedInAnnotation").upper() == "YES":
            return ("The images say that names are burned into them: the mask holds none of their pixels, they do",)
        return ()


def source_series(stack: Stack) -> SourceSeries:
    """Read what objects of a series have to name.

    Raises
    ------
    CaseError
        If it lacks something without which there can be none.
    """
    if stack.stored_grid is None:
        raise CaseError(f"no mask can be added to this series: {stack.problem}", _AGAIN, stack.first.path)
    headers = {path: _header(path) for path in dict.fromkeys(part.path for part in stack.slices)}
    first = headers[stack.first.path]
    if lacking := [keyword for keyword in _NEEDED if not text_of(first, keyword)]:
        what = f"its images do not say what a DICOM mask has to name ({', '.join(lacking)})"
        raise CaseError(what, _AGAIN, stack.first.path)
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID"):
        if len({text_of(header, keyword) for header in headers.values()}) > 1:
            what = f"its images are of different {printable(keyword)}s"
            raise CaseError(what, "Sort the examinations into folders of their own", stack.first.path)
    classes = tuple(text_of(headers[part.path], "SOPClassUID") for part in stack.slices)
    return SourceSeries(stack.slices, stack.stored_grid, _kept(first), classes)


def _header(path: Path) -> Dataset:
    from pydicom import dcmread

    tags = [tag_of(keyword) for keyword in (*PATIENT, *STUDY, *_NAMED, *_OPTIONAL)]
    try:
        with open_file(path) as stream:
            return dcmread(stream, stop_before_pixels=True, specific_tags=tags, force=True)
    except OSError as error:
        raise CaseError(f"an image of the series cannot be read ({error.strerror})", "Check the drive", path) from error
    except Exception as error:  # pydicom raises whatever a damaged header suggests
        raise CaseError("an image of the series is damaged", "Copy the series again", path) from error


def _kept(found: Dataset) -> Dataset:
    """Identity of patient, study and place, empty where the images have none."""
    from pydicom.dataset import Dataset

    kept = Dataset()
    for keyword in (*PATIENT, *STUDY):
        setattr(kept, keyword, _plain(value_of(found, keyword)))
    for keyword in (*_NAMED, *_OPTIONAL):
        if (value := value_of(found, keyword)) is not None:
            setattr(kept, keyword, value)
    return kept


def _plain(value: Any) -> Any:
    return "" if value is None else value


def name_patient(content: Dataset, series: SourceSeries, *uids: str) -> None:
    """Say in an object of a series whose it is, and some UIDs of the series.

    In UTF-8, whatever the series is in: names of labels are in any script, and pydicom writes a question mark for a
    letter that another character set lacks.
    """
    for keyword in (*PATIENT, *STUDY, *uids):
        setattr(content, keyword, series.header.get(keyword))
    content.SpecificCharacterSet = _UTF_8


def instances_of(series: SourceSeries) -> list[Dataset]:
    """The files of a series, each once, as objects name them."""
    named = {part.instance: kind for part, kind in zip(series.slices, series.classes, strict=True)}
    return [reference_to(kind, instance) for instance, kind in named.items()]


def reference_to(kind: str, instance: str) -> Dataset:
    """An item that names an object: its class and its UID."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = kind, instance
    return item
