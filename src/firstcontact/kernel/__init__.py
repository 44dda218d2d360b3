"""The ground floor: errors, results, findings, clock, privacy, settings and the Engine protocol."""
