"""The text that quire-tiny learns from, made by grammar and templates from a seed."""
