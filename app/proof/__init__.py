"""What is asked of a compiled release beyond one answer: why, what would change it, and proof."""
