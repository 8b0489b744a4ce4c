"""Sources in other people's software, read as they are."""
