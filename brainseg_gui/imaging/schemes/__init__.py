"""What the numbers of a mask mean, from what it says itself, its data set, its names and the images."""
