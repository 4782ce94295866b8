"""Long work on threads, and errors as sentences."""
