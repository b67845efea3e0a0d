"""The cheapest way up: what an agency could do, in real units, at which effort, and the exact search among it.

Knows rules and figures, not points: what a step is worth is asked of the scoring engine (`pipelines.lift`).
"""
