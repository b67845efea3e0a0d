"""Appeals (kiến nghị) against a score: a ledger that only grows, a dossier for each, and what a grant would do."""
