"""The screens, on the demo's community with a clock that stands still."""
