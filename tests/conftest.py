"""Property tests take the time that a loaded machine needs."""

from hypothesis import HealthCheck, settings

settings.register_profile("treadle", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("treadle")
