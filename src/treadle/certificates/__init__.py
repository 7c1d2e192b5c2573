"""Certificates of endpoints and services: made by a CA of the cloud's own, and checked before they are used."""
