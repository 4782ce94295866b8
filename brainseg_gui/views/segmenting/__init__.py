"""Running a network, and how sure it was."""
