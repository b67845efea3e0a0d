"""`dti source check`, one module per kind of source: its steps, in order, each with what was found and what to do."""
