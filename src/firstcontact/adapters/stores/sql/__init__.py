"""The operational store: what arrives, who may, what runs. SQLite by default, PostgreSQL for a team."""
