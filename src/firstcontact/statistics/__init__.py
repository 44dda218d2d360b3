"""Estimators, one a file, in NumPy and SciPy only."""
