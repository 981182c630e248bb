"""Candidate Triage: the documented pathway that applies, and why."""
