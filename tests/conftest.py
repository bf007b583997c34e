"""Settings that every test shares."""

from __future__ import annotations

import os

from hypothesis import settings

# Machines are noisy, so no deadline; a build that someone waits for always tries the same examples.
settings.register_profile("leadml", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("leadml")
