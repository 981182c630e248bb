"""Commands for developers: locks, images, measurements."""
