"""The intrinsic functions, one file a family. ``versions.py`` says which version has which."""
