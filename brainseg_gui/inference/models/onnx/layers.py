"""The shapes that layers make: what slides over an image, and products of matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from brainseg_gui.inference.models.onnx.graph import Shape
from brainseg_gui.inference.models.onnx.operator_call import Call, UnknownSizeError


def convolution(call: Call) -> list[Shape]:
    """``Conv``: channels by its weights, and what the kernel makes of each axis."""
    image, kernel = call.shape(), call.shape(1)
    _same_rank(image, kernel)
    if image[1] != kernel[1] * call.setting("group", 1):
        remedy = "Compare axes and modalities in model.json with the order in which the network takes its image"
        raise UnknownSizeError("its weights do not fit its channels", remedy)
    return [(image[0], kernel[0], *_slid(call, image[2:], kernel[2:]))]


def pooling(call: Call) -> list[Shape]:
    """``MaxPool``, ``AveragePool``."""
    image = call.shape()
    return [(*image[:2], *_slid(call, image[2:], call.setting("kernel_shape", ())))]


def _slid(call: Call, lengths: Shape, kernel: Sequence[int]) -> list[int]:
    """What a kernel makes of each axis."""
    axes = len(lengths)
    strides, dilations, pads = _steps(call, axes)
    _same_rank(lengths, kernel)
    if call.setting("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        return [-(-n // s) for n, s in zip(lengths, strides, strict=True)]
    found = []
    for n, k, s, d, low, high in zip(lengths, kernel, strides, dilations, pads[:axes], pads[axes:], strict=True):
        room = n + low + high - (d * (k - 1) + 1)
        count = -(-room // s) if call.setting("ceil_mode", 0) else room // s
        found.append(count + 1)
    return found


def _steps(call: Call, axes: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    strides = tuple(call.setting("strides", (1,) * axes))
    dilations = tuple(call.setting("dilations", (1,) * axes))
    pads = tuple(call.setting("pads", (0,) * 2 * axes))
    if len(strides) != axes or len(dilations) != axes or len(pads) != 2 * axes or min(strides + dilations) < 1:
        raise UnknownSizeError("its settings do not fit its axes")
    return strides, dilations, pads


def transposed(call: Call) -> list[Shape]:
    """``ConvTranspose``: larger by its strides."""
    image, kernel = call.shape(), call.shape(1)
    _same_rank(image, kernel)
    axes = len(image) - 2
    strides, dilations, pads = _steps(call, axes)
    channels = kernel[1] * call.setting("group", 1)
    if "output_shape" in call.node.attributes:
        return [(image[0], channels, *call.setting("output_shape")[-axes:])]
    if call.setting("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        return [(image[0], channels, *(n * s for n, s in zip(image[2:], strides, strict=True)))]
    extra = call.setting("output_padding", (0,) * axes)
    found = [
        s * (n - 1) + e + d * (k - 1) + 1 - low - high
        for n, k, s, d, e, low, high in zip(
            image[2:], kernel[2:], strides, dilations, extra, pads[:axes], pads[axes:], strict=True
        )
    ]
    return [(image[0], channels, *found)]


def _same_rank(one: Sequence[int], other: Sequence[int]) -> None:
    if len(one) != len(other):
        raise UnknownSizeError("its kernel does not fit its axes")


def global_pooling(call: Call) -> list[Shape]:
    """One voxel of each channel."""
    return [(*call.shape()[:2], *(1 for _ in call.shape()[2:]))]


def product(call: Call) -> list[Shape]:
    """``MatMul``."""
    one, other = call.shape(), call.shape(1)
    if len(one) < 2 or len(other) < 2 or one[-1] != other[-2]:
        raise UnknownSizeError("its matrices do not fit")
    return [(*np.broadcast_shapes(one[:-2], other[:-2]), one[-2], other[-1])]


def gemm(call: Call) -> list[Shape]:
    """``Gemm``: a product of two matrices, either turned."""
    one, other = call.shape(), call.shape(1)
    if call.setting("transA", 0):
        one = one[::-1]
    if call.setting("transB", 0):
        other = other[::-1]
    return [(one[0], other[-1])]


def einsum(call: Call) -> list[Shape]:
    """``Einsum`` whose equation names every axis."""
    left, arrow, right = str(call.setting("equation", "")).replace(" ", "").partition("->")
    if not arrow or "." in left:
        raise UnknownSizeError("its equation does not name its axes")
    lengths: dict[str, int] = {}
    for place, letters in enumerate(left.split(",")):
        lengths |= dict(zip(letters, call.shape(place), strict=True))
    return [tuple(lengths[letter] for letter in right)]
