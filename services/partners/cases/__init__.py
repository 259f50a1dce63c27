"""Help for one household over time: its case, the plan for it, and what was given."""
