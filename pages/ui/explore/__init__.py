"""The views of the Explore page."""
