"""Many cases segmented in one run: what is done already, one task per case, here or by workers elsewhere."""
