"""Settings of what counts as plausible when paper is keyed; limits of values stand in a table of their own."""

from dataclasses import dataclass

from downtime.setting_fields import setting


@dataclass(frozen=True, slots=True)
class PlausibilitySettings:
    outage_margin_hours: float = setting(
        2.0, "What a form says happened this long before or after the outage is not asked about."
    )
    issue_margin_hours: float = setting(
        12.0, "What happened this long before its form was printed is not asked about."
    )
    admission_margin_hours: float = setting(
        24.0, "A time longer before the patient's admission than this is refused."
    )
    days_before_outage: int = setting(366, "A time longer before the outage than this is refused.")
    wanted_days: int = setting(7, "What is wanted later than this after the outage is asked about.")
    rebooked_days: int = setting(
        366, "A new appointment later than this after the outage is asked about."
    )
    discharge_margin_minutes: int = setting(
        30, "What happened this long after the patient left is not asked about."
    )
    dose_factor: float = setting(
        10.0, "A dose this many times the one ordered or given last, or its part, is asked about."
    )
    dose_interval_share: float = setting(
        0.5, "A dose sooner after the last than this share of its interval is asked about."
    )
    weight_change_percent: float = setting(
        10.0, "A weight that differs more than this from the last one written is asked about."
    )
    census_change_percent: float = setting(
        20.0, "A count that differs more than this from the snapshot's is asked about."
    )
    wards: tuple[str, ...] = setting(
        (), "Wards that forms may name beside those of the snapshot, such as one opened meanwhile."
    )
