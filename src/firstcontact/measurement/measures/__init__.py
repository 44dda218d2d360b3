"""Figures: what is counted, over what, and with which interval; one measure a file."""
