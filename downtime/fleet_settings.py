"""Settings of the machines of a site: how snapshots reach them, what is believed, what is watched."""

from dataclasses import dataclass
from typing import Any

from downtime.setting_fields import setting


@dataclass(frozen=True, slots=True)
class FleetSettings:
    list_valid_days: int = setting(
        400, "A list of machines should be signed anew after so long; an older one still holds."
    )
    root_valid_days: int = setting(
        3650, "The site's root should be renewed after so long; an older one still holds."
    )
    list_warning_days: int = setting(
        30, "A warning is shown this long before the list or the root should be signed anew."
    )
    unheard_days: int = setting(
        30, "Opened snapshots of a machine that hears nothing of its site for so long are closed."
    )
    unheard_warning_days: int = setting(
        10, "A machine warns this long before its opened snapshots are closed."
    )
    short_stop_minutes: int = setting(
        10,
        "A computer that was off no longer than this by its own clock may have one that stood still:"
        " ages are said to be 'at least' so much until the next snapshot.",
    )
    break_glass_hours: int = setting(
        72, "Closed snapshots that a person opens with a reason stay open for so long."
    )
    places: dict[str, Any] = setting(
        {},
        "Where snapshots are left and fetched, one table a place; docs/places.md lists the keys.",
    )
    open_while_locked: bool = setting(
        False,
        "Services with --unlock-file open what they fetch, so that a sign-in waits for nothing;"
        " docs/security.md says what that costs in secrecy.",
    )
    max_chain: int = setting(
        24, "A machine that has missed more deltas than this fetches a full snapshot."
    )
    max_bytes_per_second: int = setting(
        0, "What all places together are sent and asked for, on the average; 0 for no limit."
    )
    place_seconds: float = setting(
        900.0, "A place with which a run is not done after so long has failed."
    )
    join_seconds: float = setting(
        20.0, "Whoever adds a machine, or joins, waits no longer than this for a place."
    )
    retry_first_seconds: float = setting(
        5.0, "A place that failed is tried again within so long, at random; doubled each time."
    )
    retry_cap_seconds: float = setting(
        300.0, "Longest wait before a place that failed is tried again."
    )
    spread_percent: int = setting(
        10, "By so much of their interval runs come earlier at random: laptops do not come at once."
    )
    keep_newest: int = setting(3, "So many of the newest full snapshots stay at each place.")
    keep_hours: int = setting(24, "Beside them stays the last one of each of so many hours.")
    keep_days: int = setting(14, "Beside them stays the last one of each of so many days.")
    stick_folders: tuple[str, ...] = setting(
        ("/media/*", "/media/*/*", "/run/media/*/*", "/mnt/*", "/Volumes/*", "[D-Z]:/"),
        "Where sticks appear: one that holds a snapshot is offered on the page Snapshots.",
    )


@dataclass(frozen=True, slots=True)
class ChurnSettings:
    loss_percent: int = setting(
        30, "A snapshot that lacks more records of one type and system is put in quarantine."
    )
    system_loss_percent: dict[str, int] = setting({}, "The same for one system, by its name.")
    min_records: int = setting(20, "Fewer records than this are never too many to lack.")
    min_all_records: int = setting(
        5, "When nothing of a type is left, so many that there were before are too many to lack."
    )
    gain_percent: int = setting(
        80, "By this much the records of one type and system may grow within a day."
    )
    patient_loss_percent: int = setting(
        20, "So many of those in hospital may be gone at once: discharged, or lost."
    )
    min_patients: int = setting(10, "Fewer patients than this are never too many to be gone.")
    known_loss_percent: int = setting(
        10, "So many of all known people may be known no more: people never leave by themselves."
    )
    ward_loss_percent: int = setting(
        60, "So much of a ward may be gone at once: its patients, or one type of their records."
    )
    ward_loss_percents: dict[str, int] = setting({}, "The same for one ward, by its code.")
    ward_min_patients: int = setting(
        8, "A ward with fewer patients may be empty at once, as in a night; so few records may go."
    )
    day_wards: tuple[str, ...] = setting(
        (), "Wards that empty each evening; else this is learned from the days before."
    )
    daily_turnover_percent: int = setting(
        35, "So many more patients may have gone, or lie elsewhere, for each day between snapshots."
    )
    ward_hourly_turnover_percent: int = setting(
        10, "So many more patients of a ward may be others for each hour, while it is as full."
    )
    identity_percent: int = setting(
        5, "So many people may have another name or birth date under the same number."
    )
    moved_percent: int = setting(50, "So many of those who stayed may lie in another bed at once.")
    same_hour_minutes: int = setting(
        90, "What was so near to this hour, a day or a week ago, shows what is usual then."
    )
    compared_hours: int = setting(
        26, "A snapshot is held against all of so long, so that small losses are seen together."
    )
    silent_hours: int = setting(
        6,
        "Longer than this after the last message no time counts in which patients may have gone: the"
        " publisher's clock may be ahead.",
    )
    kept_days: int = setting(8, "What snapshots looked like is kept so long, for comparison.")
    believe_publisher_release: bool = setting(
        False,
        "A laptop believes what a person released at the publisher: fewer questions on wards, and"
        " one who took the publisher over is believed as well.",
    )


@dataclass(frozen=True, slots=True)
class MonitoringSettings:
    silent_minutes: int = setting(
        120, "A machine of which nothing was heard for so long is shown as silent."
    )
    heartbeat_minutes: int = setting(
        10, "A machine leaves word of itself at its places no more often than this."
    )
    heartbeats_at_once: int = setting(
        100, "So many machines' heartbeats are fetched from a place in one run, in turn."
    )
    disk_warning_mb: int = setting(
        2_000, "A machine with less space than this left on its disk is shown as in trouble."
    )
    battery_warning_percent: int = setting(
        25, "A machine whose battery holds less, and which is not charging, is shown as in trouble."
    )
    printer_seconds: float = setting(5.0, "The print queue has so long to say how it does.")
    metrics_token_sha256: str = setting(
        "",
        "SHA-256 (hex) of the bearer token with which /metrics is read, from this computer too;"
        " empty for this computer only, and for nobody else.",
    )
    syslog: str = setting(
        "", "Where security events are sent: udp://HOST:514 or unix:/dev/log; empty for nowhere."
    )


@dataclass(frozen=True, slots=True)
class SyncSettings:
    station: str = setting("", "Device code of the records station; empty when only one is known.")
    folder: str = setting(
        "", "Folder that carries bundles of laptops to the records station; empty for none."
    )
    max_bundle_bytes: int = setting(536_870_912, "Largest bundle of a laptop that is taken.")
    due_hours: int = setting(24, "What is assigned to somebody is due after so long.")
    check_in_hours: int = setting(12, "Booked papers are counted over so long.")
