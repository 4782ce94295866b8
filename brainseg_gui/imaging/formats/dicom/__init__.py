"""DICOM objects that hold masks, and the values of any DICOM file, read without believing them."""
