"""The pipeline: from accepted pulls to a published warehouse. The only package that imports Dagster.

Importing this package, its read modules (`warehouse`, `releases`, `status`) or the command line imports none of the
heavy libraries: each command imports what it needs.
"""
