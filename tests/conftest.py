"""What every test gets: no display, settings of its own, no window left behind; and toy cases to read."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import nibabel as nib
import numpy as np
import pytest
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from brainseg_gui.inference.engine.engine import Engine

# Tests draw offscreen; BRAINSEG_TEST_DISPLAY=1 shows their windows where there is a display.
if not (os.environ.get("BRAINSEG_TEST_DISPLAY") and os.environ.get("DISPLAY")):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Workers of Dask that are threads of the tests' process would look at the frames of others a hundred times a second, of
# which Python 3.11 has died.
os.environ.setdefault("DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED", "False")

_PATIENCE_MS = 30_000
_GARBAGE = 20_000  # objects, of a window or two
_SELDOM = 50
ROOT = Path(__file__).resolve().parents[1]

# Additional intensity of each label in each modality: only enhancing tumour is brighter on T1ce than on T1.
_CONTRAST: Mapping[str, tuple[int, int, int]] = {  # NCR, ED, ET
    "t1": (-150, -80, -60),
    "t1ce": (-150, -80, 400),
    "t2": (250, 200, 60),
    "flair": (-100, 350, 100),
}

# Files that take half a minute or more begin first, the longest before all: of several processes the last decides.
_LONGEST = (
    "e2e/test_soak.py",
    "training/test_run.py",
    "inference/test_engine.py",
    "e2e/test_keeping.py",
    "commands/test_segment.py",
    "faults/test_uncaught.py",
    "commands/test_train.py",
    "faults/test_engine_faults.py",
    "training/synthesis/test_cases.py",
    "training/compare/test_commands.py",
)


def pytest_configure(config: pytest.Config) -> None:
    """Keep Matplotlib's list of fonts: in each test's own empty home, every process would look at all fonts anew."""
    if config.cache is not None:
        os.environ.setdefault("MPLCONFIGDIR", str(config.cache.mkdir("matplotlib")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; all others stay in their order."""

    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(ROOT / "tests").as_posix()
        return _LONGEST.index(name) if name in _LONGEST else len(_LONGEST)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what collecting left, which stays to the end: 700,000 objects each time."""
    gc.collect()
    gc.freeze()
    gc.disable()


def pytest_runtest_logfinish() -> None:
    """Collect garbage between tests, as the program does it in the thread of its window: in that of a job, of Dask or
    of a timer, windows that earlier tests left would be destroyed under Qt's hands.
    """
    young, _, middle = gc.get_count()
    if not gc.isenabled() and young > _GARBAGE:
        gc.collect(2 if middle > _SELDOM else 1)  # all of a process that has TensorFlow takes a third of a second


class ToyCase(Protocol):
    """Writes a small case folder; see `toy_case`."""

    def __call__(
        self,
        folder: Path,
        *,
        orientation: str = ...,
        shape: tuple[int, int, int] = ...,
        spacing: tuple[float, float, float] = ...,
        oblique: float = ...,
        case_id: str = ...,
        modalities: Sequence[str] = ...,
        mask: bool = ...,
        seed: int = ...,
    ) -> Path: ...


@pytest.fixture(scope="session")
def _engine() -> Iterator[Engine]:
    from brainseg_gui.inference.engine.engine import Engine

    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture
def engine(_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The one engine of all tests of a process, which imports TensorFlow once: who closes it, leaves it."""
    monkeypatch.setattr(_engine, "close", lambda: None)
    return _engine


@pytest.fixture
def engine_of_api(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the public functions, and the commands that call them, ask the engine of all tests of this process."""
    monkeypatch.setattr("brainseg_gui.api.work._engine", cache(lambda: engine))


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of real cases beside the checkout; tests that need it are skipped where it is missing."""
    folder = ROOT.parent / "shared"
    if not (folder / "cases").is_dir():
        pytest.skip("the folder `shared` with the real cases is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def demo_folder() -> Path:
    """The folder that holds the synthetic demonstration case which the program ships."""
    folder = ROOT / "resources" / "demo"
    if not folder.is_dir():
        pytest.skip("resources/demo holds no demonstration case")
    return folder


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names for one home after another; `mktemp` would list all of thousands each time."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def own_folders(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, data and caches of the test alone: nothing reads or writes those of the person."""
    home = next(_homes)
    home.mkdir()
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    if schemes := sys.modules.get("brainseg_gui.imaging.labelling.own_schemes"):
        schemes.forget_own_schemes()
    if core := sys.modules.get("PySide6.QtCore"):
        settings = core.QSettings
        settings.setDefaultFormat(settings.Format.IniFormat)
        # QSettings(organisation, application) is native whatever the default; Qt reads XDG_CONFIG_HOME only once.
        for form in (settings.Format.IniFormat, settings.Format.NativeFormat):
            for scope in (settings.Scope.UserScope, settings.Scope.SystemScope):
                settings.setPath(form, scope, str(home / "settings"))
    return home


@pytest.fixture
def qtbot(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> QtBot:
    """Waits as long as a busy computer takes: the five seconds of pytest-qt are too few where four processes share two
    cores. What waits for less says so.
    """
    for name in ("waitUntil", "waitSignal", "waitSignals", "waitCallback", "waitActive", "waitExposed"):
        monkeypatch.setattr(qtbot, name, partial(getattr(qtbot, name), timeout=_PATIENCE_MS))
    return qtbot


@pytest.fixture
def undressed(qapp: QApplication) -> None:
    """Take off the style sheet that tests of looks have left: a window is made in two thirds of the time without."""
    if qapp.styleSheet():
        qapp.setStyleSheet("")


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """Fail a test that leaves a visible window or a pressed mouse button behind; the next one starts without Ctrl."""
    yield
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return
    left = [widget for widget in widgets.QApplication.topLevelWidgets() if widget.isVisible()]
    names = [f"{type(widget).__name__} {widget.objectName()!r}" for widget in left]
    for widget in left:
        widget.close()
    if names:
        pytest.fail(f"the test leaves windows open: {', '.join(names)}")
    if (buttons := widgets.QApplication.mouseButtons()).value:
        pytest.fail(f"the test leaves a mouse button pressed: {buttons}")
    if widgets.QApplication.keyboardModifiers().value:
        _let_go_of_modifiers(widgets)


def _let_go_of_modifiers(widgets: Any) -> None:
    """Qt remembers the Ctrl of a Ctrl+click until something comes without it."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    QTest.keyClick(widgets.QWidget(), Qt.Key.Key_Shift)


@pytest.fixture(scope="session")
def toy_case(tmp_path_factory: pytest.TempPathFactory) -> ToyCase:
    """A function that writes a small BraTS-like case and returns its folder.

    The patient is the same for every `orientation` (three letters such as ``LPS``, the directions in which the
    stored axes grow): `shape` and `spacing` (mm) run right, anterior, superior. `oblique` tilts the grid by so many
    degrees about the axis (1, 1, 1). Images are int16, 0 outside an ellipsoid brain; the mask is uint8 with 1 NCR,
    2 ED and 4 ET, or the other `numbers`.
    """
    written: dict[str, Path] = {}  # most tests ask for the same: a copy costs a tenth

    def copied(folder: Path, **options: Any) -> Path:
        wanted = repr(sorted(options.items()))
        if wanted not in written:
            written[wanted] = _write_toy_case(tmp_path_factory.mktemp("toy"), **options)
        case = folder / written[wanted].name
        case.mkdir(parents=True, exist_ok=True)
        for file in written[wanted].iterdir():
            shutil.copyfile(file, case / file.name)  # without the modes, which not every drive of the tests knows
        return case

    return cast(ToyCase, copied)


@pytest.fixture
def stored_affine() -> Any:
    """A function that gives shape and affine of a stored grid; see `toy_case`."""
    return _stored_grid


def _write_toy_case(
    folder: Path,
    *,
    orientation: str = "LPS",
    shape: tuple[int, int, int] = (24, 28, 20),
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    oblique: float = 0.0,
    case_id: str = "Toy_001",
    modalities: Sequence[str] = ("t1", "t1ce", "t2", "flair"),
    mask: bool = True,
    numbers: tuple[int, int, int] = (1, 2, 4),
    seed: int = 0,
) -> Path:
    case = folder / case_id
    case.mkdir(parents=True)
    _, affine = _stored_grid(orientation, shape, spacing, oblique)
    labels = _nested_spheres(shape)
    random = np.random.default_rng(seed)
    brain = _distance(shape, (0.5, 0.5, 0.5)) < 0.45
    for modality in modalities:
        image = 600 + 400 * gaussian_filter(random.standard_normal(shape), 2.0)
        for value, more in zip((1, 2, 4), _CONTRAST[modality], strict=True):
            image[labels == value] += more
        image = np.where(brain, np.clip(image, 1, None), 0)
        _save(case / f"{case_id}_{modality}.nii.gz", image.astype(np.int16), affine, orientation)
    if mask:
        numbered = np.select([labels == value for value in (1, 2, 4)], numbers).astype(np.uint8)
        _save(case / f"{case_id}_seg.nii.gz", numbered, affine, orientation)
    return case


def _nested_spheres(shape: tuple[int, int, int]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    distance = _distance(shape, (0.6, 0.5, 0.55))
    labels = np.zeros(shape, np.uint8)
    for value, radius in ((2, 0.3), (4, 0.2), (1, 0.1)):
        labels[distance < radius] = value
    return labels


def _distance(shape: tuple[int, int, int], centre: tuple[float, float, float]) -> np.ndarray[Any, Any]:
    """Distance of every voxel from a point, in fractions of the grid's edge lengths, (I, J, K)."""
    axes = [(np.arange(n) + 0.5) / n - c for n, c in zip(shape, centre, strict=True)]
    return np.sqrt(sum(a**2 for a in np.meshgrid(*axes, indexing="ij")))


def _stored_grid(
    orientation: str, shape: tuple[int, int, int], spacing: tuple[float, float, float], oblique: float = 0.0
) -> tuple[tuple[int, ...], np.ndarray[Any, Any]]:
    """Stored shape and affine of a patient's grid, whose `shape` and `spacing` run right, anterior, superior."""
    ras = np.eye(4)
    ras[:3, :3] = _rotation(oblique) @ np.diag(spacing)
    ras[:3, 3] = (-31.25, 17.5, -8.75)
    turn = ornt_transform(axcodes2ornt("RAS"), axcodes2ornt(orientation))
    return tuple(_turned_shape(shape, turn)), ras @ nib.orientations.inv_ornt_aff(turn, shape)


def _turned_shape(shape: tuple[int, int, int], turn: np.ndarray[Any, Any]) -> list[int]:
    result = [0, 0, 0]
    for axis, target in enumerate(turn[:, 0].astype(int)):
        result[target] = shape[axis]
    return result


def _rotation(degrees: float) -> np.ndarray[Any, Any]:
    """Rotation about (1, 1, 1) by Rodrigues' formula."""
    x, y, z = np.ones(3) / np.sqrt(3)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.deg2rad(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def _save(path: Path, ras: np.ndarray[Any, Any], affine: np.ndarray[Any, Any], orientation: str) -> None:
    """Store a RAS-ordered array in another orientation."""
    turn = ornt_transform(axcodes2ornt("RAS"), axcodes2ornt(orientation))
    stored = np.ascontiguousarray(nib.orientations.apply_orientation(ras, turn))
    if "".join(nib.orientations.ornt2axcodes(io_orientation(affine))) != orientation:
        raise ValueError("the affine does not have the orientation; tilt it less")
    image = nib.Nifti1Image(stored, affine)
    image.header.set_qform(affine, code=1)
    image.header.set_sform(affine, code=1)
    image.header.set_xyzt_units("mm")
    nib.save(image, path)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], list[str]]:
    """Answer the file dialog with a path; returns the proposals that it makes."""

    from PySide6.QtWidgets import QFileDialog

    def answer(path: Path | str) -> list[str]:
        proposals: list[str] = []

        def choose(_parent: object, _title: str, proposal: str, _filter: str) -> tuple[str, str]:
            proposals.append(proposal)
            return str(path), ""

        monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
        return proposals

    return answer
