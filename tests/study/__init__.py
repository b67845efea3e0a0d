"""A study of the gates: data faults planted in pulls of the sample's sources, and how many of them are caught."""
