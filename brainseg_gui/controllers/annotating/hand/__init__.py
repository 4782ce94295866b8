"""The tools of the hand: each turns the mouse into voxels."""
