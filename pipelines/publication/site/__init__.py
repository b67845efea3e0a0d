"""The results site: what a release says, as pages that need no server, no script and no other host."""
