"""What the program shows. Views read state, show it, and emit intents."""
