"""What the console and the API read from the store: SQL Core, paged, nothing that loads a whole record."""
