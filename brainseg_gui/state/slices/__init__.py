"""How the case is looked at."""
