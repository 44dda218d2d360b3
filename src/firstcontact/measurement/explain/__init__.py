"""Why the figures are what they are: analyses that are not one figure a cell. One file each, listed in `catalog`."""
