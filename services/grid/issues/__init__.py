"""Issues as grid sees them: placed, and proposed to a handler."""
