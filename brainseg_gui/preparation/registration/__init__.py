"""Rigid registration of an examination's series. SimpleITK is imported by the functions that need it."""
