"""The HTTP interface: what programs touch."""
