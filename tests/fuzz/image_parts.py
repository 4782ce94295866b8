"""Masks that are none, images that need memory, pairs of files."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel as nib
import numpy as np

from tests.fuzz.measure import Trial
from tests.fuzz.nifti_bytes import all_of, header_of, labels, nifti, packed, setting, values, writing
from tests.fuzz.reading import open_and_save, open_case, open_file, open_mask, open_resampled, open_volume

_PLAIN = "Toy_seg.nii"
_LARGE = (256, 256, 128)  # 8 MiB a byte


def part_trials() -> Iterator[Trial]:
    """All families of this file."""
    yield from _masks()
    yield from _masks_of_cases()
    yield from _large()
    yield from _pairs()


def _masks() -> Iterator[Trial]:
    for value, dtype in itertools.product(
        (-1, -128, 127, 128, 255, 256, 1000, 65_535, 70_000, 2**31 - 1, 2**53 + 1, 2**63 - 1),
        ("int8", "int16", "int32", "int64", "float32", "float64"),
    ):
        if dtype.startswith("int") and not np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
            continue
        stored = labels().astype(dtype)
        stored[5, 5, 5] = value
        yield Trial("masks", f"{value} as {dtype}", writing(nifti(stored), _PLAIN), open_mask)
    for value in (0.5, 1.5, 2.0000001, -0.0, 1e-7, 254.9999, 255.5, float("nan"), float("inf")):
        stored = labels().astype("float32")
        stored[5, 5, 5] = value
        yield Trial("masks", f"{value}", writing(nifti(stored), _PLAIN), open_mask)
    for slope, intercept in ((2, 0), (0.5, 0), (1, 1), (-1, 4), (-1, 0), (1e30, 0), (100, 0), (1 / 4, 0)):
        lie = all_of(setting("scl_slope", slope), setting("scl_inter", intercept))
        yield Trial("masks", f"slope {slope}, {intercept}", writing(nifti(labels(), lie), _PLAIN), open_mask)
    for dtype in ("int32", "float32", "uint32"):
        stored = np.arange(100**3).reshape(100, 100, 100).astype(dtype)
        yield Trial("masks", f"a million labels, {dtype}", writing(packed(nifti(stored))), open_mask, stored.nbytes)
    every = np.arange(12 * 10 * 8).reshape(12, 10, 8).astype(np.uint8)
    yield Trial("masks", "all 256 labels", writing(nifti(every), _PLAIN), open_mask)


def _masks_of_cases() -> Iterator[Trial]:
    """A good image, and a mask that does not go with it."""

    def lie_far(header: object) -> None:
        header["srow_x"][3] += 500  # type: ignore[index]

    stored = labels()
    masks: dict[str, bytes] = {
        "good": nifti(stored), "of another shape": nifti(labels((13, 10, 8))), "turned": nifti(labels((8, 12, 10))),
        "2-D": nifti(labels()[:, :, :1]), "4-D": nifti(np.stack([stored] * 3, -1)), "far away": nifti(stored, lie_far),
        "negative": nifti(-stored.astype("int16")), "fractional": nifti(stored * np.float32(0.3)),
        "all labels": nifti(np.arange(960).reshape(12, 10, 8).astype(np.uint8)), "empty": nifti(np.zeros_like(stored)),
        "full": nifti(np.ones_like(stored)), "cut": nifti(stored)[:-5], "noise": nifti(values("float64")),
        "tiny voxels": nifti(stored, all_of(*(setting(f"srow_{r}", 0.002, n) for n, r in enumerate("xyz")))),
        "huge voxels": nifti(stored, all_of(*(setting(f"srow_{r}", 9e4, n) for n, r in enumerate("xyz")))),
        "complex": nifti(np.zeros((12, 10, 8), np.complex64)), "text": b"no mask", "nothing": b"",
    }  # fmt: skip
    for name, mask in masks.items():
        for image in ("int16", "float64"):
            for read in (open_case, open_resampled):
                yield Trial("masks of cases", f"{name}, {image}, {read.__name__}", _case(mask, image), read)


def _case(mask: bytes, dtype: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        for modality in ("t1", "t1ce", "flair"):
            (folder / f"Toy_{modality}.nii").write_bytes(nifti(values(dtype, seed=len(modality))))
        (folder / "Toy_seg.nii.gz").write_bytes(packed(mask))
        return folder

    return write


def _large() -> Iterator[Trial]:
    """Images of a size at which memory shows: none may take more than four times what its voxels take."""
    for dtype in ("uint8", "int16", "float32", "float64"):
        for form, big in itertools.product(("plain", "compressed"), (False, True)):
            for read in (open_volume, open_mask):
                words = f"{dtype}, {form}, {'big-endian' if big else 'little-endian'}, {read.__name__}"
                case_bytes = int(np.prod(_LARGE)) * np.dtype(dtype).itemsize
                yield Trial("large", words, _large_file(dtype, form, big), read, case_bytes)
    for slope in (2, 0.5, -1):
        lie = setting("scl_slope", slope)
        write = writing(lambda lie=lie: nifti(np.zeros(_LARGE, np.uint8), lie), _PLAIN)  # type: ignore[misc]
        yield Trial("large", f"a mask with slope {slope}", write, open_mask, int(np.prod(_LARGE)))
    for dtype in ("uint8", "float64"):
        write = writing(lambda dtype=dtype: nifti(np.ones((128, 128, 64, 5), dtype)), _PLAIN)  # type: ignore[misc]
        yield Trial("large", f"five volumes of {dtype}", write, open_volume, 2**20)
    yield Trial("large", "a sparse file of 8 GiB", _sparse, open_volume)
    yield Trial("large", "a whole case", _large_case, open_case, 3 * int(np.prod(_LARGE)) * 2)


def _large_file(dtype: str, form: str, big: bool) -> Callable[[Path], Path]:
    def content() -> bytes:
        stored = np.zeros(_LARGE, dtype)
        stored[20:-20, 20:-20, 20:-20] = 3
        raw = nifti(stored, big=big)
        return packed(raw) if form == "compressed" else raw

    return writing(content, "Toy_t1ce.nii.gz" if form == "compressed" else "Toy_t1ce.nii")


def _sparse(folder: Path) -> Path:
    path = folder / "Toy_t1ce.nii"
    header = header_of(values())
    header["dim"][:5] = (3, 2048, 2048, 1024, 1)
    with path.open("wb") as stream:
        stream.write(header.binaryblock)
        stream.truncate(352 + 2**33)
    return path


def _large_case(folder: Path) -> Path:
    stored = values("int16", _LARGE)
    for modality in ("t1", "t1ce", "flair"):
        (folder / f"Toy_{modality}.nii").write_bytes(nifti(stored))
    (folder / "Toy_seg.nii.gz").write_bytes(packed(nifti(labels(_LARGE))))
    return folder


def _pairs() -> Iterator[Trial]:
    """A header and its voxels in two files, as before 2004."""
    parts = ("both", "header alone", "voxels alone", "mismatched", "cut")
    for part, read in itertools.product(parts, (open_case, open_file, open_volume)):
        yield Trial("pairs of .hdr and .img", f"{part}, {read.__name__}", _pair(part, read is open_case, ".hdr"), read)
    for name in (".nii", ".nii.gz", ".img"):
        for read in (open_and_save, open_file):
            write = _pair("both", False, name)
            yield Trial("pairs of .hdr and .img", f"header named {name}, {read.__name__}", write, read)


def _pair(part: str, as_folder: bool, name: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        image = folder / "Toy_t1ce.img"
        nib.save(nib.Nifti1Pair(values(), np.eye(4)), image)
        header = image.with_suffix(".hdr")
        if part == "mismatched":
            nib.save(nib.Nifti1Pair(values(shape=(5, 5, 5)), np.eye(4)), folder / "other.img")
            (folder / "other.img").replace(image)
        if part == "cut":
            image.write_bytes(image.read_bytes()[:100])
        if part == "header alone":
            image.unlink()
        if part == "voxels alone":
            header.unlink()
            return folder if as_folder else image
        if name != ".hdr":
            header = header.rename(folder / f"Toy_t1ce{name}")
        return folder if as_folder else header

    return write
