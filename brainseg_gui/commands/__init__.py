"""The commands of the command line, one module each; what several share, and what a large one is made of, has rooms."""
