"""Every setting of a home, with its default and the one line that documents it."""

from dataclasses import dataclass
from typing import Any

from downtime.access_settings import BreakGlassSettings, TlsSettings, WebSettings
from downtime.fleet_settings import (
    ChurnSettings,
    FleetSettings,
    MonitoringSettings,
    SyncSettings,
)
from downtime.outage_settings import (
    EnduranceSettings,
    EventsSettings,
    ReadinessSettings,
    ShelfSettings,
)
from downtime.paper_settings import PaperSettings, PrintingSettings
from downtime.plausibility_settings import PlausibilitySettings
from downtime.setting_fields import setting


@dataclass(frozen=True, slots=True)
class SiteSettings:
    name: str = setting("Demonstration Hospital", "Name of the hospital, on every screen and page.")
    code: str = setting("DEMO", "Short code of the hospital (ODS code in the NHS), in bundles.")
    time_zone: str = setting("Europe/London", "Time zone in which times are shown and keyed.")
    mrn_authority: str = setting("DEMO", "Assigning authority of the hospital number in PID-3.")
    mrn_system: str = setting(
        "", "FHIR identifier system of the hospital number, when it does not end in the authority."
    )
    mrn_name: str = setting("Hospital No.", "What the hospital calls its own patient number.")
    ward_specialties: dict[str, tuple[str, ...]] = setting(
        {},
        "Ward code to the specialties, as the PAS names them, whose patients it takes: anybody else there"
        " is marked as a boarder.",
    )
    gs1_prefix: str = setting(
        "", "GS1 company prefix (7 digits) of NHS numbers in wristband codes (DCB1077)."
    )


@dataclass(frozen=True, slots=True)
class SystemsSettings:
    names: tuple[str, ...] = setting(
        ("PAS", "EPR", "LIMS", "Radiology", "Theatres"),
        "Systems that can fail one by one, in the order shown.",
    )
    applications: dict[str, str] = setting({}, "Sending application (MSH-3) to system name.")
    records: dict[str, str] = setting(
        {},
        "Type of record to the system that holds it when its feed does not say which; docs/feeds.md"
        " names the usual ones.",
    )
    holders: dict[str, tuple[str, ...]] = setting(
        {},
        "Type of record to every system that holds some of it: one that sent none is shown as"
        " unavailable. Usual: requests and results LIMS and Radiology, appointments PAS and Theatres.",
    )


@dataclass(frozen=True, slots=True)
class FeedsSettings:
    time_zone: str = setting("Europe/London", "Time zone of feed times that carry none.")
    max_message_bytes: int = setting(
        33_554_432, "Largest single message, resource or table that is read."
    )
    max_message_lines: int = setting(
        100_000, "Most lines (segments) of one HL7 message that is read; a file may hold more."
    )
    max_file_bytes: int = setting(2_147_483_648, "Largest feed file that is read.")
    max_workbook_bytes: int = setting(268_435_456, "Largest workbook once unpacked.")
    max_unusable_rows_percent: int = setting(
        10, "A full list of which more rows cannot be used is held in quarantine."
    )
    max_json_depth: int = setting(64, "Deepest nesting of a FHIR resource that is read.")
    worker_memory_bytes: int = setting(1_073_741_824, "Memory of the child that opens a workbook.")
    worker_seconds: int = setting(60, "Time limit of the child that opens a workbook.")
    list_loss_percent: int = setting(
        50, "A full list that lacks more than this share of what is known is put in quarantine."
    )
    list_ward_patients: int = setting(
        3, "A full list that lacks a whole ward of so many patients is put in quarantine."
    )
    list_mismatch_percent: int = setting(
        20,
        "A full list is put in quarantine when more than this share of its known numbers stand beside"
        " other people than they were sent for.",
    )
    placeholder_numbers: tuple[str, ...] = setting(
        ("UNKNOWN", "UNK", "NOT KNOWN", "NK", "N/A", "NONE", "N0NE", "NIL", "NULL", "NEW", "TBC")
        + ("TBA", "TBD", "TEMP", "PENDING", "NO NUMBER", "NO MRN", "X", "XX", "XXX", "XXXX"),
        "Words that stand where a number is not known; zeros and nines alone are none either.",
    )
    tables: dict[str, Any] = setting(
        {}, "Mappings of tables (CSV, XLSX, XLS, ODS), one for each file name."
    )
    profiles: dict[str, Any] = setting(
        {}, "What is known of each source, one table a source; docs/feeds.md lists the keys."
    )


@dataclass(frozen=True, slots=True)
class IngestSettings:
    retention_days: int = setting(
        35, "Received messages are kept this many days, to be looked at and to be read again."
    )
    gap_days: int = setting(
        7,
        "Of a time in which nothing came, so many days count for the retention: a clock that jumps"
        " ahead removes nothing.",
    )
    sources: dict[str, Any] = setting(
        {}, "Where messages come from, one table a source; docs/sources.md lists the keys."
    )
    retry_first_seconds: float = setting(
        5.0, "A source that failed is tried again after this long; doubled each time."
    )
    retry_cap_seconds: float = setting(300.0, "Longest wait before a source is tried again.")
    poll_seconds: float = setting(
        1800.0, "A source that is asked and has not finished after this long has failed."
    )
    health_seconds: float = setting(5.0, "How the sources do is noted this often.")


@dataclass(frozen=True, slots=True)
class SnapshotSettings:
    fresh_minutes: int = setting(30, "Data up to this age is shown as fresh.")
    stale_minutes: int = setting(240, "Data older than this is shown as stale and warned about.")
    expires_hours: int = setting(48, "A bundle older than this is marked expired; it still opens.")
    max_bundle_bytes: int = setting(536_870_912, "Largest bundle that is read.")
    max_unpacked_bytes: int = setting(
        2_147_483_648, "A bundle that is larger than this when it is unpacked is refused."
    )
    keep: int = setting(14, "Opened snapshots that are kept; pinned ones are never removed.")
    max_sequence_jump: int = setting(300_000, "A bundle whose number jumps further is refused.")
    result_days: int = setting(30, "Results and finished requests of this many days are carried.")
    long_stay_days: int = setting(365, "A stay without an end for longer is counted as doubtful.")
    specimen_days: int = setting(
        3, "A report's number with specimens further apart was used for two of them."
    )
    named_place_hours: int = setting(
        24, "Where a result or order says a patient lies is believed so long, without an admission."
    )
    appointment_days_back: int = setting(2, "Appointments this many days back are carried.")
    appointment_days_ahead: int = setting(60, "Appointments this many days ahead are carried.")


@dataclass(frozen=True, slots=True)
class AccountsSettings:
    idle_lock_minutes: int = setting(5, "A screen without use is locked after this long.")
    session_hours: int = setting(12, "A sign-in ends after this long whatever happens.")
    password_min_length: int = setting(12, "Shortest password that is accepted.")
    failures_before_delay: int = setting(3, "Failed sign-ins before the next has to wait.")
    delay_cap_seconds: int = setting(300, "Longest wait after failed sign-ins.")
    sign_ins_waiting: int = setting(
        3, "Sign-ins that wait while another's password is tried; more are asked to try again."
    )
    pin_length: int = setting(6, "Shortest PIN with which one's own locked screen is opened.")
    pin_tries: int = setting(3, "Wrong PINs in a row after which the password is asked for again.")
    ward_scopes: dict[str, tuple[str, ...]] = setting(
        {},
        "User name to the codes of the wards whose patients this person sees, records and prints; who is"
        " not named sees all (docs/break-glass.md#wards-of-ones-own).",
    )
    argon2_memory_kib: int = setting(65_536, "Memory of the password derivation.")
    argon2_time_cost: int = setting(3, "Passes of the password derivation.")
    argon2_parallelism: int = setting(4, "Lanes of the password derivation.")


@dataclass(frozen=True, slots=True)
class VaultSettings:
    checkpoint_entries: int = setting(100, "The audit chain is signed after this many entries.")
    checkpoint_minutes: int = setting(10, "The audit chain is signed after this long, if it grew.")
    clock_back_minutes: int = setting(
        5, "A clock that was set back further than this is named on the statement of the outage."
    )
    backups_kept: int = setting(
        3, "So many copies of the vault, made before it was brought up to a version, are kept."
    )


@dataclass(frozen=True, slots=True)
class EntrySettings:
    idle_minutes: int = setting(
        15, "A form on somebody's screen is free for others after this long without a change."
    )
    policies: dict[str, Any] = setting(
        {},
        "How a form is keyed, by its name: `full`, `part` or `scan`, instead of its file's word.",
    )
    sample_percent: float = setting(
        10.0, "Entries of each form of which another person keys other fields again, unseen."
    )
    sample_fields: int = setting(
        8, "Fields of such an entry that are keyed again, beside the critical ones."
    )
    max_error_percent: float = setting(
        2.0, "While more wrong fields than this are possible (95 %), every entry is keyed again."
    )
    error_window_forms: int = setting(
        200,
        "The error of a form's fields is estimated from so many of its last entries keyed again.",
    )
    second_reading: tuple[str, ...] = setting(
        (),
        "What the scanner reads that counts as a field's second keying: `ticks`, `empty` (no ink).",
    )
    max_reading_error_percent: float = setting(
        0.5, "It counts while no more of what it reads can be wrong (95 %, beside two people)."
    )
    scan_max_bytes: int = setting(
        33_554_432, "Largest scanned form (PDF, PNG, JPEG) that is taken."
    )
    scan_memory_bytes: int = setting(
        1_073_741_824, "Memory of the child that opens a scanned form."
    )
    scan_seconds: int = setting(60, "Time limit of the child that opens a scanned form.")
    keep_original_scans: bool = setting(
        False,
        "Keep scanned pages also as they were read, about 200 kB each, once they are made small (60 kB).",
    )
    scanner_seconds: float = setting(
        120.0, "A scanner that sends nothing for so long is given up, warming up included."
    )


@dataclass(frozen=True, slots=True)
class ReconcileSettings:
    result_match_hours: int = setting(
        24, "A phoned result and a LIMS result this close are the same test."
    )
    request_match_hours: int = setting(
        12, "A paper request and a system request this close are the same request."
    )
    observation_match_minutes: int = setting(
        5, "A charted observation and a live one this close are the same measurement."
    )
    admission_match_hours: int = setting(
        24, "A paper admission and a stay that began this close are the same stay."
    )
    discharge_match_hours: int = setting(
        24, "A paper discharge and one of the system this close are the same."
    )
    forms_at_once: int = setting(
        2000,
        "Forms that a comparison reads and writes together: more is faster, fewer let others in.",
    )
    dose_match_minutes: int = setting(
        30, "A dose on paper and one in the system this close are the same dose."
    )
    twice_sample_minutes: int = setting(
        30, "One test on two forms, its samples taken this close, is left to a person as one."
    )
    twice_asked_minutes: int = setting(
        120, "The same where a form does not say when the sample was taken: asked for this close."
    )
    twice_dose_minutes: int = setting(
        15, "One medicine on two forms, given this close, is left to a person as one dose."
    )
    twice_movement_minutes: int = setting(
        120, "One admission, transfer or discharge on two forms, this close, is one."
    )
    medicine_names: dict[str, str] = setting(
        {},
        "Other names of medicines here, each with its ingredients: two people say if they are one.",
    )
    repeated_tests: tuple[str, ...] = setting(
        ("BC", "Blood culture", "GS", "Group and save"),
        "Tests, by code or name, that are rightly asked for twice at a time: never one.",
    )
    unit_forms: tuple[str, ...] = setting(
        ("emergency-blood-log", "transfusion-record", "blood-unit-fate"),
        "Forms that name one unit of blood, in the order in which it passes through them.",
    )
    unit_record: str = setting(
        "transfusion-record", "The form of these that is returned; without it, the last of them."
    )
    unit_slip_minutes: int = setting(
        60, "By this much a unit may be taken, given and accounted for in the wrong order on paper."
    )
    blood_components: dict[str, str] = setting(
        {
            "red-cells": "red cells, red cell, red blood cells, RBC, RCC, packed cells, SAGM",
            "platelets": "platelets, platelet, plts, plt",
            "plasma": "plasma, FFP",
            "cryoprecipitate": "cryoprecipitate, cryo",
            "granulocytes": "granulocytes, granulocyte",
            "whole-blood": "whole blood",
        },
        "Components of a donation and the words for each on paper and in systems: two are two units.",
    )
    appointment_match_minutes: int = setting(
        5, "An appointment on paper and one in the system this close are the same."
    )
    exact_links_by_one: bool = setting(
        False, "A link by exact number and date of birth holds once one person confirms it."
    )
    urgent_forms: tuple[str, ...] = setting(
        (), "Forms whose unknown person is settled first, in order, instead of their files' word."
    )
    bulk_items_shown: int = setting(
        40, "Items that a decision in bulk shows with their values, and decides, at a time."
    )
    candidates_shown: int = setting(8, "Patients offered at most for one person on paper.")
    same_ward_hours: int = setting(
        24, "A stay that began this close to the paper is on the same ward at that time."
    )
    harm_late_minutes: int = setting(
        240, "A test answered later than this after it was asked for is late in the harm review."
    )
    harm_seen_fields: tuple[str, ...] = setting(
        ("Told, date and time",),
        "Fields of forms, by their printed words, that say when a clinician was told a result.",
    )


@dataclass(frozen=True, slots=True)
class ReturnsSettings:
    hl7_version: str = setting("2.4", "HL7 version of returned messages.")
    sending_application: str = setting("DOWNTIME", "MSH-3 of returned messages.")
    order_message: str = setting("OML^O21", "Message that returns a request: OML^O21 or ORM^O01.")
    receiving_facility: str = setting("", "MSH-6 of returned messages; empty for the site's code.")
    page_keep_days: int = setting(
        2_922,
        "Pictures of scanned pages may be destroyed so long after the last signature of a complete statement.",
    )
    retry_first_seconds: float = setting(
        2.0, "A message that got no answer is sent again after this long; doubled each time."
    )
    retry_cap_seconds: float = setting(300.0, "Longest wait before a message is sent again.")
    tries: int = setting(3, "A single sending gives a receiver up after so many failures in a row.")
    watch_seconds: float = setting(
        5.0, "A sending that goes on by itself looks for new decisions this often."
    )
    targets: dict[str, Any] = setting(
        {}, "How to send to each system, by its name; docs/returns.md lists the keys."
    )
    sign_with_code: bool = setting(
        False, "Whoever signs a statement gives a one-time code beside their password."
    )
    safety_leads: tuple[str, ...] = setting(
        (),
        "User names of those who may sign as clinical safety lead; empty for any of the site team.",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a home, as read from its `config.toml`."""

    site: SiteSettings = SiteSettings()
    systems: SystemsSettings = SystemsSettings()
    feeds: FeedsSettings = FeedsSettings()
    ingest: IngestSettings = IngestSettings()
    snapshot: SnapshotSettings = SnapshotSettings()
    fleet: FleetSettings = FleetSettings()
    churn: ChurnSettings = ChurnSettings()
    vault: VaultSettings = VaultSettings()
    accounts: AccountsSettings = AccountsSettings()
    break_glass: BreakGlassSettings = BreakGlassSettings()
    events: EventsSettings = EventsSettings()
    readiness: ReadinessSettings = ReadinessSettings()
    endurance: EnduranceSettings = EnduranceSettings()
    shelf: ShelfSettings = ShelfSettings()
    paper: PaperSettings = PaperSettings()
    printing: PrintingSettings = PrintingSettings()
    entry: EntrySettings = EntrySettings()
    plausibility: PlausibilitySettings = PlausibilitySettings()
    sync: SyncSettings = SyncSettings()
    reconcile: ReconcileSettings = ReconcileSettings()
    returns: ReturnsSettings = ReturnsSettings()
    web: WebSettings = WebSettings()
    tls: TlsSettings = TlsSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
