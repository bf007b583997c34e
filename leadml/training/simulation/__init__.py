"""A rulebook tried out on history: what its rules catch, and what other points or another cutoff would have done."""
