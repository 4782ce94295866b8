"""Whole heads that never lived: scalp, fat, bone, eyes and air around synthetic brains with tumours."""
