"""Brings estimates back to the contacts they are about."""
