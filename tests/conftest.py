"""Hypothesis profiles: the same examples every time, or many random ones (HYPOTHESIS_PROFILE)."""

import os

from hypothesis import HealthCheck, settings

_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "default", deadline=None, derandomize=True, suppress_health_check=_CALM, print_blob=True
)
settings.register_profile(
    "nightly", deadline=None, max_examples=10_000, suppress_health_check=_CALM, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
