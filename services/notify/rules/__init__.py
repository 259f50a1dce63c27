"""Pure: what is told, to whom, when again, and what may be answered; no session, clock or network."""
