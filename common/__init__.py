"""What every package shares: errors a person can act on, YAML with positions, files written whole.

Knows no HTTP, no DuckDB, no dbt and no Dagster.
"""
