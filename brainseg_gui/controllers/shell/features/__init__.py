"""The features of the window: what one is, the table of all of them, and the controllers that they make."""
