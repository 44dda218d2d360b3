"""The outside world: where records come from, where expressions run, where results go."""
