"""The pictures: slices, what lies over them, and where things are in them."""
