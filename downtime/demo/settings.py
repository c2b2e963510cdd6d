"""The part of `config.toml` that a home of the demonstration hospital needs."""

_NAMES = {"small": "Fairwater General Hospital", "large": "Fairwater University Hospital"}

_TEXT = """\
[site]
name = "{name}"
code = "DEMO"
mrn_authority = "DEMO"
mrn_system = "https://hospital.example/id/DEMO"

[paper.ward_types]
ROW = "maternity"
EDO = "emergency"

[systems.applications]
RIS = "Radiology"

[feeds.tables.theatre-list]
match = "theatre*.xlsx"
record = "Appointment"
source = "Theatres"
full = true
constants = {{ kind = "theatre" }}
values = {{ status = {{ Planned = "booked", Done = "fulfilled", Cancelled = "cancelled" }} }}

[feeds.tables.theatre-list.columns]
"Date" = "start.date"
"Time" = "start.time"
"Theatre" = "location"
"Order" = "position"
"Hospital No" = "patient.mrn"
"NHS No" = "patient.nhs"
"Surname" = "patient.family"
"Forename" = "patient.given"
"DOB" = "patient.birth_date"
"Sex" = "patient.gender"
"Procedure" = "description"
"Surgeon" = "practitioner"
"Specialty" = "specialty"
"Minutes" = "minutes"
"Status" = "status"
"Remarks" = "note"
"List made" = "as_at"

[feeds.tables.ward-list]
match = "ward-list*.csv"
record = "Encounter"
source = "PAS"
constants = {{ status = "in-progress", kind = "inpatient" }}

[feeds.tables.ward-list.columns]
"Ward" = "ward"
"Bay" = "bay"
"Bed" = "bed"
"Hospital No" = "patient.mrn"
"NHS No" = "patient.nhs"
"Surname" = "patient.family"
"Forename" = "patient.given"
"DOB" = "patient.birth_date"
"Sex" = "patient.gender"
"Visit" = "visit_number"
"Consultant" = "consultant"
"Specialty" = "specialty"
"Admitted" = "started"
"Reason" = "reason"
"Extracted" = "as_at"

[feeds.tables.empty-beds]
match = "empty-beds*.csv"
record = "Location"
source = "PAS"
full = true

[feeds.tables.empty-beds.columns]
"Ward" = "ward"
"Ward name" = "ward_name"
"Bay" = "bay"
"Bed" = "bed"
"Status" = "status"
"Remarks" = "note"
"Extracted" = "as_at"
"""


def settings_text(size: str) -> str:
    """The site, the applications and the table mappings, as TOML; `size` is small or large."""
    return _TEXT.format(name=_NAMES[size])
