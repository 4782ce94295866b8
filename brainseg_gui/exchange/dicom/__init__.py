"""Masks as DICOM objects of the series that they were drawn on: segmentations and structure sets."""
