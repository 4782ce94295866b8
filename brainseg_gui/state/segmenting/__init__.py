"""Segmentation, and how sure the network was."""
