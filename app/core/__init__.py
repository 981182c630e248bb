"""The decision. Standard library only; knows nothing of the web, of YAML or of pydantic.

`facts` and `conditions` say what may be asked and compared, `rules` what a rule is, `precedence` in which order rules
speak, `diagram` holds the compiled decision, `logic` compiles a release into it, `questions` ranks what to ask next,
`answer` is the shape of an answer and `triage` makes one.
"""
