"""Patterns behind failures. One file each, listed in `catalog`; `explanation` compares and publishes them."""
