"""What the street says of issues through its webhooks, and the matters that it puts on the community."""
