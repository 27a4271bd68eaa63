"""Bring an edition to where it goes."""

from costlens.report.delivery.parcel import Parcel, RefusedError, UnclearError, UndeliveredError
from costlens.report.delivery.send import place_of, send

__all__ = ["Parcel", "RefusedError", "UnclearError", "UndeliveredError", "place_of", "send"]
