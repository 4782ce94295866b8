"""What is seen in 3-D."""
