"""One file a page: its `router`, its `PLACE` in the menu, and what its template shows as a documented dataclass."""
