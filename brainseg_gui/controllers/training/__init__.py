"""Starting, following and ending runs."""
