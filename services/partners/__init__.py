"""The service list and the need list: what member units can give, what is needed, and how the two meet."""
