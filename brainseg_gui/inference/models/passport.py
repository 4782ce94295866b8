"""A model's passport (``model.json``): what the network expects and what its output means.

Everything that changes a voxel is in it, so that any network can be run by the same code. A field or a step that
this program does not know is refused: to skip it silently would feed the network something else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from brainseg_gui.imaging.labels import TISSUES
from brainseg_gui.imaging.modality import Modality
from brainseg_gui.inference.models import steps
from brainseg_gui.inference.models.ancestry import Ancestry
from brainseg_gui.inference.models.dice_line import DiceLine
from brainseg_gui.inference.models.network_files import identity_of

LINEAR = "linear on the probabilities, then argmax"
LINEAR_IN_BRAIN = f"{LINEAR}, background outside the brain"


@dataclass(frozen=True)
class Output:
    """What the network gives.

    Parameters
    ----------
    activation
        ``softmax``: one class per voxel; ``sigmoid``: each channel for itself, such as regions that lie in one another.
    channels
        Meaning of each channel, in any order: ``background`` and tissues, or regions (``WT``, ``TC``, ``ET``).
    resample
        How probabilities return to the grid of the case.
    is_logits
        Whether the activation is not in the network, and is applied here.
    becomes
        Tissue that a voxel of a region is where no region within it is: one per channel; with ``softmax`` the channels.
    """

    activation: Literal["softmax", "sigmoid"]
    channels: tuple[str, ...]
    resample: str
    is_logits: bool = False
    becomes: tuple[str, ...] = ()

    @property
    def only_in_brain(self) -> bool:
        """Whether everything outside the brain is background."""
        return self.resample == LINEAR_IN_BRAIN

    @property
    def classes(self) -> tuple[int, ...]:
        """Number, as in `TISSUES`, of what each channel stands for."""
        return tuple(TISSUES.index(name) for name in self.becomes or self.channels)

    @property
    def tissues(self) -> tuple[str, ...]:
        """What the network tells apart, without the background."""
        return tuple(dict.fromkeys(TISSUES[number] for number in self.classes if number))

    @property
    def by_size(self) -> tuple[int, ...]:
        """Channels from the largest region to the smallest, then what is no region: each is drawn over the last."""
        order = {"WT": 0, "TC": 1, "ET": 2}
        return tuple(sorted(range(len(self.channels)), key=lambda n: order.get(self.channels[n], 3)))


@dataclass(frozen=True)
class Finer:
    """A second network of the same kind, which tells the tissues again near what the first one found, on a finer grid.

    How much of a voxel is tumour stays the first network's word.

    Parameters
    ----------
    weights, sha256
        File name of its weights in the model folder and their SHA-256.
    spacing_mm
        Its grid.
    patch
        Window that it was trained on, or None.
    near, from_probability
        It looks where the first network gives this region (``WT``, ``TC``, ``ET``) at least this probability,
    margin_mm
        and at the box around that, grown by so much.
    """

    weights: str
    sha256: str
    spacing_mm: steps.Triple
    patch: steps.WholeTriple | None
    near: str
    from_probability: float
    margin_mm: float


@dataclass(frozen=True)
class Incomplete:
    """Another network of the same kind, which speaks in the first one's place where a case lacks a modality.

    Parameters
    ----------
    weights, sha256
        File name of its weights in the model folder and their SHA-256.
    expected_dice
        As the passport's, of cases that lack a modality.
    tumour_odds
        What the odds of tumour against background are multiplied by: a network that lacks images calls too little.
    """

    weights: str
    sha256: str
    expected_dice: Mapping[str, DiceLine] = field(default_factory=dict)
    tumour_odds: float = 1.0


@dataclass(frozen=True)
class Estimated:
    """What estimates the one image that a case lacks, so that the model's networks for whole cases speak.

    Parameters
    ----------
    files
        Of each modality that can be estimated: name of the file in the model folder, and its SHA-256.
    expected_dice
        As the passport's, of cases of which one image is estimated.
    mirrored
        As the passport's, in its place in such cases.
    """

    files: Mapping[Modality, tuple[str, str]]
    expected_dice: Mapping[str, DiceLine] = field(default_factory=dict)
    mirrored: str = ""


@dataclass(frozen=True)
class Passport:
    """A validated passport.

    Parameters
    ----------
    name, version
        Of the model.
    weights, sha256
        File name of the weights in the model folder and their SHA-256.
    modalities
        Input channels, in order.
    axes
        Order of the network's axes, such as ``IJKC``; i, j, k are those of `orientation`.
    orientation
        Where i, j and k grow to, such as ``RAS`` (nibabel's axis codes).
    spacing_mm
        Grid on which the network sees the patient along i, j, k, or None for the study's own.
    divisor
        Each axis of the network's input is a multiple of it.
    patch
        Window that the network was trained on, in network axes, or None.
    preprocess, postprocess
        Steps in order.
    output
        What the network gives.
    framework
        Versions that wrote the weights.
    digests
        File in the model folder -> its SHA-256: of every network, and of files that hold weights of one.
    ensemble
        Files of the networks whose answers are averaged; most models have one.
    channels_first
        Whether the network has its channels before its axes, as PyTorch's have.
    windows
        How windows slide where that is not left to the memory; None: one pass if it fits.
    mirrored
        Axes, out of i, j and k, along which the image is mirrored too; all answers are averaged.
    ancestry
        What it was fine-tuned from, and how it took that network's place; None where it did not.
    may_be_missing
        Modalities that a case may lack, and what that costs, in words ("WT about .02 lower"); at least one of all has
        to be there. Their channels are 0 then.
    expected_dice
        Per region (WT, TC, ET), what Dice a mask of a case with all modalities will probably have; empty where that was
        not measured.
    finer
        The network that tells the tissues again on a finer grid; None for most models.
    incomplete
        The network for cases that lack a modality; None where the first one is for those, too.
    estimated
        What estimates an image that is missing; None where nothing does.
    """

    name: str
    version: str
    weights: str
    sha256: str
    modalities: tuple[Modality, ...]
    axes: str
    orientation: str
    spacing_mm: steps.Triple | None
    divisor: int
    patch: steps.WholeTriple | None
    preprocess: tuple[steps.Step, ...]
    output: Output
    postprocess: tuple[steps.PostStep, ...]
    framework: Mapping[str, str]
    licence: str
    trained_on: str
    results: str
    intended_use: str
    may_be_missing: Mapping[Modality, str] = field(default_factory=dict)
    expected_dice: Mapping[str, DiceLine] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    ensemble: tuple[str, ...] = ()
    channels_first: bool = False
    windows: steps.Windows | None = None
    mirrored: str = ""
    ancestry: Ancestry | None = None
    finer: Finer | None = None
    incomplete: Incomplete | None = None
    estimated: Estimated | None = None

    @property
    def of_finer(self) -> Passport | None:
        """What the finer network expects and gives; None where there is none."""
        return self.seen_by(self.finer) if self.finer is not None else None

    @property
    def of_incomplete(self) -> Passport | None:
        """What the network for incomplete cases expects and gives: as the first, but for its weights."""
        return self._with(self.incomplete) if self.incomplete is not None else None

    @property
    def sha256_of_whole_cases(self) -> str:
        """As `sha256`, of the networks that speak for cases with all modalities: another one for the others changes
        nothing of what those say."""
        others = {self.incomplete.weights} if self.incomplete is not None else set()
        if self.estimated is not None:
            others |= {name for name, _ in self.estimated.files.values()}
        return identity_of({name: digest for name, digest in self.digests.items() if name not in others})

    def expected_with(self, present: Collection[Modality]) -> Mapping[str, DiceLine]:
        """What Dice a mask of a case with these modalities will probably have; empty where that was not measured."""
        if all(modality in present for modality in self.modalities):
            return self.expected_dice
        if self.estimated is not None and self.to_estimate(present) is not None:
            return self.estimated.expected_dice
        return self.incomplete.expected_dice if self.incomplete is not None else {}

    def to_estimate(self, present: Collection[Modality]) -> Modality | None:
        """The one image that a case with these modalities lacks, if it can be estimated from the others."""
        missing = [modality for modality in self.modalities if modality not in present]
        return missing[0] if len(missing) == 1 and self.estimated and missing[0] in self.estimated.files else None

    @property
    def where_estimated(self) -> Passport:
        """What the first network expects and gives where one image of a case is estimated."""
        mirrored = self.estimated.mirrored if self.estimated is not None else ""
        return replace(self, mirrored=mirrored or self.mirrored)

    def seen_by(self, finer: Finer) -> Passport:
        """What a finer network expects and gives: as the first, but for its weights and its grid."""
        return replace(self._with(finer), spacing_mm=finer.spacing_mm, patch=finer.patch, may_be_missing={})

    def _with(self, other: Finer | Incomplete) -> Passport:
        return replace(
            self,
            weights=other.weights,
            sha256=other.sha256,
            digests={other.weights: other.sha256},
            ensemble=(other.weights,),
            expected_dice={},
            postprocess=(),
            finer=None,
            incomplete=None,
            estimated=None,
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Meaning of the network's input channels."""
        return tuple(modality.value for modality in self.modalities)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Meaning of its output channels."""
        return self.output.channels
