"""What is sent to whom, and when again: signed webhooks to street offices, and their signed answers."""
