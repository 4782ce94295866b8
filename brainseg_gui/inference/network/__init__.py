"""What only the network's own process imports."""
