"""Spreadsheets read strictly: refused by content, bounded, read in a process of its own, then held against a layout."""
