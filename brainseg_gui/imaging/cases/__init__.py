"""Cases as they lie on a drive: which file is what, and reading them."""
