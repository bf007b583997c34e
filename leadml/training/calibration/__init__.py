"""Making probabilities true: from predictions on rows that a model had not seen."""
