"""What is drawn over a slice: outlines, what the hand has drawn, measurements, crosshair and legends."""
