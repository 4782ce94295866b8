"""The network's process, and the program's end of it."""
