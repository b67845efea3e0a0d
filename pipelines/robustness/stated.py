"""What is taken to be uncertain: stated by the deployment, or by who asks."""

from __future__ import annotations

from pathlib import Path

from pipelines.settings import Deployment
from rulesets.robustness.assumptions import Assumptions, read_assumptions

OWN_ASSUMPTIONS = "robustness.yaml"
CERTAIN = 90
"""Per cent of the draws that the interval of a rank holds."""


def stated_assumptions(deployment: Deployment, file: str = "") -> Assumptions:
    """Those of a file, else of the deployment's `robustness.yaml`, else the usual ones."""
    own = Path(file) if file else deployment.root / OWN_ASSUMPTIONS
    return read_assumptions(own) if file or own.exists() else Assumptions()
