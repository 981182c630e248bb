"""The pages: intake, decision, rule browser. Rendered by the server, and enhanced by one small script.

`routes` serves them, `form` reads what a page posts, `picture` and `timeline` draw, `texts` holds the words of each
language. A page decides nothing: it asks the same engine as every other face, in strict mode.
"""
