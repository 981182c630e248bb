"""From text to releases: reads the files of `rules/` and returns core objects, or errors with file and line.

`files` reads YAML and remembers lines, `schema` says what each file may hold, `grammar` reads conditions, `build` makes
releases, `checks` refuses what a clinician should never have to find, `load` does all of it.
"""
