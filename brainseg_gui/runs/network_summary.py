"""What a network is going to be, told from its configuration alone: no network library is needed to ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from brainseg_gui.runs.config import Network

CHANNELS = 4  # modalities in, classes out


@dataclass(frozen=True)
class NetworkSummary:
    """Size of the U-Net that a configuration asks for.

    Parameters
    ----------
    convolutions
        Number of convolution layers.
    parameters
        All weights, those that are not trained included.
    receptive_field
        Edge of the cube of input voxels that one output voxel can see at most, in voxels.
    """

    convolutions: int
    parameters: int
    receptive_field: int


def summarise(network: Network) -> NetworkSummary:
    """Size of the network, from its fields; those of a model folder to start from are not known here."""
    pairs = list(_convolutions(network))
    biased = network.kind == "seed" or network.normalisation == "none"
    extra = 1 if biased else 4 if network.normalisation == "batch" else 2  # bias, or what normalisation learns
    weights = sum(network.kernel**3 * before * after + extra * after for before, after in pairs)
    last = network.filters * CHANNELS + CHANNELS
    return NetworkSummary(len(pairs) + 1, weights + last, _receptive_field(network))


def _filters(network: Network) -> list[int]:
    most = network.max_filters if network.kind != "seed" else network.filters * 2**network.levels
    return [min(network.filters * 2**level, most) for level in range(network.levels)]


def _convolutions(network: Network) -> Iterator[tuple[int, int]]:
    """Channels before and after each convolution of the blocks, two per level on either side."""
    filters = _filters(network)
    before = CHANNELS
    for count in filters:
        yield from ((before, count), (count, count))
        before = count
    if network.kind == "seed":  # its deepest level is passed through a decoder block too
        yield from ((before, before), (before, before))
    for deeper, count in reversed(list(zip(filters[1:], filters, strict=False))):
        yield from ((deeper + count, count), (count, count))


def _receptive_field(network: Network) -> int:
    """Each kernel of edge k at a spacing of s input voxels adds (k - 1)·s, along the path through all levels."""
    two_kernels = 2 * (network.kernel - 1)
    deepest = 1 << (network.levels - 1)
    field = 1 + two_kernels * deepest * (2 if network.kind == "seed" else 1)
    for level in range(network.levels - 1):
        spacing = 1 << level
        field += 2 * two_kernels * spacing + spacing  # down and up again, and the pooling
    return field
