"""Paint a set of heads: `python -m training.synthesis.heads.pictures --stock FOLDER --out FOLDER`.

Each file holds several pictures of one placed head. Started again, it goes on; a training may read what is there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from brainseg_gui.preparation.heads.field import BRIGHTEST
from brainseg_gui.storage.writing import replacing
from training.synthesis.heads.picture import HeadPicture, draw_pictures
from training.synthesis.heads.tumours import load_head

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Pictures:
    """Pictures of one placed head, in bytes.

    Parameters
    ----------
    image
        `BRIGHTEST` is 255; (pictures, I, J, K).
    brain, tumour
        A whole voxel is 255.
    kinds
        t1, t1ce, t2, flair, other or random.
    """

    image: Bytes
    brain: Bytes
    tumour: Bytes
    kinds: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what is missing of the set."""
    parser = argparse.ArgumentParser(prog="python -m training.synthesis.heads.pictures", description=__doc__)
    add = parser.add_argument
    add("--stock", type=Path, required=True, help="folder of heads with tumours")
    add("--out", type=Path, required=True, help="folder that gets a file per placed head")
    add("--heads", type=int, default=600, help="placed heads (600)")
    add("--first", type=int, default=0, help="number of the first one, where several processes share the work (0)")
    add("--each", type=int, default=3, help="pictures of each (3)")
    add("--anatomies", nargs=2, type=int, default=(1, 17), help="first and last number of the anatomies (1 17)")
    add("--seed", type=int, default=0, help="seed of the set (0)")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    for number in range(given.first, given.first + given.heads):
        path = given.out / f"{number:05}.npz"
        if not path.exists():
            rng = np.random.default_rng((given.seed, number))
            stock = _stock(given.stock, *given.anatomies)
            pictures = draw_pictures(rng, load_head(stock[int(rng.integers(len(stock)))]), given.each)
            with replacing(path, chosen=False) as temporary, temporary.open("r+b") as stream:
                _save(stream, pictures)
    return 0


def _stock(folder: Path, first: int, last: int) -> list[Path]:
    """The heads of some anatomies, whose files end in their number and that of the tumour."""
    numbers = {f"{number:02}" for number in range(first, last + 1)}
    return sorted(path for path in folder.glob("*.npz") if path.stem.split("-")[0][-2:] in numbers)


def _save(file: IO[bytes], pictures: Sequence[HeadPicture]) -> None:
    def many(name: str, brightest: float) -> Bytes:
        values = np.stack([getattr(picture, name) for picture in pictures])
        return np.rint(values * (255.0 / brightest)).clip(0, 255).astype(np.uint8)

    kinds = np.array([picture.kind for picture in pictures])
    np.savez_compressed(
        file, image=many("image", BRIGHTEST), brain=many("brain", 1.0), tumour=many("tumour", 1.0), kinds=kinds
    )


def load_pictures(path: Path) -> Pictures:
    """Read a file of pictures."""
    with np.load(path) as arrays:
        return Pictures(arrays["image"], arrays["brain"], arrays["tumour"], tuple(str(k) for k in arrays["kinds"]))


if __name__ == "__main__":
    sys.exit(main())
