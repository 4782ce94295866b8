"""Editing label maps: tools, rules, undo and the journal; Qt-free."""
