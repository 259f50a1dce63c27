"""How long a test waits for what must come."""

# A wait ends when its condition holds. Only what hangs is waited for this long, also on a machine that does
# several other things at once.
PATIENCE_S = 120.0
