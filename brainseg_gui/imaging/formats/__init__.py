"""Files of images and masks."""
