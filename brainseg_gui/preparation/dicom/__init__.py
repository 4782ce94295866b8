"""DICOM: headers, series, stacks of slices, pixels. pydicom is imported by the functions that need it."""
