"""What stands in front of every face: who may ask, how much at once, what is written down, and signed receipts.

`gate` is the outermost layer of a request, `access` the one that asks for a key or a token (`keys`, `tokens`).
`options` are the settings of all of it, and `build` puts it before an application.
"""
