"""The configuration of a training run, section by section, as it stands in ``config.toml``."""

from __future__ import annotations

from dataclasses import dataclass, field

from brainseg_gui.runs.fields import setting

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Data:
    """Which cases are trained on, and which are held back."""

    train: tuple[str, ...] = setting((), "Folders of cases to train on.")
    validation: tuple[str, ...] = setting((), "Folders of cases to validate on; empty: a part is split off.")
    further: tuple[str, ...] = setting(
        (), "Folders of further cases that are trained on and never held back, such as synthetic ones."
    )
    split: float = setting(0.2, "Part of the cases that is split off for validation.", low=0.0, high=0.9)
    split_by: str = setting(
        "patient", "Keep all studies of a patient on one side, or split study by study.", choices=("patient", "case")
    )
    folds: int = setting(
        0, "Folds of a cross-validation, alike in tumour volume; one is held back. 0: none.", low=0, high=100
    )
    fold: int = setting(0, "The fold that is held back, counted from 0.", low=0, high=99)
    folds_file: str = setting("", "splits_final.json, as nnU-Net's, that says which cases each fold holds back.")
    scheme: str = setting("", "Label scheme of the masks, such as brats2020; empty: guessed from the images.")
    cache: str = setting("", "Folder for preprocessed cases; empty: the user's cache.")


@dataclass(frozen=True)
class Preprocess:
    """How images become the network's input; goes into the passport of the finished model."""

    recipe: str = setting(
        "brain", "seed: the source article's; brain: z-score inside the brain's box.", choices=("brain", "seed")
    )
    spacing_mm: float = setting(0.0, "Voxel size of the network's grid; 0: the study's own.", "mm", low=0.0, high=8.0)
    clip: float = setting(5.0, "Intensities are limited to this many standard deviations.", "σ", low=0.0, high=20.0)
    margin: int = setting(2, "Room left around the brain.", "voxels", low=0, high=64)


@dataclass(frozen=True)
class Network:
    """The 3-D U-Net."""

    kind: str = setting("unet", "seed: the source article's network; unet: ours.", choices=("unet", "seed"))
    levels: int = setting(4, "Resolution levels.", low=2, high=7)
    filters: int = setting(16, "Channels of the first level; each further level doubles them.", low=2, high=128)
    max_filters: int = setting(320, "No level has more channels than this.", low=2, high=1024)
    kernel: int = setting(3, "Edge of the convolution kernels.", "voxels", low=1, high=7)
    dropout: float = setting(0.0, "Dropout after each convolution.", low=0.0, high=0.9)
    normalisation: str = setting(
        "group", "Normalisation after each convolution.", choices=("group", "instance", "batch", "none")
    )
    activation: str = setting("leaky_relu", "Activation after each convolution.", choices=("leaky_relu", "relu"))
    start_from: str = setting(
        "", "Model folder whose weights and preprocessing are the start, or shipped; replaces the fields above."
    )


@dataclass(frozen=True)
class Sampling:
    """What the network sees in one step."""

    patch: Triple = setting((96, 96, 96), "Patch size; 0 0 0: whole volumes.", "voxels", low=0, high=512)
    batch: int = setting(2, "Patches per step.", low=1, high=64)
    foreground: float = setting(0.5, "Part of the patches that is centred on a tumour voxel.", low=0.0, high=1.0)
    further: float = setting(0.5, "Part of the patches that is of the further cases.", low=0.0, high=0.99)
    workers: int = setting(2, "Threads or processes that prepare patches.", low=0, high=64)


@dataclass(frozen=True)
class Loss:
    """What training makes small."""

    kind: str = setting(
        "dice_ce",
        "crossentropy: categorical cross-entropy; dice_ce: cross-entropy plus soft Dice of WT, TC and ET.",
        choices=("dice_ce", "crossentropy"),
    )
    dice_weight: float = setting(1.0, "Weight of the Dice part.", low=0.0, high=10.0)
    batch_dice: bool = setting(True, "Count overlap over the whole batch instead of per patch.")


@dataclass(frozen=True)
class Optimiser:
    """How the weights move."""

    kind: str = setting("adamw", "Optimiser.", choices=("adam", "adamw", "sgd"))
    learning_rate: float = setting(1e-3, "Highest learning rate.", low=1e-8, high=1.0)
    weight_decay: float = setting(1e-5, "Weight decay (AdamW and SGD).", low=0.0, high=0.1)
    clip_norm: float = setting(12.0, "Gradients are scaled down to this norm; 0 leaves them.", low=0.0, high=1000.0)
    schedule: str = setting(
        "cosine", "How the learning rate falls over the run.", choices=("constant", "cosine", "polynomial")
    )
    warmup_steps: int = setting(100, "Steps over which the learning rate rises from 0.", "steps", low=0, high=100_000)


@dataclass(frozen=True)
class Augmentation:
    """Random changes of the training patches; each strength 0 turns one off."""

    rotation_deg: float = setting(15.0, "Largest rotation about each axis.", "°", low=0.0, high=180.0)
    scale: float = setting(0.15, "Largest change of size, as a fraction.", low=0.0, high=0.5)
    flip: float = setting(0.5, "Probability of a flip, per axis.", low=0.0, high=1.0)
    gamma: float = setting(0.3, "Largest change of the exponent.", low=0.0, high=1.0)
    brightness: float = setting(0.1, "Standard deviation of an added constant.", "σ", low=0.0, high=1.0)
    contrast: float = setting(0.15, "Largest change of the contrast, as a fraction.", low=0.0, high=0.9)
    noise: float = setting(0.1, "Largest standard deviation of added noise.", "σ", low=0.0, high=1.0)
    blur: float = setting(1.0, "Largest σ of a Gaussian blur.", "voxels", low=0.0, high=4.0)
    low_resolution: float = setting(0.5, "Strongest loss of resolution: 0.5 is half.", low=0.0, high=0.9)
    bias_field: float = setting(
        0.0, "Largest spread of a smooth shading, as a fraction of the intensity.", low=0.0, high=1.0
    )
    probability: float = setting(0.2, "Probability of each intensity change.", low=0.0, high=1.0)
    transplant: float = setting(
        0.0, "Probability that another case's tumour is laid into the patch.", low=0.0, high=1.0
    )
    drop_modalities: float = setting(
        0.0, "Probability that a patch loses one to all but one of its modalities.", low=0.0, high=1.0
    )


@dataclass(frozen=True)
class Length:
    """How long the run is; the first limit that is reached ends it. 0 is no limit."""

    epochs: int = setting(100, "Passes.", "epochs", low=0, high=1_000_000)
    steps_per_epoch: int = setting(100, "Steps of one epoch; 0: each case once.", "steps", low=0, high=1_000_000)
    steps: int = setting(0, "Steps of the whole run.", "steps", low=0, high=100_000_000)
    hours: float = setting(0.0, "Duration of the whole run.", "h", low=0.0, high=10_000.0)
    validate_every: int = setting(
        1, "Whole-case validation every so many epochs; 0: never.", "epochs", low=0, high=1000
    )
    keep: str = setting(
        "best",
        "The model that a run leaves: best by validation (by loss where nothing is held back), lowest loss, or the "
        "last, which lets held-back cases choose nothing.",
        choices=("best", "loss", "last"),
    )
    checkpoint_every: int = setting(200, "A checkpoint after this many steps.", "steps", low=1, high=1_000_000)


@dataclass(frozen=True)
class Compute:
    """Where and how precisely."""

    precision: str = setting(
        "auto",
        "bfloat16 where the hardware is faster in it, float32 elsewhere.",
        choices=("auto", "float32", "bfloat16"),
    )
    device: str = setting("auto", "GPU if there is one.", choices=("auto", "cpu", "gpu"))
    average_weights: float = setting(
        0.0, "Decay of an exponential moving average of the weights; 0: none.", low=0.0, high=0.99999
    )
    seed: int = setting(0, "Seed of everything random.", low=0, high=2**31 - 1)
    processes: int = setting(
        1,
        "Processes of this computer that share each batch, on JAX or PyTorch. One uses all cores and GPUs by itself: "
        "more are no faster here, and show what several computers would do (docs/cluster.md).",
        low=1,
        high=64,
    )


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that determines a run.

    Parameters
    ----------
    preset
        Name of the preset that it began as.
    name
        Name of the model that comes of it.
    """

    preset: str = "default"
    name: str = "my-model"
    data: Data = field(default_factory=Data)
    preprocess: Preprocess = field(default_factory=Preprocess)
    network: Network = field(default_factory=Network)
    sampling: Sampling = field(default_factory=Sampling)
    loss: Loss = field(default_factory=Loss)
    optimiser: Optimiser = field(default_factory=Optimiser)
    augmentation: Augmentation = field(default_factory=Augmentation)
    length: Length = field(default_factory=Length)
    compute: Compute = field(default_factory=Compute)
