"""The service's own pages: made on the server, without a script."""
