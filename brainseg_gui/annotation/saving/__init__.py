"""Where masks of a case go, what lies there already, and writing one."""
