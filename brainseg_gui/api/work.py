"""The functions of `api`. What is heavy is imported when it is first needed."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from brainseg_gui.api.values import Click, Mask, OpenCase, RefinedMask, Segmentation
from brainseg_gui.errors import BrainsegError, GridMismatchError, named
from brainseg_gui.imaging.cases.case_folder import find_case
from brainseg_gui.imaging.cases.read_case import read_case
from brainseg_gui.imaging.hints import NESTED_REGIONS, Hint
from brainseg_gui.imaging.labelling.known_schemes import network_numbering, scheme_named
from brainseg_gui.imaging.labels import NETWORK_CLASSES, LabelMap, from_network_classes
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.options import Device, SegmentOptions
from brainseg_gui.progress import run_to_end

if TYPE_CHECKING:
    from brainseg_gui.imaging.probabilities import ClassProbabilities
    from brainseg_gui.inference.engine.engine import Engine

StrPath = str | os.PathLike[str]


def open_case(path: StrPath, *, reference: bool = True) -> OpenCase:
    """Read the images of a case, and the expert's mask that lies with them.

    Parameters
    ----------
    path
        A case folder, or one of its files.
    reference
        Whether to read the expert's mask.

    Raises
    ------
    CaseError, ImageError, GridMismatchError
        If a file cannot be used.
    """
    source = find_case(Path(path))
    return OpenCase(run_to_end(read_case(source if reference else replace(source, reference=None))))


def prepare(
    raw: StrPath,
    output: StrPath,
    *,
    roles: Mapping[str, str] | None = None,
    space: Literal["1mm", "reference"] = "1mm",
    strip: bool = True,
    even_out: bool = False,
    deface: bool = False,
    overwrite: bool = False,
) -> OpenCase:
    """Make a case of raw series: find out which is what, register, resample, take the skull off.

    What was prepared before, of these files and as asked for, is opened as it is.

    Parameters
    ----------
    raw
        Folder or file of one examination, DICOM or files; it is only read.
    output
        Gets a folder for the case.
    roles
        Modality -> number or name of its series, or ``none``, where the program is not to find out.
    space
        Voxels of the result: 1 mm, or those of the series that all are registered to.
    strip
        Whether to take the skull off.
    even_out
        Whether to take out shading by the coil.
    deface
        Whether to remove the face of a head whose skull stays: with ``strip=False``.

    Raises
    ------
    BrainsegError
        If there is nothing to prepare, or it cannot be written.
    """
    from brainseg_gui.api.brain_finder import finder_of
    from brainseg_gui.preparation.prepare_place import PreparationRequest, prepare_place
    from brainseg_gui.preparation.steps.work import Space, Wishes

    said = {_modality_named(name): series for name, series in (roles or {}).items()}
    voxels = named({known.value: known for known in Space}, space, "there is no space")
    wishes = Wishes(voxels, strip=strip, even_out=even_out, deface=deface)
    request = PreparationRequest(Path(output), wishes, said, overwrite)
    finder = finder_of(_engine())
    return open_case(run_to_end(prepare_place(Path(raw), request, finder)).folder)


def open_mask(path: StrPath, case: OpenCase, *, scheme: str | None = None) -> Mask:
    """Read a mask on the grid of a case.

    Parameters
    ----------
    scheme
        What its numbers mean; where it is not said, the file, its name and the images tell, as in the window.

    Raises
    ------
    ImageError, GridMismatchError
        If it is no mask, or lies on another grid.
    """
    from brainseg_gui.evaluation.masks import read_as
    from brainseg_gui.imaging.formats.reading import read_label_map

    file, inner = Path(path), case.case
    said = scheme_named(scheme) if scheme is not None else None
    labels, _ = read_as(read_label_map(file, inner.grid, inner.scheme), file, said, inner)
    return Mask(labels)


def segment(
    case: OpenCase, model: StrPath | None = None, *, device: Device = "auto", probabilities: bool = False
) -> Segmentation:
    """Segment a case by a network, in a process of its own that stays warm for the next case.

    Parameters
    ----------
    model
        A model folder; the model that comes with the program if None.
    device
        ``auto``, ``cpu`` or ``gpu``.
    probabilities
        Whether to keep how sure the network was.

    Raises
    ------
    ModelError
        If the model cannot be used, or needs an image that the case lacks.
    EngineError
        If its process dies, or the memory is too small.
    """
    from brainseg_gui.inference.models.model_folder import default_model, read_model_folder

    if device not in get_args(Device):
        raise BrainsegError(f"there is no device {device}", f"Choose one of {', '.join(get_args(Device))}")
    folder = read_model_folder(Path(model)) if model is not None else default_model()
    options = SegmentOptions(device, keep_probabilities=probabilities)
    done = run_to_end(_engine().segment(case.case, folder, options))
    scheme = network_numbering(case.case.scheme, folder.passport.output.tissues)
    labels = LabelMap(from_network_classes(done.classes, scheme), case.case.grid, scheme)
    kept = _whole(done.probabilities) if done.probabilities is not None else {}
    return Segmentation(Mask(labels), done.model, dict(done.seconds), done.notes, kept)


def evaluate(reference: Mask, prediction: Mask, *, rules: str = "brats2023") -> dict[str, dict[str, float]]:
    """Score a prediction against a reference by every measure of the program, by region.

    Masks are compared by what their numbers mean.

    >>> import numpy as np
    >>> values = np.zeros((6, 6, 6), int)
    >>> values[1:3, 1:3, 1:3] = 4
    >>> reference = Mask.of(values, np.eye(4), "brats2020")
    >>> values[2, 2, 2] = 0
    >>> scores = evaluate(reference, Mask.of(values, np.eye(4), "brats2020"))
    >>> round(scores["ET"]["dice"], 4)  # 2 · 7 / (8 + 7)
    0.9333
    >>> round(scores["WT"]["hd95_mm"], 2)  # seven voxels at 0 mm, one at 1: the percentile lies between the last two
    0.65

    Parameters
    ----------
    rules
        Of distances and lesions where one mask is empty: ``brats2020`` or ``brats2023``.

    Returns
    -------
    dict
        Region (``WT``, ``TC``, ``ET``, then labels that occur) -> measure -> value; NaN where it is not defined.

    Raises
    ------
    GridMismatchError
        If the masks lie on different grids.
    """
    from brainseg_gui.evaluation.metrics.comparison import compare
    from brainseg_gui.evaluation.metrics.distances import with_distances
    from brainseg_gui.evaluation.metrics.rules import rules_named
    from brainseg_gui.evaluation.records.measures import MEASURES

    ours, theirs = reference.label_map, prediction.label_map
    scored = run_to_end(with_distances(compare(ours, theirs), ours, theirs, rules_named(rules)))
    return {row.region.key: {key: float(of.value(row)) for key, of in MEASURES.items()} for row in scored.rows}


def refine(case: OpenCase, mask: Mask, clicks: Iterable[Click], *, locked: Iterable[int] = ()) -> RefinedMask:
    """Correct a mask by clicks, as the window does; the mask that is given is left alone.

    Parameters
    ----------
    mask
        Where to begin; `OpenCase.empty_mask` for nothing.
    clicks
        In this order.
    locked
        Numbers of labels that do not change.

    Raises
    ------
    BrainsegError
        If the mask lies on another grid, a click lies outside the case, or it speaks of what the mask's scheme has no
        number for.
    """
    from brainseg_gui.annotation.refinement import refined
    from brainseg_gui.annotation.rules import PaintRules
    from brainseg_gui.inference.clicks.click_network import shipped_click_network

    if difference := case.case.grid.difference_to(mask.label_map.grid):
        what = f"the mask does not lie on the grid of {case.name}: {difference}"
        raise GridMismatchError(what, "Read it by open_mask")
    hints = [_hint(click, mask.label_map) for click in clicks]
    rules, network = PaintRules(locked=frozenset(locked)), shipped_click_network(_engine())
    done = run_to_end(refined(case.case, mask.label_map, hints, rules, network))
    return RefinedMask(Mask(done.labels), done.words)


def close() -> None:
    """End the network's process, if one was started; it ends with Python too."""
    if _engine.cache_info().currsize:
        _engine().close()


@cache
def _engine() -> Engine:
    from brainseg_gui.inference.engine.engine import Engine

    return Engine()


def _modality_named(name: str) -> Modality:
    """The modality of that name.

    Raises
    ------
    BrainsegError
        If there is none.
    """
    try:
        return Modality(name)
    except ValueError as error:
        names = ", ".join(modality.value for modality in Modality)
        raise BrainsegError(f"there is no modality {name}", f"Choose out of {names}") from error


def _hint(click: Click, labels: LabelMap) -> Hint:
    sign, region = click.region[:1], click.region[1:]
    if sign not in ("+", "-") or region not in (*NESTED_REGIONS, *labels.scheme.labels.values()):
        raise BrainsegError(f"{click.region} is no click", "Write +ET for what is missing, -WT for what is too much")
    voxel = _voxel_of(click)
    if not all(0 <= n < size for n, size in zip(voxel, labels.grid.shape, strict=True)):
        raise BrainsegError(
            f"the voxel {click.voxel} lies outside the case", "Count from 0, in the order of its arrays"
        )
    return Hint(region, sign == "+", (voxel,))


def _voxel_of(click: Click) -> tuple[int, int, int]:
    """The voxel of a click, of whatever kind of whole numbers.

    Raises
    ------
    BrainsegError
        If it is none.
    """
    try:
        i, j, k = (operator.index(n) for n in click.voxel)
    except (TypeError, ValueError) as error:
        raise BrainsegError(f"{click.voxel} is no voxel", "Give three whole numbers, such as (120, 88, 70)") from error
    return i, j, k


def _whole(kept: ClassProbabilities) -> dict[str, NDArray[np.float32]]:
    """Probabilities of every voxel of the case: beyond the box that is kept the background is certain."""
    found = {}
    for number, name in enumerate(NETWORK_CLASSES):
        volume = np.full(kept.grid.shape, np.float32(number == 0), np.float32, order="F")
        volume[kept.box] = kept.levels[number] / np.float32(255)
        found[name] = volume
    return found
