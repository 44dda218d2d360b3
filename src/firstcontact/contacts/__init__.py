"""The vocabulary: typed tables, validation, quarantine and the ledger of rows."""
