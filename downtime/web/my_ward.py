"""The ward on which this laptop stands, as somebody said last: for everybody who uses it."""

from downtime.config import Home


def read_my_ward(home: Home) -> str:
    """The ward's code; empty when nobody has said one."""
    try:
        return home.my_ward_file.read_text("utf-8").strip()
    except OSError:
        return ""


def save_my_ward(home: Home, ward: str) -> None:
    """Remember the ward from now on."""
    home.my_ward_file.write_text(ward[:100], "utf-8")
