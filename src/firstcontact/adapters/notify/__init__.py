"""Telling others: outgoing webhooks."""
