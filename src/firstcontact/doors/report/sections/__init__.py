"""The sections of the report, one a file. Each says what it has to say; the page sets it."""
