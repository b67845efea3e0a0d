"""The stages, one module each, in the order of the data: landing, reference, indicators, scores, publication."""

import warnings

from dagster import BetaWarning

# Single-run backfills are what a pull of several years needs; that their interface is still called beta is known.
warnings.filterwarnings("ignore", category=BetaWarning, message=r".*`backfill_policy`.*")
