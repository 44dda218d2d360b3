"""Engines that run table expressions."""
