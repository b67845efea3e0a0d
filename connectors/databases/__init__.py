"""Databases that a source of kind `sql` can be read from, one module each: how it is reached, and held to reading."""
