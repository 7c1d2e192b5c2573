"""The command-line face: an OpenStackClient plugin, and ``treadle`` by itself. It calls; it decides nothing."""
