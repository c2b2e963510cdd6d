"""The demonstration hospital: writes what its systems would send, and what its staff do on paper."""
