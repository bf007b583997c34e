"""Batch scoring over the lead database: part by part, each written at once, so that it may be stopped at any moment."""
