"""How well raw heads are prepared, where all is known: `python -m training.heads.study --anatomy FOLDER --out FOLDER`.

Each examination is a painted head with a tumour, half of them at the cortex, in a fine T1ce and one thick series of
which the head moved. Told are the registration's error, what the brain network kept, what the contrast network said,
and the time. One line per examination goes into ``results.jsonl``; begun again, it goes on behind the last one.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from brainseg_gui.errors import BrainsegError
from brainseg_gui.inference.engine.environment import prepare_environment
from brainseg_gui.inference.models.head_model import CONTRASTS
from brainseg_gui.preparation.heads.field import FloatArray
from brainseg_gui.preparation.heads.shells import shell_shares
from brainseg_gui.preparation.heads.skull import brain_mask, brain_of
from brainseg_gui.preparation.registration.motion import angle_deg, displacement_mm
from brainseg_gui.preparation.registration.register import register
from brainseg_gui.progress import Progress, run_to_end
from brainseg_gui.storage.writing import replacing
from training.heads.truth import (
    FINE_MM,
    THICK_MM,
    Painted,
    Scanned,
    draw_grid,
    draw_motion,
    scan,
    share_at_edge,
)
from training.synthesis.anatomy import find_anatomies
from training.synthesis.heads.head import read_head
from training.synthesis.heads.tumours import grow_head, load_head, save_head

HELD_BACK = (18, 20)
"""First and last of the anatomies that no network of heads was trained on."""
_COUNT, _QUICK = 50, 4
_TUMOURS = 4  # of each anatomy
_OTHERS = ("t1", "t2", "flair")
_RESULTS = "results.jsonl"


@dataclass(frozen=True)
class SeriesFound:
    """What was found in a series.

    Parameters
    ----------
    said
        What the contrast network takes it for.
    dice
        Of the brain.
    tumour_kept, tumour_at_edge
        Shares of the tumour that the mask holds, and that lies within 5 mm of the brain's edge.
    """

    kind: str
    said: str
    dice: float
    tumour_kept: float
    tumour_at_edge: float
    seconds: float


@dataclass(frozen=True)
class Examined:
    """What was found in an examination; the motion as it was, and what the registration is off by."""

    number: int
    turn_deg: float
    shift_mm: float
    error_mm: float
    problem: str
    seconds: float
    series: tuple[SeriesFound, ...]


@dataclass(frozen=True)
class Networks:
    """Both networks of heads: the field to the brain's probability, and traits to those of each contrast."""

    brain: Callable[[FloatArray], FloatArray]
    contrast: Callable[[FloatArray], FloatArray]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is missing, and tell all of it; 0 when done, 2 when something given is at fault."""
    parser = argparse.ArgumentParser(prog="python -m training.heads.study", description=__doc__)
    add = parser.add_argument
    add("--anatomy", type=Path, required=True, help="folder of label maps of whole heads")
    add("--out", type=Path, required=True, help="folder that gets the results, and the heads with their tumours")
    add("--count", type=int, default=_COUNT, help=f"examinations ({_COUNT})")
    add("--quick", action="store_true", help=f"{_QUICK} examinations")
    add("--anatomies", nargs=2, type=int, default=HELD_BACK, help="first and last number of the anatomies (18 20)")
    add("--at-most", type=float, default=float("inf"), metavar="SECONDS", help="begin none after that; go on later")
    given = parser.parse_args(arguments)
    prepare_environment()
    count = _QUICK if given.quick else given.count
    try:
        given.out.mkdir(parents=True, exist_ok=True)
        heads = _heads(given.anatomy, given.out, *given.anatomies)
        _do_missing(heads, given.out / _RESULTS, count, time.monotonic() + given.at_most)
    except BrainsegError as error:
        sys.stderr.write(f"brainseg: {error}\n")
        return 2
    sys.stdout.write(f"{summary(read_results(given.out / _RESULTS))}\n")
    return 0


def _heads(anatomies: Path, out: Path, first: int, last: int) -> list[Path]:
    """A file for each head and tumour; what is missing is grown."""
    files = []
    for place, path in enumerate(find_anatomies(anatomies)[first - 1 : last]):
        of_anatomy = [out / f"head-{first + place:02}-{number}.npz" for number in range(_TUMOURS)]
        files += of_anatomy
        if all(file.exists() for file in of_anatomy):
            continue
        head = read_head(path)
        for number, file in enumerate(of_anatomy):
            with replacing(file, chosen=False) as temporary, temporary.open("r+b") as stream:
                save_head(stream, grow_head(head, (first + place, number)))
    return files


def _do_missing(heads: Sequence[Path], results: Path, count: int, until: float) -> None:
    done = {one.number for one in read_results(results)}
    missing = [number for number in range(count) if number not in done]
    if not missing:
        return
    with closing(_Engine()) as engine:
        for number in missing:
            if time.monotonic() > until:
                return
            found = examine_one(number, Painted.of(load_head(heads[number % len(heads)])), engine.networks)
            with results.open("a") as stream:
                stream.write(f"\n{json.dumps(asdict(found))}\n")  # on a line of its own, behind what was cut off too


class _Engine:
    """The program's own engine with its networks of heads."""

    def __init__(self) -> None:
        from brainseg_gui.inference.engine.engine import Engine
        from brainseg_gui.inference.models.head_model import head_model

        self._engine = Engine()
        brain, contrast = head_model("brain mask"), head_model("contrast")
        self.networks = Networks(
            lambda batch: run_to_end(self._engine.predict(brain, batch)),
            lambda batch: run_to_end(self._engine.predict(contrast, batch)),
        )

    def close(self) -> None:
        """End its process."""
        self._engine.close()


def examine_one(number: int, head: Painted, networks: Networks) -> Examined:
    """Scan a head twice and prepare it."""
    rng = np.random.default_rng(number)
    motion = draw_motion(rng)
    fixed = scan(rng, head, "t1ce", draw_grid(rng, FINE_MM), np.eye(4))
    moving = scan(rng, head, _OTHERS[number % len(_OTHERS)], draw_grid(rng, THICK_MM), motion)
    begun = time.perf_counter()
    found = run_to_end(register(fixed.volume, moving.volume))
    seconds = time.perf_counter() - begun
    error = displacement_mm(found.to_series, motion, head.brain_points())
    series = tuple(_looked_at(one, networks) for one in (fixed, moving))
    shift = float(np.linalg.norm(motion[:3, 3]))
    return Examined(number, angle_deg(motion), shift, error, found.problem, seconds, series)


def _looked_at(scanned: Scanned, networks: Networks) -> SeriesFound:
    volume, begun = scanned.volume, time.perf_counter()
    seen: list[tuple[FloatArray, FloatArray]] = []

    def predict(batch: FloatArray) -> Generator[Progress, None, FloatArray]:
        yield Progress("inferring", 0.0)
        seen.append((batch, networks.brain(batch)))
        return seen[-1][1]

    found = run_to_end(brain_mask(volume.intensities(), volume.grid.affine, predict))
    seconds = time.perf_counter() - begun
    said = _contrast_of(*seen[-1], networks)
    both = int(np.count_nonzero(found.mask & scanned.brain))
    dice = 2.0 * both / max(int(found.mask.sum()) + int(scanned.brain.sum()), 1)
    kept = float(found.mask[scanned.tumour].mean()) if scanned.tumour.any() else float("nan")
    edge = share_at_edge(scanned.tumour, scanned.brain, volume.grid.spacing_mm)
    return SeriesFound(scanned.kind, said, dice, kept, edge, seconds)


def _contrast_of(batch: FloatArray, output: FloatArray, networks: Networks) -> str:
    """What the contrast network says of a field, (1, I, J, K, 1), and of the brain that was found in it."""
    traits = shell_shares(batch[0, ..., 0], brain_of(output[0, ..., 1]) > 0.5)
    said = networks.contrast(traits[None, None, None, None, :])
    return CONTRASTS[int(np.argmax(said))]


def read_results(path: Path) -> list[Examined]:
    """What was found already; a line that was cut off is found again."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text().splitlines():
        try:
            entry = json.loads(line)
            found.append(Examined(**{**entry, "series": tuple(SeriesFound(**one) for one in entry["series"])}))
        except (ValueError, TypeError, KeyError):
            continue
    return found


def summary(found: Sequence[Examined]) -> str:
    """The numbers, for people."""
    if not found:
        return "nothing yet"
    errors = np.array([one.error_mm for one in found])
    told = sum(bool(one.problem) for one in found)
    trusted = np.array([one.error_mm for one in found if not one.problem])
    series = [one for examination in found for one in examination.series]
    edge = [one for one in series if one.tumour_at_edge > 0.25]
    lines = [
        f"{len(found)} examinations, turned by up to {max(one.turn_deg for one in found):.1f}° and moved by up to "
        f"{max(one.shift_mm for one in found):.1f} mm",
        f"registration: error {_percentiles(errors, (50, 95, 100))} mm, {told} told as failed; "
        f"of those that were not told {_percentiles(trusted, (50, 95, 100))} mm",
        f"time: {_percentiles(np.array([one.seconds for one in found]), (50, 95))} s a registration, "
        f"{_percentiles(np.array([one.seconds for one in series]), (50, 95))} s a brain",
        f"brain: Dice {_percentiles(np.array([one.dice for one in series]), (50, 5, 0))} in {len(series)} series; "
        f"with a tumour at its edge {_percentiles(np.array([one.dice for one in edge]), (50, 5, 0))} in {len(edge)}, "
        f"of which the mask keeps {_percentiles(np.array([one.tumour_kept for one in edge]), (50, 5, 0), 4)}",
        *_confusion(series),
    ]
    return "\n".join(lines)


def _percentiles(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], which: Sequence[int], digits: int = 3
) -> str:
    known = values[np.isfinite(values)]
    if not known.size:
        return "–"
    names: Mapping[int, str] = {0: "least", 50: "median", 100: "most"}
    return ", ".join(f"{names.get(one, f'p{one}')} {np.percentile(known, one):.{digits}f}" for one in which)


def _confusion(series: Sequence[SeriesFound]) -> list[str]:
    kinds = [kind for kind in CONTRASTS if any(one.kind == kind for one in series)]
    lines = [f"{'taken for':>12} " + " ".join(f"{kind:>6}" for kind in CONTRASTS)]
    for kind in kinds:
        said = [one.said for one in series if one.kind == kind]
        lines.append(f"{kind:>12} " + " ".join(f"{said.count(other):6}" for other in CONTRASTS))
    return lines


if __name__ == "__main__":
    sys.exit(main())
