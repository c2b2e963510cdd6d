"""Outpatient clinics and operating theatres: when they sit and what is booked into them."""

from typing import NamedTuple


class ClinicRow(NamedTuple):
    """A clinic: whom it sees (ages in years) and what for."""

    code: str
    name: str
    specialty: str
    ages: tuple[int, int]
    sexes: str
    reasons: tuple[str, ...]


CLINICS: tuple[ClinicRow, ...] = (
    ClinicRow(
        "CARD", "Cardiology", "CAR", (30, 90), "MF", ("Heart failure review", "Palpitations")
    ),
    ClinicRow("RESP", "Respiratory", "RES", (25, 88), "MF", ("COPD review", "2WW lung")),
    ClinicRow("DIAB", "Diabetes", "END", (18, 85), "MF", ("Annual review", "Insulin pump")),
    ClinicRow(
        "ANC", "Antenatal", "OBS", (17, 45), "F", ("28 week visit", "Booking visit", "Growth scan")
    ),
    ClinicRow("FRAC", "Fracture", "ORT", (5, 92), "MF", ("New fracture", "Plaster check")),
    ClinicRow(
        "SURG",
        "General surgery",
        "SUR",
        (18, 85),
        "MF",
        ("Post-op check", "Hernia", "2WW colorectal"),
    ),
    ClinicRow("CHIL", "Children's", "PAE", (0, 15), "MF", ("Asthma review", "Growth")),
    ClinicRow("FRAI", "Frailty and falls", "ELD", (72, 99), "MF", ("Falls assessment", "Memory")),
    ClinicRow("DERM", "Dermatology", "DER", (4, 90), "MF", ("2WW skin", "Eczema")),
    ClinicRow("EYE", "Eye", "OPH", (8, 94), "MF", ("Glaucoma review", "Intravitreal injection")),
    ClinicRow(
        "RHEU", "Rheumatology", "RHE", (18, 88), "MF", ("Biologics review", "New joint pain")
    ),
    ClinicRow("GAST", "Gastroenterology", "GAS", (17, 86), "MF", ("IBD review", "Dyspepsia")),
    ClinicRow("NEUR", "Neurology", "NEU", (16, 88), "MF", ("Headache", "Epilepsy review")),
    ClinicRow("URO", "Urology", "URO", (20, 90), "MF", ("Raised PSA", "Haematuria")),
    ClinicRow(
        "GYNA", "Gynaecology", "GYN", (18, 80), "F", ("Colposcopy", "2WW postmenopausal bleed")
    ),
    ClinicRow("HAEM", "Haematology", "HAE", (20, 88), "MF", ("Anticoagulation", "Myeloma review")),
    ClinicRow("ONCO", "Oncology", "ONC", (25, 88), "MF", ("Chemotherapy cycle 3", "Surveillance")),
    ClinicRow("REN", "Renal", "NEP", (20, 88), "MF", ("CKD 4 review", "Transplant follow-up")),
    ClinicRow(
        "ENT", "Ear, nose and throat", "ENT", (3, 88), "MF", ("Hearing loss", "Hoarse voice")
    ),
    ClinicRow("VASC", "Vascular", "VAS", (45, 90), "MF", ("Claudication", "AAA surveillance")),
)
SMALL_CLINICS = 8
"""The small hospital has the first so many; the large one has all, several rooms each."""

THEATRES: tuple[tuple[str, str], ...] = (
    ("Theatre 1 (General surgery)", "SUR"),
    ("Theatre 2 (Orthopaedics)", "ORT"),
    ("Theatre 3 (Gynaecology)", "GYN"),
    ("Theatre 4 (Urology)", "URO"),
    ("Theatre 5 (Vascular)", "VAS"),
    ("Theatre 6 (ENT)", "ENT"),
    ("Day Surgery 1", "SUR"),
    ("Emergency Theatre", "SUR"),
)
SMALL_THEATRES = 3

OPERATIONS: dict[str, tuple[tuple[str, int], ...]] = {
    "SUR": (
        ("Laparoscopic cholecystectomy", 90),
        ("Inguinal hernia repair (mesh), left", 60),
        ("Laparoscopic right hemicolectomy", 180),
        ("Examination under anaesthesia + drainage of perianal abscess", 40),
    ),
    "ORT": (
        ("Total knee replacement, right", 110),
        ("Hip hemiarthroplasty, left", 90),
        ("ORIF distal radius, right", 75),
    ),
    "GYN": (("Hysteroscopy", 30), ("Total abdominal hysterectomy ± BSO", 120)),
    "URO": (("TURP", 60), ("Ureteroscopy & laser to stone", 60)),
    "VAS": (("Carotid endarterectomy, left", 120), ("Below knee amputation, right", 90)),
    "ENT": (("Tonsillectomy", 40), ("Functional endoscopic sinus surgery", 70)),
}
"""Procedures and their minutes."""
