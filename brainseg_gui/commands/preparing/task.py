"""The task of preparing one examination, wherever it runs: its worker keeps the network that finds brains."""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainseg_gui import __version__
from brainseg_gui.commands.preparing.told import entry_of, sentences_of
from brainseg_gui.commands.tasks.faults import failed
from brainseg_gui.errors import SaveError
from brainseg_gui.execution.claim import stands
from brainseg_gui.execution.fitness import keep_to_share, unfit_for
from brainseg_gui.execution.manifest import FOLDER
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.preparation.prepare_place import PreparationRequest, prepare_place
from brainseg_gui.preparation.steps.work import Space, Wishes
from brainseg_gui.progress import run_to_end
from brainseg_gui.storage.folder import make_folders
from brainseg_gui.storage.reading import read_derived
from brainseg_gui.storage.writing import await_content, write_bytes

if TYPE_CHECKING:
    from brainseg_gui.preparation.heads.finder import BrainFinder

NAMES = "names"
_ONE = threading.Lock()  # however many threads a worker has: it holds one examination and one network in its memory


def record_of(place: Path, request: PreparationRequest, claim: Path) -> dict[str, Any]:
    """An examination for a worker, as values of JSON.

    Parameters
    ----------
    claim
        File that stands as long as the call goes on; its name tells the call from others.
    """
    wishes = request.wishes
    return {
        "program": __version__,
        "claim": str(claim.absolute()),
        "place": str(place.absolute()),
        "output": str(request.output.absolute()),
        "space": wishes.space.value,
        "strip": wishes.strip,
        "even_out": wishes.even_out,
        "deface": wishes.deface,
        "said": {modality.value: series for modality, series in request.said.items()},
        "overwrite": request.overwrite,
        "fresh": request.fresh,
    }


def prepare_task(record: dict[str, Any]) -> dict[str, Any]:
    """Prepare the examination of a record.

    Returns
    -------
    dict
        What `entry_of` says, ``words`` and ``known``; or that of `failed`; or ``unfit``.
    """
    if sentence := unfit_for(record["program"], __version__):
        return {"unfit": sentence}
    with _ONE:
        keep_to_share()
        try:
            return _prepared(record)
        except Exception as error:  # noqa: BLE001  a fault of one must not lose the others
            return failed(error, record["place"])


def _prepared(record: dict[str, Any]) -> dict[str, Any]:
    wished = {name: record[name] for name in ("strip", "even_out", "deface")}
    wishes = Wishes(Space(record["space"]), **wished)
    said = {Modality(key): series for key, series in record["said"].items()}
    place, output = Path(record["place"]), Path(record["output"])
    request = PreparationRequest(output, wishes, said, record["overwrite"], fresh=record["fresh"])
    claim = Path(record["claim"])
    taken = _Taken(output, claim, place)
    done = run_to_end(prepare_place(place, request, _finder(), taken), lambda _: _check_claim(claim, place))
    told = {"known": done.work is None, "words": sentences_of(done)}
    return {**entry_of(place, done), **told}


def _check_claim(claim: Path, place: Path) -> None:
    """Give up what nobody waits for any more: it would be written after the call that asked for it has ended."""
    if not stands(claim):
        raise SaveError("the call that asked for it has ended", "Give the same command again", place)


@cache
def _finder() -> BrainFinder | None:
    """The worker's only one; its process ends with the worker."""
    from brainseg_gui.api.brain_finder import finder_of
    from brainseg_gui.inference.engine.engine import Engine

    return finder_of(Engine())


def claim_of(name: str) -> str:
    """The name of the claim of the call that a file of `NAMES` belongs to."""
    return f"{name.rpartition('--')[0]}.lock"


class _Taken(set[Path]):
    """The folders that examinations of this call got, whoever prepared them: asked for, a folder is taken.

    Two examinations may have one name. Whose it is stands in a small file beside the manifest, which only one worker
    can make.
    """

    def __init__(self, output: Path, claim: Path, place: Path) -> None:
        super().__init__()
        self._output, self._claim, self._place = output, claim, place

    def __contains__(self, folder: object) -> bool:
        if not isinstance(folder, Path):
            return False
        names = self._output / FOLDER / NAMES
        make_folders(names, self._output)
        name = hashlib.sha256(folder.name.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        file, own = names / f"{self._claim.stem}--{name}", str(self._place).encode("utf-8", "surrogateescape")
        try:
            write_bytes(file, own, chosen=False, root=self._output, only_new=True)
        except FileExistsError:
            await_content(file)
            return read_derived(file, root=self._output) != own  # this very one, begun by a worker that died
        return False
