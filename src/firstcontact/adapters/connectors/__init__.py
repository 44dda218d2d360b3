"""Connectors: each turns one kind of source into the tables of contacts, and accounts for every row."""
