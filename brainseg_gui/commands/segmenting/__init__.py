"""What ``brainseg segment`` is made of: which cases, and how they are worked through."""
