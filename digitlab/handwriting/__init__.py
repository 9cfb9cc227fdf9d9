"""Digits drawn by rule, for a recogniser of what people draw with a pen on a screen."""
