"""What holds the window together."""
