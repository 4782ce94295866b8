"""Statistics of a mask's labels as CSV."""

from __future__ import annotations

import csv
import io

from brainseg_gui.evaluation.metrics.label_statistics import (
    label_statistics,
    statistics_cells,
    statistics_columns,
)
from brainseg_gui.evaluation.reports.files import harmless
from brainseg_gui.imaging.case import Case
from brainseg_gui.imaging.labels import LabelMap

_WORDS = 4  # of the cells behind the scheme: kind, key, title, numbers


def statistics_csv(case: Case, masks: list[tuple[str, LabelMap]]) -> str:
    """One row per mask and label or region.

    Parameters
    ----------
    masks
        Name and labels of each, on the grid of the case.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    modalities = list(case.volumes)
    writer.writerow(statistics_columns(modalities))
    for name, labels in masks:
        begin = [harmless(case.case_id), harmless(name), harmless(labels.scheme.name)]
        for row in label_statistics(labels, case.volumes):
            cells = statistics_cells(row, modalities)
            writer.writerow([*begin, *map(harmless, cells[:_WORDS]), *cells[_WORDS:]])  # -0.5 is a number, no formula
    return text.getvalue()
