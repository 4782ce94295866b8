"""What ``brainseg report`` is made of, for more than one case."""
