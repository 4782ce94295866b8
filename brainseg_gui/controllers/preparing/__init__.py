"""Preparing a raw examination aside, and opening what comes of it."""
