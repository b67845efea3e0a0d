"""The cheapest sets of changes that lift an agency: steps from `rulesets.lift`, worth what the engine says."""
