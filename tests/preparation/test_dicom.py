"""Examinations as scanners write them become volumes: by place, not by number, and doubts are said."""

from __future__ import annotations

import io
import random
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from brainseg_gui.errors import CaseError, ImageError
from brainseg_gui.imaging.formats.dicom.guard import ItemCounter
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.defaced import deface_place
from brainseg_gui.preparation.dicom.examination import Examination, look_through, why_not
from brainseg_gui.preparation.dicom.headers import read_headers
from brainseg_gui.preparation.dicom.pixels import read_stack
from brainseg_gui.preparation.doubts import doubts_of, refuse_burned_in
from brainseg_gui.preparation.raw_examination import choose_series, examine
from brainseg_gui.progress import run_to_end
from tests.preparation.conftest import AXIAL, Series, base, write_classic, write_enhanced

SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
OBLIQUE = (0.96, 0.28, 0.0, -0.168, 0.576, 0.8)
FEET_FIRST = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def looked(folder: Path) -> Examination:
    return run_to_end(look_through(folder))


def check(volume: Any, series: Series, slope: float = 1.0, intercept: float = 0.0) -> None:
    """Every voxel lies where the header put it: its world position holds the value that was written there."""
    inverse = np.linalg.inv(series.affine)
    for voxel in np.ndindex(*volume.grid.shape):
        i, j, k = np.rint((inverse @ volume.grid.affine @ (*voxel, 1.0))[:3]).astype(int)
        assert volume.value_at(voxel) == series.pixels[k, j, i] * slope + intercept


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, CORONAL, OBLIQUE, FEET_FIRST])
@pytest.mark.parametrize("step_mm", [5.5, -5.5])
def test_slices_go_by_place_whatever_their_names_and_numbers(
    tmp_path: Path, pixels: NDArray[np.uint16], orientation: tuple[float, ...], step_mm: float
) -> None:
    series = Series(pixels, orientation, step_mm=step_mm)
    order = random.Random(3).sample(range(len(pixels)), len(pixels))
    write_classic(tmp_path / "IM", series, order)
    (stack,) = looked(tmp_path).usable
    volume = run_to_end(read_stack(stack))
    assert not volume.stored.flags.writeable
    assert volume.stored.dtype == np.uint16
    check(volume, series)


def test_the_frames_of_an_enhanced_file_are_the_same_volume(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    series = Series(pixels, OBLIQUE)
    write_classic(tmp_path / "classic", series, tags := None)
    write_enhanced(tmp_path / "enhanced" / "IM1", series, [3, 1, 0, 2, 6, 5, 4])
    classic, enhanced = (looked(tmp_path / name).usable[0] for name in ("classic", "enhanced"))
    assert tags is None
    ours, theirs = (run_to_end(read_stack(stack)) for stack in (classic, enhanced))
    assert ours.grid.same_as(theirs.grid)
    assert np.array_equal(ours.stored, theirs.stored)
    check(theirs, series, slope=2.0, intercept=-3.0)


def test_slices_of_their_own_rescaling_become_intensities(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    series = Series(pixels)
    write_classic(tmp_path, series, RescaleSlope=lambda number: 1.0 + number, RescaleIntercept=lambda number: -number)
    volume = run_to_end(read_stack(looked(tmp_path).usable[0]))
    assert volume.stored.dtype == np.float32
    scales = 1.0 + np.arange(7)[:, None, None]
    check(volume, Series(pixels * scales - np.arange(7)[:, None, None]))


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "a localiser"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]}, "a mosaic"),
        ({"ImageType": ["DERIVED", "SECONDARY", "ADC"]}, "a diffusion map"),
        ({"ImageType": ["DERIVED", "PRIMARY", "PROJECTION IMAGE"]}, "a projection"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SUBTRACTION"]}, "a difference of two series"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}, "phase"),
        ({"Modality": "CT"}, "CT, not MR"),
        ({"Modality": "PT"}, "PT, not MR"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "colour"),
    ],
)
def test_what_is_no_anatomy_by_mri_is_set_aside(
    tmp_path: Path, pixels: NDArray[np.uint16], tags: dict[str, Any], why: str
) -> None:
    write_classic(tmp_path, Series(pixels, tags=tags))
    found = looked(tmp_path)
    assert found.usable == ()
    assert why in why_not(found.stacks[0])


def test_echoes_and_time_points_of_one_series_are_volumes_of_their_own(
    tmp_path: Path, pixels: NDArray[np.uint16]
) -> None:
    for number, echo in enumerate((20.0, 90.0)):
        write_classic(tmp_path / str(echo), Series(pixels + number, tags={"EchoTime": echo}))
    found = looked(tmp_path)
    assert [stack.part for stack in found.usable] == ["echo 20", "echo 90"]
    for number, stack in enumerate(found.usable):
        check(run_to_end(read_stack(stack)), Series(pixels + number))


def test_repetitions_without_a_number_are_taken_apart(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    write_classic(tmp_path / "a", Series(pixels))
    write_classic(tmp_path / "b", Series(pixels + 1), SOPInstanceUID=lambda number: f"1.2.3.1.5.{number}")
    assert [stack.part for stack in looked(tmp_path).usable] == ["volume 1", "volume 2"]


def test_an_acquisition_that_was_broken_off_and_its_repetition_are_not_mixed(
    tmp_path: Path, pixels: NDArray[np.uint16]
) -> None:
    """Numbers of instances go on from the broken one, or begin anew; names of files say nothing."""
    for place, first in (("on", 5), ("anew", 1)):
        broken = write_classic(tmp_path / place / "a", Series(pixels + 1), AcquisitionNumber=lambda _: 1)
        for path in broken[5:]:
            path.unlink()
        write_classic(
            tmp_path / place / "b",
            Series(pixels),
            SOPInstanceUID=lambda number: f"1.2.3.1.5.{number}",
            AcquisitionNumber=lambda _: 2,
            InstanceNumber=lambda number, first=first: first + number,
        )
        whole, part = looked(tmp_path / place).usable
        check(run_to_end(read_stack(whole)), Series(pixels))
        assert len(part.slices) == 5
        assert not whole.doubt


def test_repetitions_go_by_acquisition_whatever_their_files_are_called(
    tmp_path: Path, pixels: NDArray[np.uint16]
) -> None:
    for folder, acquisition in (("a", 1), ("b", 2)):
        for number, path in enumerate(
            write_classic(
                tmp_path / folder,
                Series(pixels + acquisition),
                SOPInstanceUID=lambda number, folder=acquisition: f"1.2.3.1.{folder}.{number}",
                AcquisitionNumber=lambda _, folder=acquisition: folder,
            )
        ):
            path.rename(tmp_path / f"{number:02d}{'xy'[(number + acquisition) % 2]}")
    first, second = looked(tmp_path).usable
    check(run_to_end(read_stack(first)), Series(pixels + 1))
    check(run_to_end(read_stack(second)), Series(pixels + 2))


def test_other_slices_at_places_that_are_taken_are_a_doubt(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    write_classic(tmp_path / "a", Series(pixels))
    for path in write_classic(tmp_path / "b", Series(pixels + 1), SOPInstanceUID=lambda n: f"1.2.3.1.5.{n}")[2:]:
        path.unlink()
    (stack,) = looked(tmp_path).usable
    assert stack.doubt.startswith("2 slices lie where another slice lies")
    examination = run_to_end(examine(tmp_path))
    assert any("two acquisitions may be mixed" in one for one in doubts_of(choose_series(examination), examination))


def test_copies_are_used_once_and_said(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    paths = write_classic(tmp_path / "a", Series(pixels))
    (tmp_path / "b").mkdir()
    for path in paths:
        (tmp_path / "b" / path.name).write_bytes(path.read_bytes())
    (stack,) = looked(tmp_path).usable
    assert stack.notes == ("7 slices came twice and are used once",)
    assert not stack.doubt
    check(run_to_end(read_stack(stack)), Series(pixels))


def test_a_missing_slice_is_counted(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    paths = write_classic(tmp_path, Series(pixels))
    paths[2].unlink()
    paths[3].unlink()
    (stack,) = looked(tmp_path).stacks
    assert why_not(stack).startswith("2 slices are missing")
    with pytest.raises(ImageError, match="2 slices are missing"):
        run_to_end(read_stack(stack))


def test_a_tilted_gantry_is_refused_in_words(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    series = Series(pixels)

    def tilted(number: int) -> list[float]:
        return [a + b for a, b in zip(series.position(number), (0.0, 0.7 * number, 0.0), strict=True)]

    write_classic(tmp_path, series, ImagePositionPatient=tilted)
    assert "tilted gantry" in why_not(looked(tmp_path).stacks[0])


@pytest.mark.parametrize("keyword", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_slices_that_do_not_say_where_they_lie_are_refused(
    tmp_path: Path, pixels: NDArray[np.uint16], keyword: str
) -> None:
    for path in write_classic(tmp_path, Series(pixels)):
        from pydicom import dcmread

        content = dcmread(path)
        delattr(content, keyword)
        content.save_as(path)
    assert "do not say" in why_not(looked(tmp_path).stacks[0])


def test_orientations_mixed_in_one_series_are_volumes_of_their_own(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    for name, orientation in (("a", AXIAL), ("b", SAGITTAL)):
        write_classic(tmp_path / name, Series(pixels, orientation))
    found = looked(tmp_path).usable
    assert len(found) == 2
    for stack, orientation in zip(found, (AXIAL, SAGITTAL), strict=True):
        check(run_to_end(read_stack(stack)), Series(pixels, orientation))


def test_nothing_of_the_patient_is_kept(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    (path, *_) = write_classic(tmp_path, Series(pixels))
    assert not {"Doe", "Jane", "4711"} & set(repr(read_headers(path)).replace("^", " ").replace("'", " ").split())


@pytest.mark.parametrize("count", [0, 1, 131, 132, 136, 200, 400])
def test_files_that_end_early_are_passed_over_or_refused(
    tmp_path: Path, pixels: NDArray[np.uint16], count: int
) -> None:
    (path, *_) = write_classic(tmp_path, Series(pixels))
    path.write_bytes(path.read_bytes()[:count])
    assert len(read_headers(path)) <= 1


def test_pixels_that_end_early_are_refused(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    paths = write_classic(tmp_path, Series(pixels))
    paths[4].write_bytes(paths[4].read_bytes()[:-20])
    with pytest.raises(ImageError, match="damaged or cut off"):
        run_to_end(read_stack(looked(tmp_path).usable[0]))


def test_pixels_compressed_beyond_us_are_named_with_the_remedy(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    from pydicom import dcmread
    from pydicom.encaps import encapsulate
    from pydicom.uid import HTJ2KLossless

    for path in write_classic(tmp_path, Series(pixels)):
        content = dcmread(path)
        content.file_meta.TransferSyntaxUID = HTJ2KLossless
        content.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(60)])
        content["PixelData"].VR = "OB"
        content.save_as(path)
    with pytest.raises(ImageError, match=r"compressed \(.*2000.*gdcmconv"):
        run_to_end(read_stack(looked(tmp_path).usable[0]))


def test_run_length_and_deflated_files_are_read(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    from pydicom import dcmread
    from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

    for number, path in enumerate(write_classic(tmp_path, Series(pixels))):
        content = dcmread(path)
        if number % 2:
            content.compress(RLELossless)
        else:
            content.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        content.save_as(path, enforce_file_format=True)
    check(run_to_end(read_stack(looked(tmp_path).usable[0])), Series(pixels))


@cache
def zeros(mebibytes: int) -> bytes:
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    chunk = bytes(2**20)
    return b"".join(packer.compress(chunk) for _ in range(mebibytes)) + packer.flush()


SAID = b"\x02\x00\x10\x00UI\x16\x001.2.840.10008.1.2.1.99"
PLAINLY = b"\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\0"


@pytest.mark.parametrize("preamble", [bytes(128) + b"DICM", b""], ids=["preamble", "bare"])
@pytest.mark.parametrize("length", [None, 0, 2**31])
@pytest.mark.parametrize(
    "about",
    [
        SAID,
        PLAINLY + SAID,
        b"\x02\x00\x02\x00UI\xd0\x07" + b"1" * 2000 + SAID,  # what is packed is told behind the first kilobyte
        b"\x02\x00\x02\x01OB\0\0\x88\x13\0\0" + b"1" * 5000 + SAID,
    ],
    ids=["first", "last", "behind 2 KB", "behind 5 KB"],
)
def test_a_file_that_unpacks_to_gigabytes_is_no_dicom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, about: bytes, length: int | None, preamble: bytes
) -> None:
    """Whatever it says of the length of its first part, and wherever it says that it is packed."""

    unpacked_whole: list[int] = []
    monkeypatch.setattr("pydicom.filereader.zlib.decompress", lambda raw, _: unpacked_whole.append(len(raw)) or b"")
    told = (len(about) if length is None else length).to_bytes(4, "little")
    (tmp_path / "bomb").write_bytes(preamble + b"\x02\x00\x00\x00UL\x04\x00" + told + about + zeros(40))
    assert read_headers(tmp_path / "bomb") == ()
    assert unpacked_whole == []


def test_headers_of_very_many_parts_are_passed_over(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    """An item takes eight bytes in a file, and a kilobyte as an object."""
    raw = write_enhanced(tmp_path / "E", Series(pixels)).read_bytes()
    at = raw.index(b"\x00\x52\x30\x92SQ\0\0")  # the places of the frames, and all behind them, give way
    for length in (8 * 200_000, 2**32 - 1):
        (tmp_path / "E").write_bytes(
            raw[: at + 8] + length.to_bytes(4, "little") + b"\xfe\xff\x00\xe0\0\0\0\0" * 200_000
        )
        assert read_headers(tmp_path / "E") == ()


@pytest.mark.parametrize("length", [2**31, 2**32 - 2])
def test_memory_is_taken_for_no_more_than_the_file_holds(
    tmp_path: Path, pixels: NDArray[np.uint16], length: int
) -> None:
    asked: list[int] = []

    class Asked(io.FileIO):
        def read(self, count: int | None = -1) -> bytes:
            asked.append(-1 if count is None else count)
            return super().read(count) or b""

    (path, *_) = write_classic(tmp_path, Series(pixels))
    with Asked(path) as stream:
        ItemCounter(stream).read(length)  # type: ignore[arg-type]
    assert asked == [path.stat().st_size]


@pytest.mark.parametrize(("frames", "there"), [(1, 1), (6, 6), (6, 7), (8, 7), (100_000, 7), (2_000_000_000, 7)])
@pytest.mark.filterwarnings("ignore::UserWarning")  # of pydicom
def test_frames_that_are_not_there_are_refused(
    tmp_path: Path, pixels: NDArray[np.uint16], frames: int, there: int
) -> None:
    """Seven are placed: with one in the file every slice of the volume was the same, with six it was a bug."""
    from pydicom import dcmread

    path = write_enhanced(tmp_path / "E", Series(pixels))
    content = dcmread(path)
    content.NumberOfFrames = frames
    content.PixelData = content.PixelData[: there * pixels[0].nbytes]
    content.save_as(path)
    with pytest.raises(ImageError, match=r"promises|cut off"):
        run_to_end(read_stack(looked(tmp_path).stacks[0]))


@pytest.mark.parametrize(("rows", "columns"), [(6, 50_000), (60_000, 60_000), (3, 5)])
def test_a_picture_within_that_is_of_another_size_is_not_unpacked(
    tmp_path: Path, pixels: NDArray[np.uint16], rows: int, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import struct

    from PIL import Image
    from pydicom import dcmread
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEGBaseline8Bit

    stream = io.BytesIO()
    Image.fromarray((pixels[0] % 256).astype(np.uint8)).save(stream, format="JPEG")
    lying = bytearray(stream.getvalue())
    at = lying.index(b"\xff\xc0") + 5
    lying[at : at + 4] = struct.pack(">HH", rows, columns)
    for number, path in enumerate(write_classic(tmp_path, Series(pixels))):
        content = dcmread(path)
        content.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
        content.BitsAllocated, content.BitsStored, content.HighBit = 8, 8, 7
        content.PixelData = encapsulate([bytes(lying) if number == 3 else stream.getvalue()])
        content["PixelData"].VR = "OB"
        content.save_as(path)
    with pytest.raises(ImageError, match=r"promises|cut off") as caught:
        run_to_end(read_stack(looked(tmp_path).stacks[0]))
    assert caught.value.path == sorted(tmp_path.iterdir())[3]


@pytest.mark.parametrize("box", [bytes(4) + b"jp2h" + bytes(60), b"\0\0\0\x08free" + bytes(8) + b"\xff\x4f\xff\x51"])
@pytest.mark.timeout(30)
def test_a_box_of_no_length_is_not_looked_at_for_ever(tmp_path: Path, pixels: NDArray[np.uint16], box: bytes) -> None:
    from pydicom import dcmread
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEG2000Lossless

    for path in write_classic(tmp_path, Series(pixels)):
        content = dcmread(path)
        content.file_meta.TransferSyntaxUID = JPEG2000Lossless
        content.PixelData = encapsulate([b"\0\0\0\x0cjP  \r\n\x87\n" + box])
        content["PixelData"].VR = "OB"
        content.save_as(path)
    with pytest.raises(ImageError, match="damaged or cut off"):
        run_to_end(read_stack(looked(tmp_path).usable[0]))


@pytest.mark.parametrize("spacing", [[1e-30, 1e-30], [1e-200, 1.0]])
def test_pixels_of_no_size_are_told_of_one_series_alone(
    tmp_path: Path, pixels: NDArray[np.uint16], spacing: list[float]
) -> None:
    """One such series once ended the search through all of them."""
    write_classic(tmp_path, Series(pixels, spacing=spacing, uid="1.2.3.9"))
    write_classic(tmp_path, Series(pixels))
    stacks = {stack.first.series: stack for stack in looked(tmp_path).stacks}
    assert "unusable" in stacks["1.2.3.9"].problem
    assert stacks["1.2.3.1"].stored_grid is not None


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        ({"RescaleSlope": lambda _: 1e300}, "no scanner gives"),
        ({"RescaleSlope": lambda n: 1e300 * (n + 1)}, "not numbers"),
    ],
)
def test_intensities_that_are_none_are_refused(
    tmp_path: Path, pixels: NDArray[np.uint16], scale: dict[str, Any], words: str
) -> None:
    write_classic(tmp_path, Series(pixels), **scale)
    with pytest.raises(ImageError, match=words):
        run_to_end(read_stack(looked(tmp_path).usable[0]))


def test_slices_without_anything_in_them_are_refused(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    write_classic(tmp_path, Series(pixels * 0))
    with pytest.raises(ImageError, match="all of its voxels are zero"):
        run_to_end(read_stack(looked(tmp_path).usable[0]))


def test_a_folder_without_images_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(CaseError, match="no DICOM image"):
        looked(tmp_path)


def test_links_are_not_followed(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    outside = tmp_path / "outside"
    write_classic(outside, Series(pixels, uid="1.2.3.7"))
    inside = tmp_path / "inside"
    write_classic(inside, Series(pixels))
    (inside / "link").symlink_to(outside)
    for path in outside.iterdir():
        (inside / f"link-{path.name}").symlink_to(path)
    assert [stack.first.series for stack in looked(inside).stacks] == ["1.2.3.1"]


def test_a_dicomdir_leads_to_what_lies_beside_it(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    write_classic(tmp_path / "IMAGES", Series(pixels))
    (tmp_path / "DICOMDIR").write_bytes(b"whatever it says")
    assert len(looked(tmp_path / "DICOMDIR").usable) == 1


def test_progress_is_told_and_looking_can_be_given_up(
    tmp_path: Path, pixels: NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_classic(tmp_path, Series(pixels))
    monkeypatch.setattr("brainseg_gui.preparation.dicom.examination._PAUSE_S", 0.0)
    looking = look_through(tmp_path)
    first = next(looking)
    assert first.stage == "looking through files"
    looking.close()


def test_two_series_of_one_folder_are_told_apart(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    write_classic(tmp_path, Series(pixels))
    write_classic(tmp_path, Series(pixels + 7, OBLIQUE, uid="1.2.3.2", tags={"SeriesDescription": "t2_flair"}))
    found = {stack.first.description: stack for stack in looked(tmp_path).usable}
    assert set(found) == {"t1_tse_tra", "t2_flair"}
    check(run_to_end(read_stack(found["t2_flair"])), Series(pixels + 7, OBLIQUE))


def test_bytes_changed_at_random_never_do_more_than_be_passed_over(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    raw = write_enhanced(tmp_path / "whole", Series(pixels)).read_bytes()
    dice, begun = random.Random(11), time.monotonic()
    target = tmp_path / "changed"
    for _ in range(300):
        changed = bytearray(raw[: dice.randrange(140, len(raw))] if dice.random() < 0.3 else raw)
        for _ in range(dice.randrange(1, 12)):
            changed[dice.randrange(132, len(changed))] = dice.randrange(256)
        target.write_bytes(changed)
        try:
            run_to_end(read_stack(looked(target).stacks[0]))
        except (CaseError, ImageError):
            continue
        if time.monotonic() - begun > 60:
            break


def test_names_that_steer_a_terminal_are_shown_as_signs_and_cut(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    hostile = "t1\x07\x9b2J\u202egnp" + "x" * 400
    tags = {"SeriesDescription": hostile, "SpecificCharacterSet": "ISO_IR 192", "ContrastBolusAgent": "a\x08b"}
    (path, *_) = write_classic(tmp_path, Series(pixels, tags=tags))
    (header,) = read_headers(path)
    assert "".join(header.words.values()).isprintable()
    assert header.description.startswith("t1(U+0007)(U+009B)2J(U+202E)gnp")
    assert len(header.description) <= 256


def test_what_describes_a_sequence_is_kept(tmp_path: Path, pixels: NDArray[np.uint16]) -> None:
    tags = {"EchoTime": 89.0, "RepetitionTime": 9000.0, "InversionTime": 2500.0, "ContrastBolusAgent": "Gadovist"}
    (path, *_) = write_classic(tmp_path, Series(pixels, tags=tags))
    (header,) = read_headers(path)
    assert header.times["InversionTime"] == 2500.0
    assert header.words["ContrastBolusAgent"] == "Gadovist"
    assert base(Series(pixels), "1.2", "1.3").Modality == header.modality


def test_names_burned_into_pixels_are_told_and_no_copy_of_them_leaves(
    tmp_path: Path, pixels: NDArray[np.uint16]
) -> None:
    """Once nobody read what the header says: `brainseg deface` gave such images away as anonymous."""
    said = Series(pixels, tags={"SeriesDescription": "t1_tra", "BurnedInAnnotation": "NO"})
    write_classic(tmp_path, said, BurnedInAnnotation=lambda number: "YES" if number == 5 else "NO")
    write_classic(tmp_path, Series(pixels, uid="1.2.3.2", tags={"SeriesDescription": "t2_tra"}))
    examination = run_to_end(examine(tmp_path))
    choice = choose_series(examination)
    (doubt,) = doubts_of(choice, examination)
    assert doubt.startswith("“t1_tra” (T1): its header says that annotations are burned into its pixels")
    assert "--role t1=none" in doubt
    with pytest.raises(CaseError, match="no copy of “t1_tra” \\(T1\\) may leave") as caught:
        run_to_end(deface_place(tmp_path, tmp_path.parent, {}, None, "given"))
    assert "--role t1=none" in caught.value.remedy
    assert not (tmp_path.parent / "given").exists()
    without = choose_series(examination, {Modality.T1: "none"})
    refuse_burned_in(without, examination)
    assert not doubts_of(without, examination)
