"""The layouts of figures by name, and one request for any of them: the same for the command and for the window."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from brainseg_gui.errors import BrainsegError
from brainseg_gui.evaluation.figures.request import FigureRequest
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.progress import Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from brainseg_gui.evaluation.figures.content import FigureContent

MOST_SEED_SLICES = 20


@dataclass(frozen=True)
class FigureLayout:
    """A layout.

    Parameters
    ----------
    title, description
        Name and a sentence for people.
    options
        Fields of a `FigureRequest` that it follows, beside the style.
    """

    title: str
    description: str
    options: frozenset[str]


def _layout(title: str, description: str, *options: str) -> FigureLayout:
    return FigureLayout(title, description, frozenset(options))


LAYOUTS: Mapping[str, FigureLayout] = MappingProxyType(
    {
        "planes": _layout("Three planes", "axial, coronal and sagittal through a voxel", "modality", "at", "extent"),
        "modalities": _layout("Modalities", "T1, T1ce, T2 and FLAIR of one slice", "at", "plane", "extent"),
        "worst": _layout(
            "Worst slices",
            "the slices on which the two masks differ most, and where",
            *("modality", "plane", "region", "count", "extent"),
        ),
        "montage": _layout(
            "Montage", "every n-th slice of the volume", "modality", "plane", "every", "slices", "extent"
        ),
        "seed": _layout("Source article", "prediction, truth and brain as in the article", "modality", "slices"),
        "animation": _layout(
            "Animation",
            "slice after slice through the volume",
            *("modality", "plane", "every", "slices", "extent", "frames_per_second"),
        ),
    }
)


def draw_figure(content: FigureContent, request: FigureRequest) -> Figure:
    """Draw a layout that is one picture (all but the animation).

    Raises
    ------
    BrainsegError
        If the layout is unknown, or what it needs is missing; see the layouts.
    """
    from brainseg_gui.evaluation.figures.montage import montage_figure
    from brainseg_gui.evaluation.figures.planes import modalities_figure, planes_figure
    from brainseg_gui.evaluation.figures.worst import DEFAULT_COUNT, worst_figure

    look: dict[str, Any] = {"extent": request.extent, "style": request.style}
    if request.layout == "modalities":
        return modalities_figure(content, request.at, plane=request.plane, **look)
    modality = request.modality_of(content)
    if request.layout == "planes":
        return planes_figure(content, modality, request.at, **look)
    if request.layout == "worst":
        count = DEFAULT_COUNT if request.count is None else request.count
        return worst_figure(content, modality, request.region, request.plane, count, **look)
    if request.layout == "montage":
        return montage_figure(content, modality, request.plane, request.every, request.slices, **look)
    if request.layout == "seed":
        return _seed_figure(content, modality, request)
    raise BrainsegError(f"{request.layout} is no layout of one picture", f"Choose one of {', '.join(LAYOUTS)}")


def _seed_figure(content: FigureContent, modality: Modality, request: FigureRequest) -> Figure:
    from brainseg_gui.evaluation.figures.seed import DEFAULT_SLICES, seed_figure

    slices = DEFAULT_SLICES
    if request.slices is not None:
        first, last = request.slices
        if last - first >= MOST_SEED_SLICES:
            raise BrainsegError(
                f"the seed layout cannot show {last - first + 1} slices", f"Choose {MOST_SEED_SLICES} at most"
            )
        slices = tuple(range(first, last + 1))
    return seed_figure(content, modality, slices, style=request.style)


def check_file(request: FigureRequest, path: Path) -> None:
    """Refuse a file that the layout is not written to, before anything is read or drawn.

    Raises
    ------
    SaveError
        Names the endings that are.
    """
    if request.layout == "animation":
        from brainseg_gui.evaluation.figures.animation_file import check_animation_file

        check_animation_file(path)
    else:
        from brainseg_gui.evaluation.figures.page import check_suffix

        check_suffix(path)


def write_figure(content: FigureContent, request: FigureRequest, path: Path) -> Generator[Progress, None, None]:
    """Draw a layout and write it, by the name of the file.

    Raises
    ------
    BrainsegError
        As `draw_figure` and `check_file`, and if the file cannot be written.
    """
    check_file(request, path)
    if request.layout == "animation":
        from brainseg_gui.evaluation.figures.animation import write_animation

        yield from write_animation(content, request, path)
        return
    from brainseg_gui.evaluation.figures.page import save_figure

    yield Progress("drawing", 0.0, LAYOUTS[request.layout].title if request.layout in LAYOUTS else "")
    figure = draw_figure(content, request)
    yield Progress("writing", 0.8, path.name)
    save_figure(figure, path, request.style.dots())


def preview_png(content: FigureContent, request: FigureRequest, width: int) -> bytes:
    """The figure, or the slice of interest of an animation, as PNG so many dots wide.

    Raises
    ------
    BrainsegError
        As `draw_figure`.
    """
    from io import BytesIO

    stream = BytesIO()
    if request.layout == "animation":
        from PIL import Image

        from brainseg_gui.evaluation.figures.animation import still_of

        Image.fromarray(still_of(content, request)).save(stream, format="PNG")
    else:
        figure = draw_figure(content, request)
        figure.savefig(stream, format="png", dpi=width / figure.get_size_inches()[0], facecolor="white")
    return stream.getvalue()
