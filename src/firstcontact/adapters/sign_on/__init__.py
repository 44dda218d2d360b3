"""Providers that say who somebody is."""
