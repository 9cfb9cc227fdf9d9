"""The views of the Evaluate page."""
