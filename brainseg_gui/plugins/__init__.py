"""What other installed packages bring: networks, measures, formats. Found without importing, loaded when needed."""
