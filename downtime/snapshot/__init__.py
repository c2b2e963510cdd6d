"""From feeds to a sealed snapshot, and from a sealed snapshot to something a ward can ask."""
