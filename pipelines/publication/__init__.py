"""What people get to see of a release: pages, workbooks, documents."""
