"""What runs in an environment of its own, and talks to this one over files."""
