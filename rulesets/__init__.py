"""What is measured and how it is judged: decisions as data, and the engine that scores by them.

Knows no HTTP, no Dagster and no dbt. Importing this package is cheap; only `rulesets.scoring` uses DuckDB.
"""
