"""What first contact resolution is to mean: a declarative, versioned, hashed policy, and presets of known ones."""
