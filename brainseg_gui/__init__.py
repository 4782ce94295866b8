"""brainseg: read, segment, compare and correct brain-tumour MRI."""

__version__ = "0.1.0"
