"""The mathematics, on arrays: NumPy and SciPy only, one estimator a file. No engine, no policy, no names of columns."""
