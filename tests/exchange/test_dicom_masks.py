"""Segmentations and structure sets: written for series of every orientation, read again by others and by ours."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from brainseg_gui.errors import BrainsegError, CaseError, GridMismatchError, ImageError, SaveError
from brainseg_gui.exchange.dicom.deidentification import deidentified, key_of_computer, other_uid
from brainseg_gui.exchange.dicom.mask_maker import MakerKind, MaskMaker, made_by, maker_of
from brainseg_gui.exchange.dicom.segmentation import write_segmentation
from brainseg_gui.exchange.dicom.source_series import SourceSeries
from brainseg_gui.exchange.dicom.structure_set import write_structure_set
from brainseg_gui.imaging.formats.reading import read_label_map, read_mask
from brainseg_gui.imaging.labelling.known_schemes import scheme_named
from brainseg_gui.imaging.labelling.label_entries import LabelEntry, scheme_of
from tests.exchange.dicom_series import (
    AXES,
    LPS_TO_RAS,
    drawn,
    labels_on,
    series_in_memory,
    series_on_disk,
    tilted,
)

Values = NDArray[np.uint8]
NETWORK = made_by("synthetic-2mm 1.2", sha256="ab" * 32)
WRITERS = (write_segmentation, write_structure_set)


def segmentation_of(path: Path, series: SourceSeries) -> Values:
    """Numbers of segments in the series' stored order: pixels by pydicom, places by the frames' own headers."""
    content = pydicom.dcmread(path)
    inverse = np.linalg.inv(LPS_TO_RAS @ series.stored_grid.affine)
    found = np.zeros(series.stored_grid.shape, np.uint8)
    for plane, frame in zip(content.pixel_array, content.PerFrameFunctionalGroupsSequence, strict=True):
        place = inverse @ (*frame.PlanePositionSequence[0].ImagePositionPatient, 1.0)
        np.testing.assert_allclose(place[:2], 0, atol=1e-4)
        named = frame if "SegmentIdentificationSequence" in frame else content.SharedFunctionalGroupsSequence[0]
        segment = named.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        found[:, :, round(place[2])][plane.T > 0] = segment
    return found


def contoured(path: Path, series: SourceSeries) -> Values:
    """The same of a structure set, by matplotlib's test of points in polygons; united, not subtracted."""
    from matplotlib.path import Path as Polygon

    content = pydicom.dcmread(path)
    inverse = np.linalg.inv(LPS_TO_RAS @ series.stored_grid.affine)
    columns, rows, _ = series.stored_grid.shape
    centres = np.stack(np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij"), -1).reshape(-1, 2)
    found = np.zeros(series.stored_grid.shape, np.uint8)
    for region in content.ROIContourSequence:
        for contour in region.ContourSequence:
            points = np.array(contour.ContourData, float).reshape(-1, 3)
            flat = points @ inverse[:3, :3].T + inverse[:3, 3]
            assert np.ptp(flat[:, 2]) < 1e-4
            inside = Polygon(flat[[*range(len(flat)), 0], :2], closed=True).contains_points(centres)
            found[:, :, round(flat[0, 2])][inside.reshape(columns, rows)] = region.ReferencedROINumber
    return found


@pytest.mark.parametrize("axes", AXES[::6], ids=str)
def test_a_segmentation_holds_every_voxel_in_its_place(axes: list[float], tmp_path: Path) -> None:
    for number, way in enumerate((axes, tilted(axes))):
        series, path = series_in_memory(way), tmp_path / f"{number}.dcm"
        stored = drawn(series, number)
        write_segmentation(path, labels_on(series, stored), series, NETWORK)
        np.testing.assert_array_equal(np.array([0, 1, 2, 4], np.uint8)[segmentation_of(path, series)], stored)
        again = read_label_map(path, series.stored_grid, scheme_named("msd"))
        np.testing.assert_array_equal(series.stored_grid.from_ras(again.values), stored)
        assert again.said is not None
        assert again.said.name == "brats2020"


@pytest.mark.parametrize(("degrees", "chosen"), [(0.0, AXES), (17.0, AXES[::3])])
def test_a_structure_set_holds_every_voxel_in_its_place(
    degrees: float, chosen: list[list[float]], tmp_path: Path
) -> None:
    for number, axes in enumerate(chosen):
        series, path = series_in_memory(tilted(axes, degrees), (5, 4, 3)), tmp_path / f"{number}.dcm"
        stored = drawn(series, number)
        write_structure_set(path, labels_on(series, stored), series)
        np.testing.assert_array_equal(contoured(path, series), stored)
        again = read_label_map(path, series.stored_grid, scheme_named("msd"))
        np.testing.assert_array_equal(series.stored_grid.from_ras(again.values), stored)


def test_highdicom_reads_the_same_volume(tmp_path: Path) -> None:
    import highdicom

    series = series_in_memory(tilted(AXES[5]))
    stored = drawn(series)
    write_segmentation(tmp_path / "a.dcm", labels_on(series, stored), series)
    volume = highdicom.seg.segread(tmp_path / "a.dcm").get_volume(combine_segments=True)
    affine = np.linalg.inv(LPS_TO_RAS @ series.stored_grid.affine) @ volume.affine  # its voxel -> ours
    for index in np.ndindex(*volume.array.shape):
        column, row, place = np.rint((affine @ (*index, 1.0))[:3]).astype(int)
        assert (0, 1, 2, 4)[volume.array[index]] == stored[column, row, place]
    np.testing.assert_allclose(np.abs(np.linalg.det(affine)), 1, atol=1e-6)


@pytest.mark.parametrize("framed", [False, True])
@pytest.mark.parametrize("write", WRITERS)
def test_objects_name_the_images_that_they_were_drawn_on(write: Any, framed: bool, tmp_path: Path) -> None:
    series = series_on_disk(tmp_path / "in", tilted(AXES[0]), framed=framed)
    stored = drawn(series)
    write(tmp_path / "a.dcm", labels_on(series, stored), series)
    content = pydicom.dcmread(tmp_path / "a.dcm")
    assert (content.PatientName, content.PatientID, content.StudyInstanceUID) == ("Doe^Jane", "4711", "1.2.3")
    assert content.FrameOfReferenceUID == "1.2.9"
    instances = {"1.2.3.1.9"} if framed else {f"1.2.3.1.{n}" for n in range(1, 8)}
    assert referenced(content) == instances | ({"1.2.3"} if content.Modality == "RTSTRUCT" else set())
    assert "InstitutionName" not in content
    assert "StudyDescription" not in content
    assert "PatientWeight" not in content
    placed = (segmentation_of if content.Modality == "SEG" else contoured)(tmp_path / "a.dcm", series)
    np.testing.assert_array_equal(placed > 0, stored > 0)


def referenced(content: Any) -> set[str]:
    found: set[str] = set()
    content.walk(lambda _, element: found.add(element.value) if element.keyword == "ReferencedSOPInstanceUID" else None)
    return found


def test_frames_name_the_very_slice_they_were_drawn_on(tmp_path: Path) -> None:
    series = series_on_disk(tmp_path / "in", AXES[0], framed=True)
    write_segmentation(tmp_path / "a.dcm", labels_on(series, drawn(series)), series)
    source = pydicom.dcmread(series.slices[0].path)
    for frame in pydicom.dcmread(tmp_path / "a.dcm").PerFrameFunctionalGroupsSequence:
        named = frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber
        theirs = source.PerFrameFunctionalGroupsSequence[named - 1].PlanePositionSequence[0]
        np.testing.assert_allclose(frame.PlanePositionSequence[0].ImagePositionPatient, theirs.ImagePositionPatient)


def test_segments_are_coded_and_say_who_made_them(tmp_path: Path) -> None:
    series = series_in_memory(AXES[0])
    write_segmentation(tmp_path / "a.dcm", labels_on(series, drawn(series)), series, NETWORK)
    segments = pydicom.dcmread(tmp_path / "a.dcm").SegmentSequence
    kinds = [(s.SegmentLabel, s.SegmentedPropertyTypeCodeSequence[0].CodeValue) for s in segments]
    assert kinds == [("NCR", "6574001"), ("ED", "79654002"), ("ET", "C113842")]
    assert {s.SegmentedPropertyCategoryCodeSequence[0].CodeValue for s in segments} == {"49755003"}
    assert [s.SegmentNumber for s in segments] == [1, 2, 3]
    assert segments[2].SegmentDescription == "label 4 of brats2020"
    algorithm = segments[0].SegmentationAlgorithmIdentificationSequence[0]
    assert (segments[0].SegmentAlgorithmType, segments[0].SegmentAlgorithmName) == ("AUTOMATIC", "synthetic-2mm")
    assert (algorithm.AlgorithmVersion, algorithm.AlgorithmParameters) == ("1.2", f"sha256={'ab' * 32}")


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("what", ["nothing", "one slice", "one voxel", "holes", "all"])
def test_masks_of_little_and_of_everything(write: Any, what: str, tmp_path: Path) -> None:
    series = series_in_memory(tilted(AXES[3]), (9, 8, 4))
    stored = np.zeros(series.stored_grid.shape, np.uint8)
    if what in ("one slice", "holes", "all"):
        stored[..., 2 if what != "all" else slice(None)] = 4
    if what == "one voxel":
        stored[3, 4, 2] = 2
    if what == "holes":  # one in the other, and two that touch at a corner
        stored[2:7, 2:7, 2], stored[4, 4, 2], stored[0, 0, 2], stored[1, 1, 2] = 0, 4, 0, 0
    write(tmp_path / "a.dcm", labels_on(series, stored), series)
    again = read_label_map(tmp_path / "a.dcm", series.stored_grid, scheme_named("brats2020"))
    np.testing.assert_array_equal(series.stored_grid.from_ras(again.values), stored)
    if write is write_structure_set:
        np.testing.assert_array_equal(contoured(tmp_path / "a.dcm", series), stored)
    else:
        np.testing.assert_array_equal(segmentation_of(tmp_path / "a.dcm", series) > 0, stored > 0)


def test_a_segment_that_another_program_adds_changes_no_meaning(tmp_path: Path) -> None:
    """Segments have no gaps in their numbers: NCR and ET of ours are 1 and 2 there, and 2 is oedema in their scheme."""
    series = series_in_memory(AXES[0])
    stored = np.zeros(series.stored_grid.shape, np.uint8)
    stored[1, 1, 1], stored[3, 3, 2] = 1, 3
    write_segmentation(tmp_path / "a.dcm", labels_on(series, stored, "brats2023"), series)
    content = pydicom.dcmread(tmp_path / "a.dcm")
    added = copy.deepcopy(content.SegmentSequence[0])
    added.SegmentNumber, added.SegmentLabel = 3, "Ventricle"
    del added.SegmentDescription
    added.SegmentedPropertyTypeCodeSequence[0].CodeValue = "35764002"
    content.SegmentSequence.append(added)
    content.save_as(tmp_path / "a.dcm")
    again = read_label_map(tmp_path / "a.dcm", series.stored_grid, scheme_named("msd"))
    values, said = series.stored_grid.from_ras(again.values), again.said
    assert said is not None
    assert [said.meaning_of(int(values[place])) for place in ((1, 1, 1), (3, 3, 2))] == ["NCR", "ET"]
    assert said.name_of(3) == "Ventricle"


@pytest.mark.parametrize("write", WRITERS)
def test_a_label_that_another_program_calls_otherwise_is_what_it_is_called(write: Any, tmp_path: Path) -> None:
    series = series_in_memory(AXES[0])
    write(tmp_path / "a.dcm", labels_on(series, drawn(series)), series)
    content = pydicom.dcmread(tmp_path / "a.dcm")
    if content.Modality == "SEG":
        content.SegmentSequence[2].SegmentLabel = "Ventricle"
        content.SegmentSequence[2].SegmentedPropertyTypeCodeSequence[0].CodeValue = "35764002"
    else:
        content.StructureSetROISequence[2].ROIName = "Ventricle"
        del content.RTROIObservationsSequence[2].RTROIIdentificationCodeSequence
    content.save_as(tmp_path / "a.dcm")
    said = read_label_map(tmp_path / "a.dcm", series.stored_grid, scheme_named("msd")).said
    assert said is not None
    assert [said.meaning_of(n) for n in (1, 2, 4)] == ["NCR", "ED", "Ventricle"]


def test_own_labels_come_back_with_names_and_colours(tmp_path: Path) -> None:
    series = series_in_memory(AXES[0])
    scheme = scheme_of("mine", [LabelEntry(3, "hippocampus", "#5b8def"), LabelEntry(7, "Jane's cyst", "#f0883e", "CC")])
    labels = labels_on(series, np.where(drawn(series) > 1, 7, 3).astype(np.uint8)).with_scheme(scheme)
    for write in WRITERS:
        write(tmp_path / f"{write.__name__}.dcm", labels, series)
        said = read_label_map(tmp_path / f"{write.__name__}.dcm", series.stored_grid, scheme_named("msd")).said
        assert said is not None
        assert {n: (said.name_of(n), said.meaning_of(n)) for n in (3, 7)} == {
            3: ("hippocampus", "hippocampus"),
            7: ("Jane's cyst", "CC"),
        }
        colour = [int(said.look_of(3).colour[n : n + 2], 16) for n in (1, 3, 5)]
        assert np.abs(np.subtract(colour, (0x5B, 0x8D, 0xEF))).max() <= 2  # CIELab has its own steps


@pytest.mark.parametrize(
    "lab", [(0, 0, 0), (65535, 65535, 0), (65535, 0, 65535), (30000, 65535, 65535), (500, 0, 32896)]
)
def test_a_colour_that_no_screen_shows_becomes_the_nearest(tmp_path: Path, lab: tuple[int, int, int]) -> None:
    """CIELab has such, and whoever writes a segmentation may choose one; the mask could not be opened."""
    series = series_in_memory(AXES[0])
    write_segmentation(tmp_path / "a.dcm", labels_on(series, (drawn(series) > 1).astype(np.uint8) * 4), series)
    dataset = pydicom.dcmread(tmp_path / "a.dcm")
    dataset.SegmentSequence[0].RecommendedDisplayCIELabValue = list(lab)
    dataset.save_as(tmp_path / "a.dcm")
    labels, colour = (
        read_label_map(tmp_path / "a.dcm", series.stored_grid, scheme_named("brats2020")),
        re.compile("#[0-9a-f]{6}"),
    )
    assert labels.present()
    assert all(colour.fullmatch(labels.scheme.look_of(value).colour) for value in labels.present())


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("letters", "name"),
    [
        (None, "Doe^Jane"),
        ("ISO_IR 100", "Müller^Jürgen"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
    ],
)
def test_names_of_people_and_of_labels_keep_their_letters(write: Any, letters: Any, name: str, tmp_path: Path) -> None:
    said = {} if letters is None else {"SpecificCharacterSet": letters}
    series = series_on_disk(tmp_path / "in", AXES[0], PatientName=name, **said)
    scheme = scheme_of(
        "eigene", [LabelEntry(n, word, "#5b8def") for n, word in ((1, "Ödem"), (2, "海马"), (4, "Отёк"))]
    )
    write(tmp_path / "a.dcm", labels_on(series, drawn(series)).with_scheme(scheme), series)
    content = pydicom.dcmread(tmp_path / "a.dcm")
    assert (content.SpecificCharacterSet, str(content.PatientName)) == ("ISO_IR 192", name)
    again = read_label_map(tmp_path / "a.dcm", series.stored_grid, scheme_named("msd")).said
    assert again is not None
    assert [again.name_of(n) for n in (1, 2, 4)] == ["Ödem", "海马", "Отёк"]


def test_the_name_of_a_scheme_tells_nobody_either(tmp_path: Path) -> None:
    """Also of one whose labels are the program's own; structure sets lose all descriptions by the profile."""
    series = series_in_memory(AXES[0])
    mine = scheme_of("Doe 1950", [LabelEntry(n, key, "#5b8def", key) for n, key in ((1, "NCR"), (2, "ED"), (4, "ET"))])
    for scheme, name in ((replace(mine, looks={}), "own"), (scheme_named("brats2020"), "brats2020")):
        labels = labels_on(series, drawn(series)).with_scheme(scheme)
        write_segmentation(tmp_path / f"{name}.dcm", labels, series, deidentify=True)
        segments = pydicom.dcmread(tmp_path / f"{name}.dcm").SegmentSequence
        assert [segment.SegmentDescription for segment in segments] == [f"label {n} of {name}" for n in (1, 2, 4)]
        assert [segment.SegmentLabel for segment in segments] == ["NCR", "ED", "ET"]


@pytest.mark.parametrize("write", WRITERS)
def test_nobody_is_known_by_a_deidentified_object(write: Any, tmp_path: Path) -> None:
    series = series_on_disk(tmp_path / "in", AXES[0])
    scheme = scheme_of("of Jane", [LabelEntry(1, "Jane's lesion", "#5b8def"), LabelEntry(2, "ED", "#46a758", "ED")])
    labels = labels_on(series, (drawn(series) % 3).astype(np.uint8)).with_scheme(scheme)
    for name in ("a.dcm", "b.dcm"):
        write(tmp_path / name, labels, series, NETWORK, deidentify=True)
    first, second = (pydicom.dcmread(tmp_path / name) for name in ("a.dcm", "b.dcm"))
    raw = re.sub(rb"2\.25\.[0-9]+", b"", (tmp_path / "a.dcm").read_bytes())  # chance numbers hold any four digits
    for secret in (b"Jane", b"Doe", b"4711", b"1950", b"2020", b"House", b"A-77", b"1.2.9", b"Mercy"):
        assert secret not in raw, secret
    assert (first.PatientName, first.PatientID, first.StudyDate, first.PatientIdentityRemoved) == ("", "", "", "YES")
    assert first.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert first.LongitudinalTemporalInformationModified == "REMOVED"
    key = key_of_computer()
    for keyword, uid in (("StudyInstanceUID", "1.2.3"), ("FrameOfReferenceUID", "1.2.9")):
        assert first[keyword].value == second[keyword].value == other_uid(uid, key)
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID
    assert referenced(first) - {other_uid("1.2.3", key)} == {other_uid(f"1.2.3.1.{n}", key) for n in range(1, 8)}
    again = read_label_map(tmp_path / "a.dcm", series.stored_grid, scheme)
    np.testing.assert_array_equal(again.values, labels.values)
    assert [again.said.name_of(n) for n in (1, 2)] == ["label 1", "ED"]  # type: ignore[union-attr]


def test_the_key_is_private_and_stays(own_folders: Path) -> None:
    key = key_of_computer()
    (path,) = own_folders.rglob("deidentification.key")
    assert key_of_computer() == key == path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"short")
    with pytest.raises(SaveError, match="it is damaged"):
        key_of_computer()


def test_private_elements_go(tmp_path: Path) -> None:
    series = series_in_memory(AXES[0])
    write_structure_set(tmp_path / "a.dcm", labels_on(series, drawn(series)), series)
    content = pydicom.dcmread(tmp_path / "a.dcm")
    content.StructureSetROISequence[0].add_new(0x00091001, "LO", "Jane")
    content.add_new(0x00290010, "LO", "SIEMENS")
    deidentified(content, b"k" * 32)
    assert "Jane" not in str(content)
    assert "SIEMENS" not in str(content)


def test_every_uid_of_an_instance_is_replaced(tmp_path: Path) -> None:
    """Also one that a later version of a library adds: UIDs that are left have to be those of the standard."""
    series = series_in_memory(AXES[0])
    for write in WRITERS:
        write(tmp_path / f"{write.__name__}.dcm", labels_on(series, drawn(series)), series, deidentify=True)
        content = pydicom.dcmread(tmp_path / f"{write.__name__}.dcm")
        found: dict[str, str] = {}
        content.walk(lambda _, e: found.update({e.keyword: str(e.value)}) if e.VR == "UI" else None)  # noqa: B023
        left = {keyword for keyword, uid in found.items() if not uid.startswith("2.25.")}
        assert left <= {"SOPClassUID", "ReferencedSOPClassUID"}


@pytest.mark.parametrize("write", WRITERS)
def test_what_cannot_be_written_is_said_and_nothing_is_lost(write: Any, tmp_path: Path) -> None:
    series = series_in_memory(AXES[0])
    labels, path = labels_on(series, drawn(series)), tmp_path / "a.dcm"
    path.write_text("mine")
    with pytest.raises(SaveError, match="the file exists"):
        write(path, labels, series)
    other = series_in_memory(AXES[7])
    with pytest.raises(GridMismatchError, match="the mask does not lie on the grid of the DICOM series"):
        write(tmp_path / "b.dcm", labels, other)
    with pytest.raises(SaveError):
        write(tmp_path / "no folder" / "c.dcm", labels, series)
    assert path.read_text() == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.dcm"]
    write(path, labels, series, overwrite=True)
    assert read_label_map(path, series.stored_grid, labels.scheme).values.any()


def test_a_series_without_a_frame_of_reference_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="FrameOfReferenceUID"):
        series_on_disk(tmp_path, AXES[0], FrameOfReferenceUID="")


def test_burned_in_names_are_warned_of(tmp_path: Path) -> None:
    assert "burned into" in series_on_disk(tmp_path / "a", AXES[0], BurnedInAnnotation="YES").notes[0]
    assert series_on_disk(tmp_path / "b", AXES[0], BurnedInAnnotation="NO").notes == ()


def test_contours_need_images_and_other_dicom_is_no_mask(tmp_path: Path) -> None:
    series = series_on_disk(tmp_path / "in", AXES[0])
    write_structure_set(tmp_path / "a.dcm", labels_on(series, drawn(series)), series)
    with pytest.raises(ImageError, match=r"contours.*Open the images"):
        read_mask(tmp_path / "a.dcm")
    with pytest.raises(ImageError, match=r"a DICOM image \(MR\), not a mask"):
        read_mask(series.slices[0].path.rename(tmp_path / "IM0001"))
    turned = series_in_memory(tilted(AXES[0], 40.0))
    with pytest.raises(ImageError, match="oblique to the slices"):
        read_mask(tmp_path / "a.dcm", target=turned.stored_grid)


def test_contours_are_drawn_on_the_nearest_of_finer_slices_and_it_is_said(tmp_path: Path) -> None:
    from brainseg_gui.imaging.grid import StoredGrid

    series = series_in_memory(AXES[0])
    stored = np.zeros(series.stored_grid.shape, np.uint8)
    stored[1:4, 1:3, 1:3] = 4
    write_structure_set(tmp_path / "a.dcm", labels_on(series, stored), series)
    affine = series.stored_grid.affine.copy()
    affine[:3, 2] /= 5.5
    mask = read_mask(tmp_path / "a.dcm", target=StoredGrid((6, 5, 20), affine))
    fine = StoredGrid((6, 5, 20), affine).from_ras(mask.values)
    heights = np.flatnonzero(fine.any(axis=(0, 1)))
    assert (heights[0], heights[-1], np.count_nonzero(fine)) == (3, 13, 11 * 6)  # 2.75 to 13.75
    assert "in other planes than the images" in mask.notes[0]


def test_segmentations_without_their_empty_slices_are_put_where_they_belong(tmp_path: Path) -> None:
    import highdicom

    series = series_in_memory(tilted(AXES[2]))
    stored = np.zeros(series.stored_grid.shape, np.uint8)
    stored[1, 2, 1], stored[3, 3, 3] = 4, 2
    write_segmentation(tmp_path / "a.dcm", labels_on(series, stored), series)
    whole = pydicom.dcmread(tmp_path / "a.dcm")
    kept = [n for n, plane in enumerate(whole.pixel_array) if plane.any()]
    whole.PixelData = pydicom.pixels.pack_bits(whole.pixel_array[kept])
    whole.PerFrameFunctionalGroupsSequence = [whole.PerFrameFunctionalGroupsSequence[n] for n in kept]
    whole.NumberOfFrames = len(kept)
    whole.save_as(tmp_path / "b.dcm")
    again = read_label_map(tmp_path / "b.dcm", series.stored_grid, scheme_named("msd"))
    np.testing.assert_array_equal(series.stored_grid.from_ras(again.values), stored)
    assert highdicom.seg.segread(tmp_path / "b.dcm").NumberOfFrames == 2


def test_segments_that_overlap_are_told(tmp_path: Path) -> None:
    series = series_in_memory(AXES[0])
    stored = np.zeros(series.stored_grid.shape, np.uint8)
    stored[:, :, 1], stored[2, 2, 1] = 2, 4
    write_segmentation(tmp_path / "a.dcm", labels_on(series, stored), series)
    content = pydicom.dcmread(tmp_path / "a.dcm")
    pixels = content.pixel_array
    pixels[[n for n, plane in enumerate(pixels) if np.count_nonzero(plane) == plane.size - 1]] = 1  # oedema everywhere
    content.PixelData = pydicom.pixels.pack_bits(pixels)
    content.save_as(tmp_path / "b.dcm")
    again = read_label_map(tmp_path / "b.dcm", series.stored_grid, scheme_named("msd"))
    np.testing.assert_array_equal(series.stored_grid.from_ras(again.values), stored)
    assert again.notes == ("b.dcm: its segments overlap in 1 voxels, where the smallest one is shown",)


def test_who_made_a_mask_is_read_from_what_lies_beside_it(tmp_path: Path) -> None:
    import json

    mask = tmp_path / "P1_annotation.nii.gz"
    note = {"voxels_digest": "x", "started_from": {"author": "net 2.0", "model_sha256": "cd"}}
    (tmp_path / "P1_annotation.provenance.json").write_text(json.dumps({**note, "started_from": {}, "earlier": [note]}))
    assert maker_of(mask) == MaskMaker(MakerKind.SEMIAUTOMATIC, "net", "2.0", "cd")
    assert maker_of(tmp_path / "other.nii.gz") == MaskMaker()
    assert made_by("one-word") == MaskMaker(MakerKind.AUTOMATIC, "one-word", "")


def test_errors_are_of_people(tmp_path: Path) -> None:
    for raw in (b"", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + b"\xff" * 400):
        (tmp_path / "a.dcm").write_bytes(raw)
        with pytest.raises(BrainsegError):
            read_mask(tmp_path / "a.dcm")


@pytest.mark.parametrize("kind", ["LABELMAP", "FRACTIONAL", "LABELMAP, packed", "FRACTIONAL, packed"])
def test_other_kinds_of_segmentations_by_highdicom_are_read(kind: str, tmp_path: Path) -> None:
    import highdicom
    from pydicom.sr.codedict import codes
    from pydicom.uid import ExplicitVRLittleEndian, RLELossless

    from brainseg_gui.exchange.dicom.segmentation import _images

    series = series_in_memory(tilted(AXES[1]))
    stored = drawn(series) % 3  # numbers of segments: 0, 1, 2
    pixels = stored.transpose(2, 1, 0)
    if kind.startswith("FRACTIONAL"):
        pixels = np.stack([pixels == 1, pixels == 2], axis=-1) * 0.6 + 0.2
    made = highdicom.seg.Segmentation(
        source_images=list(_images(series)),
        pixel_array=np.ascontiguousarray(pixels),
        segmentation_type=kind.split(",")[0],
        segment_descriptions=[
            highdicom.seg.SegmentDescription(n, name, codes.SCT.Tissue, code, "MANUAL")
            for n, name, code in ((1, "dead", codes.SCT.Necrosis), (2, "wet", codes.SCT.Edema))
        ],
        series_instance_uid=highdicom.UID(),
        series_number=1,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="x",
        manufacturer_model_name="x",
        software_versions="1",
        device_serial_number="1",
        transfer_syntax_uid=RLELossless if "packed" in kind else ExplicitVRLittleEndian,
    )
    made.save_as(tmp_path / "a.dcm")
    mask = read_label_map(tmp_path / "a.dcm", series.stored_grid, scheme_named("msd"))
    np.testing.assert_array_equal(series.stored_grid.from_ras(mask.values), stored)
    assert mask.said is not None
    assert [mask.said.meaning_of(n) for n in (1, 2)] == ["NCR", "ED"]
    assert bool(mask.notes) == kind.startswith("FRACTIONAL")


def packed(path: Path, picture: bytes, syntax: str) -> None:
    """Put one picture into every frame of a segmentation."""
    from pydicom.encaps import encapsulate

    content = pydicom.dcmread(path)
    content.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    content.BitsAllocated, content.BitsStored, content.HighBit = 8, 8, 7
    content.PixelData = encapsulate([picture] * int(content.NumberOfFrames))
    content["PixelData"].VR = "OB"
    content.save_as(path)


@pytest.mark.timeout(30)
def test_a_packed_segment_of_no_length_is_not_read_for_ever(tmp_path: Path) -> None:
    series = series_in_memory(AXES[0])
    write_segmentation(tmp_path / "a.dcm", labels_on(series, drawn(series)), series)
    endless = b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(4) + b"jp2h" + bytes(60)
    packed(tmp_path / "a.dcm", endless, pydicom.uid.JPEG2000Lossless)
    with pytest.raises(ImageError, match="its pixels cannot be unpacked"):
        read_mask(tmp_path / "a.dcm")


@pytest.mark.parametrize(
    ("kind", "syntax"),
    [
        ("JPEG", "JPEGBaseline8Bit"),
        ("JPEG2000", "JPEG2000Lossless"),
        ("JPEG2000", "HTJ2KLossless"),
        ("JPEG-LS", "JPEGLSLossless"),
    ],
)
@pytest.mark.parametrize("larger", [1, 300])
def test_a_packed_segment_takes_no_more_memory_than_it_promises(
    kind: str, syntax: str, larger: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    import jpeg_ls
    from PIL import Image

    series = series_in_memory(AXES[0])
    write_segmentation(tmp_path / "a.dcm", labels_on(series, drawn(series)), series)
    pixels = np.full((5 * larger, 6 * larger), 255, np.uint8)
    stream = io.BytesIO()
    if kind == "JPEG-LS":
        stream.write(jpeg_ls.encode_array(pixels))
    else:
        Image.fromarray(pixels).save(stream, format=kind)
    packed(tmp_path / "a.dcm", stream.getvalue(), getattr(pydicom.uid, syntax))
    if larger == 1 and syntax.startswith("HT"):
        with pytest.raises(ImageError, match="its pixels cannot be unpacked"):
            read_mask(tmp_path / "a.dcm")
    elif larger == 1:
        assert (read_mask(tmp_path / "a.dcm").values > 0).all()
    else:
        monkeypatch.setattr(pydicom.Dataset, "pixel_array", property(lambda _: pytest.fail("it is unpacked")))
        with pytest.raises(ImageError, match="its pixels are not what its header promises"):
            read_mask(tmp_path / "a.dcm")


@pytest.mark.parametrize(
    "start", [b"no picture", b"\xff\xd8", b"\xff\xd8\xff\xe0\x00", b"\xff\xd8\xff\xda\x00\x02\x00"]
)
def test_a_packed_segment_that_does_not_say_its_size_is_not_unpacked(
    tmp_path: Path, start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = series_in_memory(AXES[0])
    write_segmentation(tmp_path / "a.dcm", labels_on(series, drawn(series)), series)
    packed(tmp_path / "a.dcm", start, pydicom.uid.JPEGLSLossless)
    monkeypatch.setattr(pydicom.Dataset, "pixel_array", property(lambda _: pytest.fail("it is unpacked")))
    with pytest.raises(ImageError, match="its pixels cannot be unpacked"):
        read_mask(tmp_path / "a.dcm")
