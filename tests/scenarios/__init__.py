"""Who is waiting: every scenario and law of the specification, and an oracle that was written from its text alone."""
