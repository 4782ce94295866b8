"""Reading and writing NIfTI, guarded: a header's promises are checked before anything is allocated."""

from __future__ import annotations

import contextlib
import gzip
import os
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from nibabel.nifti1 import Nifti1Header, Nifti1Image
from nibabel.nifti2 import Nifti2Header
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from brainseg_gui.errors import Cancelled, ImageError, SaveError
from brainseg_gui.imaging.grid import Array, Grid, StoredGrid, describe_shape
from brainseg_gui.imaging.labels import LabelMap, LabelScheme
from brainseg_gui.imaging.volume import Volume

SUFFIXES = (".nii.gz", ".nii")
LARGEST_BYTES = 16 * 2**30
_DEFLATE_LIMIT = 1032  # zlib: no stream expands by more than this
_CHUNK_BYTES = 2**20
_LARGE_BYTES = 2**28  # a compressed file that promises more must show that it holds it

ShouldStop = Callable[[], bool]


def is_nifti(path: Path) -> bool:
    """Whether the name is that of a NIfTI file (``.nii`` or ``.nii.gz``)."""
    return path.name.lower().endswith(SUFFIXES)


def stem(path: Path) -> str:
    """File name without ``.nii`` or ``.nii.gz``."""
    name = path.name
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return path.stem


@dataclass(frozen=True, eq=False)
class Picture:
    """What a NIfTI file holds, in stored order.

    Parameters
    ----------
    stored
        Values as stored, 3-D or 4-D.
    header
        Its header, with the affine it announces.
    slope, intercept
        Scaling; 1 and 0 when the header leaves them out (0 or NaN).
    """

    path: Path
    stored: Array
    header: Nifti1Header
    slope: float
    intercept: float

    @property
    def stored_grid(self) -> StoredGrid:
        """Grid of the first three axes."""
        return _stored_grid(self.path, self.header, self.stored.shape)


def read_header(path: Path) -> Nifti1Header:
    """Read and check a header: dimensions, data type, promised size, affine.

    Raises
    ------
    ImageError
        If the file is not readable, not NIfTI, or promises what it cannot hold.
    """
    with _reporting(path), _open(path) as stream:
        header = _parse_header(path, stream)
    return _checked(path, header)


def read_picture(path: Path, should_stop: ShouldStop | None = None) -> Picture:
    """Read a 3-D or 4-D file whole, keeping its stored data type.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``.
    should_stop
        Asked after every megabyte; `Cancelled` is raised when it says yes.

    Raises
    ------
    ImageError
        If the file cannot be read; names the file and the remedy.
    """
    with _reporting(path), _open(path) as stream:
        header = _checked(path, _parse_header(path, stream))
        stream.seek(_offset(header))
        shape = _shape(header)
        dtype = header.get_data_dtype()
        buffer = np.empty(int(np.prod(shape)) * dtype.itemsize, dtype=np.uint8)
        _fill(path, stream, buffer, should_stop)
    stored = buffer.view(dtype).reshape(shape, order="F")
    if not dtype.isnative:
        stored = stored.astype(dtype.newbyteorder("="))
    slope, intercept = _scaling(header)
    return Picture(path, stored, header, slope, intercept)


def read_volume(path: Path, should_stop: ShouldStop | None = None) -> tuple[Volume, StoredGrid, Nifti1Header]:
    """Read a 3-D image as a RAS-ordered volume.

    Returns
    -------
    tuple
        The volume, how its file stores it, and the file's header.

    Raises
    ------
    ImageError
        If it is not a readable 3-D image, holds values that are not numbers, or is empty.
    """
    picture = read_picture(path, should_stop)
    if picture.stored.ndim != 3:
        raise ImageError(
            f"it is a 4-D image ({describe_shape(picture.stored.shape)}), not one volume",
            "Give one 3-D file per modality, or a Decathlon file with four volumes",
            path,
        )
    return as_volume(picture, picture.stored), picture.stored_grid, picture.header


def as_volume(picture: Picture, stored: Array) -> Volume:
    """A RAS-ordered volume of one 3-D part of a picture, checked for values that cannot be shown."""
    _check_values(picture.path, stored)
    grid = picture.stored_grid
    turned = grid.to_ras(stored)
    turned.flags.writeable = False
    return Volume(turned, grid.grid, picture.slope, picture.intercept, picture.path)


def read_labels(path: Path, should_stop: ShouldStop | None = None) -> tuple[NDArray[np.uint8], StoredGrid]:
    """Read a mask as uint8 in RAS order, whatever type its file stores.

    Raises
    ------
    ImageError
        If the file is not a 3-D mask of whole numbers from 0 to 255.
    """
    picture = read_picture(path, should_stop)
    if picture.stored.ndim != 3:
        raise ImageError("it is a 4-D image, not a mask", "Choose a 3-D mask", path)
    values = _whole_numbers(picture)
    return picture.stored_grid.to_ras(values), picture.stored_grid


def write_labels(
    path: Path, labels: LabelMap, stored_grid: StoredGrid, header: Nifti1Header, *, overwrite: bool = True
) -> None:
    """Write a mask in the study's stored order, verified, without ever leaving half a file.

    The mask is written to a temporary file in the same folder, read back, compared voxel by voxel and then
    renamed over `path`.

    Parameters
    ----------
    path
        ``.nii`` or ``.nii.gz``.
    labels
        What to write; its values are stored as uint8.
    stored_grid, header
        Stored order and header of the study.
    overwrite
        Whether a file that exists may be replaced.

    Raises
    ------
    SaveError
        If it could not be written and verified. The file that was there is untouched.
    """
    if not is_nifti(path):
        raise SaveError("a mask is saved as NIfTI", "Give the file a name that ends in .nii.gz or .nii", path)
    if not overwrite and path.exists():
        raise SaveError("the file exists", "Choose another name, or allow overwriting", path)
    image = Nifti1Image(stored_grid.from_ras(labels.values), None, _label_header(header))
    try:
        replace_verified(path, lambda temporary: image.to_filename(temporary), lambda t: _verify(t, labels, path))
    except OSError as error:
        raise _save_error(path, error) from error


def replace_verified(path: Path, write: Callable[[Path], None], verify: Callable[[Path], None]) -> None:
    """Write beside `path`, verify, flush to disk, then rename over `path`; clean up on any failure."""
    suffix = next((s for s in SUFFIXES if path.name.lower().endswith(s)), path.suffix)
    handle, name = tempfile.mkstemp(prefix=".brainseg-", suffix=suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        verify(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode_for(path))
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _mode_for(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _verify(temporary: Path, labels: LabelMap, path: Path) -> None:
    try:
        values, stored_grid = read_labels(temporary)
    except ImageError as error:
        raise SaveError("the file read back is damaged", "The old file is untouched; check the disk", path) from error
    same_place = np.allclose(stored_grid.grid.affine, labels.grid.affine, rtol=0, atol=1e-3)
    if not (same_place and np.array_equal(values, labels.values)):
        raise SaveError("the file read back differs from the mask", "The old file is untouched; check the disk", path)


def _label_header(header: Nifti1Header) -> Nifti1Header:
    result: Nifti1Header = Nifti1Header.from_header(header, check=False)
    for code in ("qform_code", "sform_code"):
        result[code] = header[code]
    result.set_data_shape(_shape(header)[:3])
    result.set_data_dtype(np.uint8)
    result["scl_slope"], result["scl_inter"] = 1, 0
    result["cal_min"], result["cal_max"] = 0, 0
    result["glmin"], result["glmax"] = 0, 0
    result["descrip"] = b"brainseg mask"
    result["intent_code"] = 0
    return result


def _save_error(path: Path, error: OSError) -> SaveError:
    reason = error.strerror or str(error)
    if isinstance(error, PermissionError):
        remedy = "The folder is not writable; choose another one"
    elif error.errno == 28:
        remedy = "The disk is full; free some space or choose another folder"
    elif isinstance(error, FileNotFoundError):
        remedy = "The folder is gone; choose another one"
    else:
        remedy = "Choose another folder"
    return SaveError(f"the mask was not saved ({reason}); the old file, if any, is untouched", remedy, path)


@contextlib.contextmanager
def _reporting(path: Path) -> Iterator[None]:
    """Turn what reading can raise into sentences."""
    try:
        yield
    except PermissionError as error:
        raise ImageError("the file may not be read", "Change its permissions", path) from error
    except FileNotFoundError as error:
        raise ImageError("the file does not exist", "Check the name, or mount the drive", path) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ImageError("the file is cut off or damaged", "Copy it again from its source", path) from error
    except HeaderDataError as error:
        raise ImageError("it is not a NIfTI file", "Convert it to NIfTI", path) from error
    except MemoryError as error:
        raise ImageError("it does not fit into memory", "Close other programs, or crop the image", path) from error
    except OSError as error:
        raise ImageError(f"it cannot be read ({error.strerror or error})", "Check the drive", path) from error


def _open(path: Path) -> BinaryIO:
    if not stat.S_ISREG(path.stat().st_mode):
        raise ImageError("it is not a regular file", "Choose a .nii or .nii.gz file", path)
    stream = path.open("rb")
    if stream.read(2) == b"\x1f\x8b":
        stream.close()
        return gzip.open(path, "rb")  # type: ignore[return-value]
    stream.seek(0)
    return stream


def _parse_header(path: Path, stream: BinaryIO) -> Nifti1Header:
    raw = stream.read(544)
    size = int.from_bytes(raw[:4], "little")
    kind: type[Nifti1Header] = Nifti2Header if 540 in (size, int.from_bytes(raw[:4], "big")) else Nifti1Header
    length = 540 if kind is Nifti2Header else 348
    if len(raw) < length:
        raise ImageError("the file is cut off or no NIfTI file", "Copy it again from its source", path)
    header = kind(raw[:length], check=False)  # without the extensions: a mask needs none of them
    if bytes(header["magic"])[:2] not in (b"n+", b"ni"):
        raise ImageError("it is not a NIfTI file", "Convert it to NIfTI", path)
    if bytes(header["magic"])[:2] == b"ni":
        raise ImageError("its voxels lie in a separate .img file", "Convert the pair to one .nii.gz file", path)
    return header


def _checked(path: Path, header: Nifti1Header) -> Nifti1Header:
    shape = _shape(header)
    if len(shape) == 2 or (len(shape) in (3, 4) and min(shape[:3]) == 1):
        raise ImageError(f"it is a 2-D image ({describe_shape(shape)})", "Give a 3-D volume", path)
    if len(shape) not in (3, 4) or min(shape) < 1:
        raise ImageError(f"it has the dimensions {describe_shape(shape)}", "Give a 3-D volume", path)
    try:
        dtype = header.get_data_dtype()
    except (HeaderDataError, KeyError) as error:
        raise ImageError("its data type is unknown", "Convert it to int16 or float32", path) from error
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise ImageError(f"its voxels are {_describe_dtype(dtype)}", "Convert it to int16 or float32", path)
    _check_promise(path, header, shape, dtype)
    _stored_grid(path, header, shape)
    return header


def _describe_dtype(dtype: np.dtype[Any]) -> str:
    if dtype.names:
        return "colours (RGB), not intensities"
    return {"c": "complex numbers", "V": "of an unknown type"}.get(dtype.kind, f"of type {dtype}")


def _check_promise(path: Path, header: Nifti1Header, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse before allocating what the file cannot hold."""
    size = path.stat().st_size
    promised = int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
    offset = float(header["vox_offset"])
    if not 0 <= offset < 2**31:
        raise ImageError("its header is damaged", "Copy it again from its source", path)
    with path.open("rb") as stream:
        compressed = stream.read(2) == b"\x1f\x8b"
    available = size * _DEFLATE_LIMIT if compressed else size - _offset(header)
    if promised > available or (compressed and promised > _LARGE_BYTES and not _unpacks_to(path, promised)):
        text = f"its header promises {describe_shape(shape)} voxels ({_describe_bytes(promised)})"
        raise ImageError(f"{text}, but the file is too small for that", "Copy it again from its source", path)
    if promised > LARGEST_BYTES:
        raise ImageError(f"it would need {_describe_bytes(promised)} of memory", "Crop or down-sample it", path)


def _unpacks_to(path: Path, count: int) -> bool:
    """Whether a gzip file holds `count` bytes: by the size in its last four bytes, by unpacking it in case of doubt."""
    with path.open("rb") as stream:
        stream.seek(-4, os.SEEK_END)
        if int.from_bytes(stream.read(4), "little") >= count % 2**32:
            return True
    with gzip.open(path, "rb") as unpacked:
        while count > 0 and (chunk := unpacked.read(_CHUNK_BYTES)):
            count -= len(chunk)
    return count <= 0


def _offset(header: Nifti1Header) -> int:
    """Where the voxels begin; some writers leave it 0, although the header itself comes first."""
    return max(int(header["vox_offset"]), int(header.single_vox_offset))


def _describe_bytes(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB" if count >= 2**29 else f"{count / 2**20:,.1f} MiB"


def _shape(header: Nifti1Header) -> tuple[int, ...]:
    """Dimensions without trailing singleton axes beyond the third."""
    count = int(header["dim"][0])
    if not 1 <= count <= 7:
        return (0,)
    shape = [int(n) for n in header["dim"][1 : count + 1]]
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    return tuple(shape)


def _stored_grid(path: Path, header: Nifti1Header, shape: tuple[int, ...]) -> StoredGrid:
    try:
        affine = np.asarray(header.get_best_affine(), dtype=np.float64)
        return StoredGrid((shape[0], shape[1], shape[2]), affine)
    except (ValueError, HeaderDataError) as error:
        raise ImageError(f"its position in space is unusable ({error})", "Repair its header", path) from error


def _scaling(header: Nifti1Header) -> tuple[float, float]:
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0:
        return 1.0, 0.0
    return slope, intercept if np.isfinite(intercept) else 0.0


def _fill(path: Path, stream: BinaryIO, buffer: NDArray[np.uint8], should_stop: ShouldStop | None) -> None:
    view = memoryview(buffer)  # type: ignore[arg-type]
    filled = 0
    while filled < len(view):
        if should_stop is not None and should_stop():
            raise Cancelled
        count = stream.readinto(view[filled : filled + _CHUNK_BYTES])  # type: ignore[attr-defined]
        if not count:
            raise ImageError(
                f"the file ends after {100 * filled // len(view)} % of its voxels",
                "Copy it again from its source",
                path,
            )
        filled += count
    while isinstance(stream, gzip.GzipFile) and stream.read(_CHUNK_BYTES):  # at its end gzip compares its checksum
        if should_stop is not None and should_stop():
            raise Cancelled


def _check_values(path: Path, stored: Array) -> None:
    if stored.dtype.kind == "f":
        broken = stored.size - int(np.count_nonzero(np.isfinite(stored)))
        if broken:
            text = f"{broken:,} of its values are not numbers (NaN or infinite)"
            raise ImageError(text, "Replace them, for example by 0, and open it again", path)
    if not stored.any():
        raise ImageError("all of its voxels are zero", "Export the image again, or leave the file out", path)


def _whole_numbers(picture: Picture) -> NDArray[np.uint8]:
    stored = picture.stored
    if (picture.slope, picture.intercept) != (1.0, 0.0):
        stored = stored * picture.slope + picture.intercept
    with np.errstate(invalid="ignore"):
        values = stored.astype(np.uint8)
    if values.dtype != stored.dtype and not np.array_equal(values, stored):
        raise ImageError(
            "it holds values other than whole numbers from 0 to 255, so it is not a mask",
            "Choose a mask, or convert it to whole numbers",
            picture.path,
        )
    return values


def read_label_map(path: Path, grid: Grid, scheme: LabelScheme, *, resample: bool = False) -> LabelMap:
    """Read a mask onto the grid of its case.

    Parameters
    ----------
    resample
        Take the nearest voxel when the mask lies on another grid, instead of refusing it.

    Raises
    ------
    GridMismatchError
        If it lies on another grid and `resample` is false; says how it differs.
    ImageError
        If it is not a mask.
    """
    from brainseg_gui.imaging.regrid import labels_on_grid

    values, stored_grid = read_labels(path)
    return LabelMap(labels_on_grid(values, stored_grid.grid, grid, path, resample=resample), grid, scheme)
