"""Invented names, wards, tests, medicines and clinics from which the hospital is drawn."""
