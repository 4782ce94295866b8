"""What a network from elsewhere may be made of: layers of Keras that hold numbers and nothing else.

Left out on purpose, though they are Keras' own: ``Lambda`` (Python code), ``TorchModuleWrapper`` (a pickle),
``TFSMLayer`` and ``JaxLayer`` (a graph from another file), ``StringLookup`` and its like (read a file that they name),
and every wrapper, for it hides a layer in another one.
"""

from __future__ import annotations

from collections.abc import Mapping

TRIED_VOXELS = 64
"""Along each axis, of the image that a network is tried on in thought where it says no size."""

MOST_GROWTH = 8
"""Times as many voxels as the image has a layer may make: twice as many along each axis."""

LAYERS = frozenset(
    {
        "InputLayer", "Conv3D", "Conv3DTranspose", "Dense", "MaxPooling3D", "AveragePooling3D",
        "GlobalAveragePooling3D", "GlobalMaxPooling3D", "UpSampling3D", "ZeroPadding3D", "Cropping3D",
        "BatchNormalization", "GroupNormalization", "LayerNormalization", "UnitNormalization",
        "Dropout", "SpatialDropout3D", "AlphaDropout", "GaussianDropout", "GaussianNoise",
        "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax",
        "Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract", "Dot",
        "Flatten", "Identity", "Permute", "RepeatVector", "Rescaling", "Reshape", "MultiHeadAttention",
    }
)  # fmt: skip

MODELS = frozenset({"Functional", "Sequential", "Model"})

OPERATIONS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "Absolute", "Add", "Clip", "Concatenate", "Divide", "Exp", "Log", "Max", "Maximum", "Mean", "Min",
            "Minimum", "Multiply", "Negative", "Power", "Reshape", "Sqrt", "Square", "Squeeze", "ExpandDims",
            "Subtract", "Sum", "Transpose", "TrueDivide",
        ),
        "keras.src.ops.numpy",
    ),
    **dict.fromkeys(
        (
            "Elu", "Gelu", "HardSigmoid", "LeakyRelu", "LogSoftmax", "Relu", "Relu6", "Selu", "Sigmoid", "Silu",
            "Softmax", "Softplus",
        ),
        "keras.src.ops.nn",
    ),
}  # fmt: skip
"""Arithmetic in a functional network, such as ``a + b``: name of the operation -> its module."""

ACTIVATIONS = frozenset(
    {
        "celu", "elu", "exponential", "gelu", "glu", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
        "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
        "softmax", "softplus", "softsign", "swish", "tanh",
    }
)  # fmt: skip

PARTS: Mapping[str, str] = {
    **dict.fromkeys(("DTypePolicy", "Policy"), "keras"),
    **dict.fromkeys(
        (
            "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "IdentityInitializer",
            "LecunNormal", "LecunUniform", "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal",
            "VarianceScaling", "Zeros",
        ),
        "keras.initializers",
    ),
    **dict.fromkeys(("L1", "L2", "L1L2"), "keras.regularizers"),
    **dict.fromkeys(("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"), "keras.constraints"),
}  # fmt: skip
"""What stands in a layer's settings, such as how its weights begin: name of the class -> its module."""
