"""Stores: where a run is written, whole or not at all."""
