"""The files of `rules/`, read into releases or errors.

`files` reads YAML and remembers lines, the `schema` modules say what each file may hold, `book` holds all files,
`grammar` reads conditions, `build` makes releases, `sources` and `digests` make what belongs to them, `checks` refuses
what a clinician should never have to find, `load` does all of it.
"""
