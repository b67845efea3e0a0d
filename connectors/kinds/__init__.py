"""One module per kind of source. Each turns a source's YAML and a year into listings of raw rows."""
