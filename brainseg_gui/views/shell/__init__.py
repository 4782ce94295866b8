"""The window: docks, tool bar, welcome, palette, keys."""
