"""The measures of a region: one record each, read by the window, the command line, every report and every file.

To add a measure, compute it into `RegionScore`, add its record here, and, where its meaning needs more than a
sentence, a term in ``resources/report/definitions.toml``.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from functools import partial
from types import MappingProxyType

from brainseg_gui.evaluation.metrics.comparison import RegionScore
from brainseg_gui.evaluation.metrics.lesions import LesionScore
from brainseg_gui.evaluation.records.measure import Better, Measure, MeasureOutlet
from brainseg_gui.plain_values import LARGEST
from brainseg_gui.plugins.declared import PlugIn, plug_ins
from brainseg_gui.plugins.loading import PlugInError, load

log = logging.getLogger(__name__)


def _hd95_mm(row: RegionScore) -> float:
    return math.nan if row.hd95_mm is None else row.hd95_mm


def _surface_dice(place: int) -> Callable[[RegionScore], float]:
    return lambda row: math.nan if row.surface_dice is None else row.surface_dice[place]


def _of_lesions(number: Callable[[LesionScore], float]) -> Callable[[RegionScore], float]:
    return lambda row: math.nan if row.lesions is None else number(row.lesions)


_TABLES = MeasureOutlet.CASE | MeasureOutlet.SUMMARY | MeasureOutlet.SUMMARY_FILE
_EVERYWHERE = ~MeasureOutlet.NOWHERE

_RECORDS = (
    Measure(
        key="dice",
        title="Dice",
        tip="2|A∩B| / (|A|+|B|). Both empty: 1. One empty: 0. The background is never pooled in",
        term="Dice",
        value=lambda row: row.dice,
        shown=_EVERYWHERE,
    ),
    Measure(
        key="sensitivity",
        title="Sensitivity",
        heading="Sens.",
        tip="The share of the reference that was found",
        term="Sensitivity and precision",
        value=lambda row: row.counts.sensitivity,
        shown=_TABLES,
    ),
    Measure(
        key="precision",
        title="Precision",
        heading="Prec.",
        tip="The share of the prediction that is right",
        term="Sensitivity and precision",
        value=lambda row: row.counts.precision,
        shown=_TABLES,
    ),
    Measure(
        key="iou",
        title="IoU",
        tip="|A∩B| / |A∪B|. Both empty: 1. One empty: 0",
        term="IoU",
        value=lambda row: row.counts.iou,
        shown=MeasureOutlet.CASE | MeasureOutlet.SUMMARY_FILE,
    ),
    Measure(
        key="hd95_mm",
        title="HD95",
        unit="mm",
        decimals=2,
        tip="The larger of the two directed 95th percentiles of the distances between surface voxels, in mm. "
        "Both empty: 0. One empty: a penalty of the rules, such as 374 (BraTS 2023)",
        term="HD95",
        value=_hd95_mm,
        better=Better.LOWER,
        shown=_EVERYWHERE,
    ),
    Measure(
        key="nsd_1mm",
        title="NSD at 1 mm",
        heading="NSD 1 mm",
        tip="Surface Dice: the share of both surfaces within 1 mm of the other",
        term="NSD at 1 and 2 mm",
        value=_surface_dice(0),
        shown=_TABLES,
    ),
    Measure(
        key="nsd_2mm",
        title="NSD at 2 mm",
        heading="NSD 2 mm",
        tip="Surface Dice: the share of both surfaces within 2 mm of the other",
        term="NSD at 1 and 2 mm",
        value=_surface_dice(1),
        shown=_TABLES | MeasureOutlet.DISTRIBUTION,
    ),
    Measure(
        key="lesion_dice",
        title="Lesion-wise Dice",
        heading="Lesion Dice",
        short="Lesion",
        lower="lesion Dice",
        tip="Lesion-wise Dice as in BraTS 2023",
        term="Lesions",
        value=_of_lesions(lambda lesions: lesions.dice),
        shown=_EVERYWHERE & ~MeasureOutlet.WINDOW,
    ),
    Measure(
        key="lesion_hd95_mm",
        title="Lesion-wise HD95",
        heading="Lesion HD95",
        unit="mm",
        decimals=2,
        tip="Lesion-wise HD95 as in BraTS 2023, in mm",
        term="Lesions",
        value=_of_lesions(lambda lesions: lesions.hd95_mm),
        better=Better.LOWER,
        shown=_TABLES,
    ),
    Measure(
        key="lesions_found",
        title="Lesions found",
        decimals=0,
        tip="Reference lesions that a predicted component touches",
        term="Lesions",
        value=_of_lesions(lambda lesions: lesions.found),
    ),
    Measure(
        key="lesions_missed",
        title="Lesions missed",
        decimals=0,
        tip="Reference lesions that no predicted component touches",
        term="Lesions",
        value=_of_lesions(lambda lesions: lesions.missed),
        better=Better.LOWER,
    ),
    Measure(
        key="lesions_false",
        title="False lesions",
        decimals=0,
        tip="Predicted components that touch no lesion",
        term="Lesions",
        value=_of_lesions(lambda lesions: len(lesions.false_voxels)),
        better=Better.LOWER,
    ),
    Measure(
        key="reference_ml",
        title="Reference",
        heading="Ref. ml",
        short="Ref.",
        lower="reference ml",
        unit="ml",
        decimals=2,
        tip="Volume in the reference, ml",
        term="Volumes",
        value=lambda row: row.reference_ml,
        better=Better.NEITHER,
        shown=MeasureOutlet.CASE | MeasureOutlet.LISTS | MeasureOutlet.WINDOW,
    ),
    Measure(
        key="prediction_ml",
        title="Prediction",
        heading="Pred. ml",
        short="Pred.",
        lower="prediction ml",
        unit="ml",
        decimals=2,
        tip="Volume in the prediction, ml",
        term="Volumes",
        value=lambda row: row.prediction_ml,
        better=Better.NEITHER,
        shown=MeasureOutlet.CASE | MeasureOutlet.LISTS | MeasureOutlet.WINDOW,
    ),
    Measure(
        key="difference_ml",
        title="Difference",
        heading="Diff. ml",
        unit="ml",
        decimals=2,
        tip="Prediction minus reference, ml",
        term="Volumes",
        value=lambda row: row.prediction_ml - row.reference_ml,
        better=Better.NEITHER,
        shown=MeasureOutlet.CASE,
        signed=True,
    ),
)


def _of_plug_ins() -> Iterator[Measure]:
    """Measures that other packages compute of a `RegionScore`; a package is imported when the first one is scored."""
    built_in = {measure.key for measure in _RECORDS}
    for plug_in in plug_ins("measures"):
        if plug_in.name.isidentifier() and plug_in.name not in built_in:
            title = plug_in.name.replace("_", " ").capitalize()
            yield Measure(
                key=plug_in.name,
                title=title,
                tip=f"{title}, by the plug-in {plug_in.package} {plug_in.version}",
                term="",
                value=partial(_value_of, plug_in),
                shown=MeasureOutlet.CASE,
                signed=True,
            )


def _value_of(plug_in: PlugIn, row: RegionScore) -> float:
    """What a plug-in makes of a score; NaN where it cannot: that it fails is told once, in the log."""
    try:
        value = float(load(plug_in)(row))
        return value if abs(value) <= LARGEST else math.nan  # no result file holds more
    except Exception as error:  # noqa: BLE001  somebody else's code
        if not isinstance(error, PlugInError):
            log.warning("the measure %s failed: %s", plug_in.words, error)
        return math.nan


MEASURES = MappingProxyType({measure.key: measure for measure in (*_RECORDS, *_of_plug_ins())})
"""All measures by key, in the order of the columns of the CSV."""


def measures_shown(where: MeasureOutlet) -> tuple[Measure, ...]:
    """The measures of one kind of table, in order."""
    return tuple(measure for measure in MEASURES.values() if where in measure.shown)


LISTED_SCORES = tuple(measure for measure in measures_shown(MeasureOutlet.LISTS) if measure.unit != "ml")
LISTED_VOLUMES = tuple(measure for measure in measures_shown(MeasureOutlet.LISTS) if measure.unit == "ml")
"""Lists of cases give scores of WT, TC and ET, and volumes of the whole tumour alone."""
