"""Wards of the hospital, what kind each is, whom it takes in and who leads its teams."""

from typing import NamedTuple

from downtime.demo.data.words import words


class Kind(NamedTuple):
    """A kind of ward: ages in years, sex (M, F or both), longest stay in hours, how people come."""

    ages: tuple[float, float]
    sexes: str
    stay_hours: tuple[int, int]
    emergency: float
    """Share of patients who came through the emergency department and the AMU."""
    reasons: tuple[str, ...]
    """Keys of `reasons.REASONS`."""


class WardRow(NamedTuple):
    code: str
    name: str
    kind: str
    specialty: str


KINDS: dict[str, Kind] = {
    "acute": Kind(
        (18, 96),
        "MF",
        (3, 60),
        1.0,
        words(
            "pneumonia sepsis aki heart-failure acs fall dka gi-bleed pe overdose cellulitis "
            "seizure asthma urinary hepatic"
        ),
    ),
    "elderly": Kind(
        (74, 102),
        "MF",
        (30, 700),
        0.95,
        words("fall pneumonia delirium urinary heart-failure frailty aki stroke"),
    ),
    "medical": Kind(
        (22, 92),
        "MF",
        (30, 320),
        0.9,
        words("pneumonia copd heart-failure hepatic gi-bleed aki cellulitis sepsis dka"),
    ),
    "cardiac": Kind((38, 90), "MF", (20, 200), 0.8, ("acs", "heart-failure", "arrhythmia")),
    "stroke": Kind((45, 95), "MF", (30, 500), 0.95, ("stroke", "stroke", "seizure")),
    "renal": Kind((25, 88), "MF", (24, 300), 0.6, ("aki", "dialysis", "urinary")),
    "haematology": Kind((19, 84), "MF", (48, 600), 0.3, ("neutropenia", "leukaemia")),
    "surgical": Kind(
        (18, 88),
        "MF",
        (10, 190),
        0.5,
        words("appendicitis cholecystitis bowel-resection hernia obstruction pancreatitis abscess"),
    ),
    "orthopaedic": Kind((20, 96), "MF", (14, 240), 0.6, ("hip-fracture", "knee", "wrist", "hip")),
    "urology": Kind((30, 88), "MF", (8, 120), 0.4, ("prostate", "stone", "urinary")),
    "gynaecology": Kind((18, 82), "F", (6, 90), 0.4, ("hysterectomy", "ovarian", "miscarriage")),
    "maternity": Kind(
        (17, 45),
        "F",
        (5, 96),
        0.0,
        ("postnatal", "caesarean", "pre-eclampsia", "antenatal", "induction"),
    ),
    "children": Kind(
        (0.2, 16), "MF", (5, 110), 0.0, ("bronchiolitis", "child-fever", "child-asthma")
    ),
    "neonatal": Kind((0.01, 0.15), "MF", (10, 900), 0.0, ("premature", "jaundice")),
    "critical": Kind((19, 86), "MF", (12, 300), 0.8, ("sepsis", "pneumonia", "pancreatitis")),
}

ASSESSMENT = "AMU"
"""Ward on which emergencies are assessed before they move on."""

SMALL: tuple[WardRow, ...] = (
    WardRow("AMU", "Acute Medical Unit", "acute", "GIM"),
    WardRow("WIL", "Willow Ward (Care of the Elderly)", "elderly", "ELD"),
    WardRow("ASH", "Ash Ward (General Surgery)", "surgical", "SUR"),
    WardRow("ROW", "Rowan Ward (Maternity)", "maternity", "OBS"),
)

LARGE: tuple[WardRow, ...] = (
    *SMALL,
    WardRow("AM2", "Acute Medical Unit 2", "acute", "GIM"),
    WardRow("SSU", "Short Stay Unit", "acute", "GIM"),
    WardRow("EDO", "Emergency Department Observation", "acute", "EME"),
    WardRow("BEE", "Beech Ward (Care of the Elderly)", "elderly", "ELD"),
    WardRow("LIN", "Linden Ward (Care of the Elderly)", "elderly", "ELD"),
    WardRow("HAZ", "Hazel Ward (Frailty)", "elderly", "ELD"),
    WardRow("ALD", "Alder Ward (Rehabilitation)", "elderly", "ELD"),
    WardRow("OAK", "Oak Ward (Respiratory)", "medical", "RES"),
    WardRow("ELM", "Elm Ward (Respiratory)", "medical", "RES"),
    WardRow("MAP", "Maple Ward (Gastroenterology)", "medical", "GAS"),
    WardRow("LAR", "Larch Ward (Diabetes and Endocrine)", "medical", "END"),
    WardRow("YEW", "Yew Ward (General Medicine)", "medical", "GIM"),
    WardRow("HOL", "Holly Ward (General Medicine)", "medical", "GIM"),
    WardRow("IVY", "Ivy Ward (Infectious Diseases)", "medical", "INF"),
    WardRow("NEU", "Juniper Ward (Neurology)", "stroke", "NEU"),
    WardRow("STR", "Hyper-acute Stroke Unit", "stroke", "STR"),
    WardRow("CCU", "Coronary Care Unit", "cardiac", "CAR"),
    WardRow("CED", "Cedar Ward (Cardiology)", "cardiac", "CAR"),
    WardRow("REN", "Laurel Ward (Renal)", "renal", "NEP"),
    WardRow("HAE", "Magnolia Ward (Haematology)", "haematology", "HAE"),
    WardRow("ONC", "Myrtle Ward (Oncology)", "haematology", "ONC"),
    WardRow("PIN", "Pine Ward (Upper GI Surgery)", "surgical", "SUR"),
    WardRow("POP", "Poplar Ward (Colorectal)", "surgical", "SUR"),
    WardRow("SPR", "Spruce Ward (Vascular)", "surgical", "VAS"),
    WardRow("BIR", "Birch Ward (Surgical Assessment)", "surgical", "SUR"),
    WardRow("SYC", "Sycamore Ward (Ear, Nose and Throat)", "surgical", "ENT"),
    WardRow("FIR", "Fir Ward (Trauma)", "orthopaedic", "ORT"),
    WardRow("HAW", "Hawthorn Ward (Orthopaedics)", "orthopaedic", "ORT"),
    WardRow("BLA", "Blackthorn Ward (Hip Fracture)", "orthopaedic", "ORT"),
    WardRow("CHE", "Cherry Ward (Urology)", "urology", "URO"),
    WardRow("PLU", "Plum Ward (Gynaecology)", "gynaecology", "GYN"),
    WardRow("ANT", "Antenatal Ward", "maternity", "OBS"),
    WardRow("CH1", "Acorn Ward (Children)", "children", "PAE"),
    WardRow("CH2", "Conker Ward (Children)", "children", "PAE"),
    WardRow("NNU", "Neonatal Unit", "neonatal", "PAE"),
    WardRow("ITU", "Intensive Care Unit", "critical", "ICM"),
)

SPECIALTIES: dict[str, tuple[str, str]] = {
    "GIM": ("300", "General Internal Medicine"),
    "EME": ("180", "Emergency Medicine"),
    "ELD": ("430", "Elderly Medicine"),
    "RES": ("340", "Respiratory Medicine"),
    "GAS": ("301", "Gastroenterology"),
    "END": ("302", "Endocrinology and Diabetes"),
    "INF": ("350", "Infectious Diseases"),
    "NEU": ("400", "Neurology"),
    "STR": ("328", "Stroke Medicine"),
    "CAR": ("320", "Cardiology"),
    "NEP": ("361", "Renal Medicine"),
    "HAE": ("303", "Clinical Haematology"),
    "ONC": ("370", "Medical Oncology"),
    "SUR": ("100", "General Surgery"),
    "VAS": ("107", "Vascular Surgery"),
    "ENT": ("120", "Ear Nose and Throat"),
    "ORT": ("110", "Trauma and Orthopaedics"),
    "URO": ("101", "Urology"),
    "GYN": ("502", "Gynaecology"),
    "OBS": ("501", "Obstetrics"),
    "PAE": ("420", "Paediatrics"),
    "ICM": ("192", "Intensive Care Medicine"),
    "DER": ("330", "Dermatology"),
    "OPH": ("130", "Ophthalmology"),
    "RHE": ("410", "Rheumatology"),
}
"""Short code → NHS main specialty or treatment function code, and its name."""

CONSULTANT_NAMES: tuple[tuple[str, str, str], ...] = (
    ("Okonkwo", "Adaeze", "Dr"),
    ("Fairbairn", "Alistair", "Dr"),
    ("Raghunathan", "Meera", "Dr"),
    ("O'Hanlon", "Declan", "Mr"),
    ("Petrov-Hughes", "Natalia", "Miss"),
    ("Ali", "Yasmin", "Dr"),
    ("Llywelyn", "Geraint", "Mr"),
    ("Sørensen", "Kirsten", "Dr"),
    ("Bhattacharya", "Anirban", "Dr"),
    ("Musgrave", "Philippa", "Mrs"),
    ("Chukwu", "Ifeanyi", "Dr"),
    ("Trevithick", "Jowan", "Mr"),
    ("Zhao", "Lin", "Dr"),
    ("El-Amin", "Samira", "Dr"),
    ("MacPherson", "Catriona", "Dr"),
    ("Gutiérrez", "Pilar", "Ms"),
)
