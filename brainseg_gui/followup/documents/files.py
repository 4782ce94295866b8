"""A follow-up as a file: HTML, PDF, CSV or JSON, by its name."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from brainseg_gui.errors import SaveError
from brainseg_gui.followup.record import FollowUp
from brainseg_gui.followup.visits import Visit
from brainseg_gui.progress import Progress, scaled
from brainseg_gui.storage.chosen_file import write_text

_PAGE = (".html", ".htm")


def write_follow_up(record: FollowUp, visits: Sequence[Visit], path: Path) -> Generator[Progress, None, None]:
    """Write a follow-up, whole or not at all.

    Parameters
    ----------
    visits
        Those of the record, in the same order: key images are read from them.

    Raises
    ------
    SaveError
        If it cannot be written, or not so. The file that was there is untouched.
    """
    ending = path.suffix.lower()
    if ending == ".csv":
        from brainseg_gui.followup.documents.csv_table import as_csv

        write_text(path, as_csv(record), chosen=True)
    elif ending == ".json":
        from brainseg_gui.followup.to_json import as_json

        write_text(path, as_json(record), chosen=True)
    elif ending in (*_PAGE, ".pdf"):
        yield from _with_pictures(record, visits, path)
    else:
        what = "a follow-up is written as HTML, PDF, CSV or JSON"
        raise SaveError(what, "End the name in .html, .pdf, .csv or .json", path)


def _with_pictures(record: FollowUp, visits: Sequence[Visit], path: Path) -> Generator[Progress, None, None]:
    from brainseg_gui.evaluation.figures.fonts import close_fonts
    from brainseg_gui.followup.documents.key_images import key_figure, read_key_images

    images = yield from scaled(read_key_images(record, visits), 0.0, 0.7)
    yield Progress("drawing the report", 0.7, path.name)
    try:
        if path.suffix.lower() == ".pdf":
            from brainseg_gui.followup.documents.pdf import write_follow_up_pdf

            write_follow_up_pdf(record, images, path)
            return
        from brainseg_gui.evaluation.reports.pictures import as_png
        from brainseg_gui.followup.documents.page import follow_up_page

        write_text(path, follow_up_page(record, as_png(key_figure(images)) if images else b""), chosen=True)
    finally:
        close_fonts()
