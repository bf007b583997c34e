"""The demo company: synthetic leads under a law that is known, so that a scorer can be held against the truth.

Read it in this order: `law` (every number), `draw` and `records` (what happens), `truth` (what could have been known),
`rows`, `words` and `dirt` (how it is written down), `company` and `write`.
"""

from leadml.demo.write import CompanySummary, write_company

__all__ = ["CompanySummary", "write_company"]
