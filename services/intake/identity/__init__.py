"""Who relief is asked for: told to the office that is asked, once, by a link, and written down."""
