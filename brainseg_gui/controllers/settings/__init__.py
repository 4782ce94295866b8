"""What is remembered from start to start."""
