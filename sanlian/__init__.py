"""The command `sanlian`: it runs the services, and helps those who look after them."""
