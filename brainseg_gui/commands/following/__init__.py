"""What ``brainseg follow`` is made of, besides measuring."""
