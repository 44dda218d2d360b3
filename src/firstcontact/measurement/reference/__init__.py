"""The slow, obvious twin of linking, signals and counts: what the engines are judged by, and stories are tried on."""
