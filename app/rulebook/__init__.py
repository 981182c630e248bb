"""The files of `rules/`, read into releases or errors."""
