"""How the operational store came to its form, step by step, each forward only."""
