"""The network's process, and the program's end of it."""

from brainseg_gui.inference.engine.engine import Engine as Engine
