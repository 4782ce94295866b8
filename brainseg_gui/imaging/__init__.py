"""Values on a grid, and the files they come from."""
