"""The history for measuring: immutable Parquet segments, written from the operational store in the order of changes."""
