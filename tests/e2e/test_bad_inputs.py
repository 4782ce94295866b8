"""Ten bad inputs through the real window: each gives a sentence that names the file, and the open case stays."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from brainseg_gui.app import Application

pytestmark = pytest.mark.plain

Spoil = Callable[[Path, pytest.MonkeyPatch], Path]


def _image(folder: Path) -> Path:
    return folder / "Bad_t1ce.nii.gz"


def _rewrite(folder: Path, change: Callable[[Any], Any]) -> Path:
    """Store the T1ce with other voxels."""
    path = _image(folder)
    image = nib.load(path)
    nib.save(nib.Nifti1Image(change(np.asarray(image.dataobj)), image.affine), path)
    return path


def _empty_folder(folder: Path, _: pytest.MonkeyPatch) -> Path:
    for path in folder.iterdir():
        path.unlink()
    return folder


def _truncated(folder: Path, _: pytest.MonkeyPatch) -> Path:
    path = _image(folder)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def _text(folder: Path, _: pytest.MonkeyPatch) -> Path:
    _image(folder).unlink()
    path = folder / "Bad_t1ce.nii"
    path.write_text("This is a letter to a friend. " * 200)
    return path


def _two_dimensional(folder: Path, _: pytest.MonkeyPatch) -> Path:
    return _rewrite(folder, lambda values: values[:, :, 10])


def _four_dimensional(folder: Path, _: pytest.MonkeyPatch) -> Path:
    return _rewrite(folder, lambda values: np.stack([values] * 3, axis=3))


def _nans(folder: Path, _: pytest.MonkeyPatch) -> Path:
    return _rewrite(folder, lambda values: np.where(values > 900, np.nan, values).astype(np.float32))


def _zeros(folder: Path, _: pytest.MonkeyPatch) -> Path:
    return _rewrite(folder, np.zeros_like)


def _other_mask(folder: Path, _: pytest.MonkeyPatch) -> Path:
    path = folder / "Bad_seg.nii.gz"
    image = nib.load(path)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj)[:-1], image.affine), path)
    return path


def _unreadable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = _image(folder)
    if os.geteuid() != 0:
        path.chmod(0)
        return path

    def refuse(name: str, flags: int) -> int:  # root reads everything
        if Path(name).name == path.name:
            raise PermissionError(13, "Permission denied", name)
        return os.open(name, flags)

    monkeypatch.setattr("brainseg_gui.imaging.formats.image_stream._without_waiting", refuse)
    return path


def _lying_header(folder: Path, _: pytest.MonkeyPatch) -> Path:
    path = _image(folder)
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[42:44] = (30_000).to_bytes(2, "little")  # dim[1]
    path.write_bytes(gzip.compress(bytes(raw)))
    return path


BAD: dict[str, Spoil] = {
    "an empty folder": _empty_folder,
    "a truncated .nii.gz": _truncated,
    "text renamed to .nii": _text,
    "a 2-D image": _two_dimensional,
    "a 4-D image that is no Decathlon case": _four_dimensional,
    "NaNs": _nans,
    "an all-zero volume": _zeros,
    "a mask of another shape": _other_mask,
    "a file without read permission": _unreadable,
    "a 30,000-voxel-wide header that lies": _lying_header,
}


def test_a_bad_input_gives_a_sentence_and_the_open_case_stays(
    application: Application, toy_case: Any, tmp_path: Path, open_paths: Callable[..., None]
) -> None:
    """One after the other in one window, as whoever tries them in turn."""
    open_paths(application, toy_case(tmp_path, case_id="Good"))
    session = application.session
    case, layers = session.case, list(session.layers)
    session.viewing.crosshair = (20, 25, 18)
    for kind, spoil in BAD.items():
        before = session.notice
        bad = toy_case(tmp_path / kind, case_id="Bad", shape=(12, 11, 13))
        with pytest.MonkeyPatch.context() as patch:
            culprit = spoil(bad, patch)
            open_paths(application, bad)

        assert session.case is session.displayed is case, kind
        assert list(session.layers) == layers, kind
        assert session.viewing.crosshair == (20, 25, 18), kind
        assert session.notice is not before, kind
        _is_a_sentence(application, culprit, kind)


def _is_a_sentence(application: Application, culprit: Path, kind: str) -> None:
    shown, notice = application.window.notice, application.session.notice
    assert shown.isVisible(), kind
    assert shown.text.startswith(f"{culprit.name}: "), kind
    assert notice.problem, kind
    assert notice.remedy, kind
    assert "Traceback" not in notice.details, kind
    assert "inside the program" not in shown.text, kind
    assert application.window.windowTitle().startswith("Good")


def test_after_all_of_them_a_good_case_opens(
    application: Application,
    toy_case: Any,
    tmp_path: Path,
    open_paths: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number, (kind, spoil) in enumerate(BAD.items()):
        if kind != "a file without read permission":
            bad = toy_case(tmp_path / str(number), case_id="Bad")
            spoil(bad, monkeypatch)
            open_paths(application, bad)
    open_paths(application, toy_case(tmp_path, case_id="Good"))
    assert application.session.case.case_id == "Good"
    assert application.session.layers.reference is not None
