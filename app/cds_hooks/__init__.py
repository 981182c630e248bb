"""The CDS Hooks face (2.0, with the version fields of the 3.0 ballot).

`services` is what discovery shows, `request` what a call holds, `prefetch` and `server` get the record, `cards` says
the answer, `trust` checks who calls, `routes` serves it all. Facts come from `app.fhir`; nothing is decided here.
"""
