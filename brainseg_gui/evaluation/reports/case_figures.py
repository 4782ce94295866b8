"""The pictures of one case's report: the row of modalities, three planes, the worst place."""

from __future__ import annotations

from matplotlib.figure import Figure

from brainseg_gui.evaluation.figures.planes import modalities_figure, planes_figure
from brainseg_gui.evaluation.reports.case_content import CaseContent
from brainseg_gui.evaluation.reports.pictures import WorstContent, worst_figure


def case_figures(content: CaseContent) -> list[tuple[str, Figure]]:
    """Caption and figure of each."""
    modality = content.modality
    figures = [
        ("The modalities, in the axial slice with most tumour", modalities_figure(content.figure)),
        (f"Three planes through the tumour on {modality.title}", planes_figure(content.figure, modality)),
    ]
    scores, masks = content.scores, content.figure
    if scores is None or scores.worst is None or masks.reference is None or masks.prediction is None:
        return figures
    worst = scores.worst
    volume = content.case.volumes[modality]
    place = WorstContent(volume, modality, masks.reference, masks.prediction, worst.voxel_ijk)
    words = (
        f"The worst place: {worst.kind} in {worst.region}, {worst.volume_ml:.3g} ml; put right, the Dice of "
        f"{worst.region} would be {worst.cost:.3f} higher. Arrowheads at the edges point at it"
    )
    return [*figures, (words, worst_figure(place))]
