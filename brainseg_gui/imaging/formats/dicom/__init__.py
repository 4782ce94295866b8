"""Masks in DICOM files: segmentation objects and structure sets."""
