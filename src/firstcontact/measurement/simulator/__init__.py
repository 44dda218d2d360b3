"""A simulated contact centre whose truth is known: `generate.simulate`, with the knobs of `world.World`."""
