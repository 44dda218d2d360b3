"""The audit of linking: which returns the records miss, found by people who look up a sample of contacts."""
