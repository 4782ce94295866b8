"""What tools and operations do to voxels."""
