"""Pictures of the console, each with what one should see in it."""
