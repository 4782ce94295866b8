"""What the program does: the only code that knows both views and state, and has side effects."""
