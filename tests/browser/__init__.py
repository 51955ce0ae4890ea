"""The page in a real browser, headless: as `tidegate simulate --html` writes it, and as the demo does."""
