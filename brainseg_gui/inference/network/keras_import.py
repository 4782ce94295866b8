"""The first import of Keras in a process that runs or trains a network."""

from __future__ import annotations

import sys

_FOR_FUNCTIONS_THAT_NOBODY_CALLS = ("matplotlib", "sklearn")  # Keras does without, where they are not installed


def import_keras() -> None:
    """Import Keras, and not what it would draw and classify with: 3.8 instead of 4.9 s where both are installed."""
    left_out = [name for name in _FOR_FUNCTIONS_THAT_NOBODY_CALLS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type]  # None is how Python says "not there"
    try:
        import keras  # noqa: F401
    finally:
        for name in left_out:
            del sys.modules[name]
