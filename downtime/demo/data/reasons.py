"""Why people are in hospital, and what that does to their blood tests, scans and medicines."""

from typing import NamedTuple


class Reason(NamedTuple):
    """A reason for a stay: what is written, which values it shifts, what is asked for."""

    texts: tuple[str, ...]
    shifts: dict[str, tuple[float, float]]
    """Analyte code → range of this patient's usual value during the stay."""
    panels: tuple[str, ...]
    """Blood and microbiology panels asked for again and again."""
    scans: tuple[str, ...]
    """Radiology examinations."""
    medicines: tuple[str, ...]
    """Keys of `medicines.SETS`."""


_MEDICAL = ("UE", "FBC", "CRP")
_INFECTION = {"CRP": (85.0, 310.0), "WBC": (12.0, 23.0), "LAC": (1.1, 3.2)}

REASONS: dict[str, Reason] = {
    "pneumonia": Reason(
        (
            "Community acquired pneumonia",
            "Right lower lobe pneumonia",
            "Hospital acquired pneumonia",
        ),
        {**_INFECTION, "UREA": (6.5, 14.0), "ALB": (25, 34)},
        (*_MEDICAL, "LFT", "LACT", "BC"),
        ("XCHES",),
        ("cardiac", "infection"),
    ),
    "sepsis": Reason(
        ("Sepsis, source unclear", "Urosepsis", "Biliary sepsis"),
        {
            "CRP": (160, 380),
            "WBC": (15, 29),
            "LAC": (2.4, 6.8),
            "CREA": (115, 240),
            "UREA": (9, 18),
            "PLT": (85, 160),
            "ALB": (20, 29),
        },
        (*_MEDICAL, "LFT", "LACT", "COAG", "BC", "UMCS"),
        ("XCHES", "CABPE"),
        ("infection",),
    ),
    "aki": Reason(
        ("Acute kidney injury", "AKI stage 3, hyperkalaemia", "Dehydration with AKI"),
        {"UREA": (18, 36), "CREA": (230, 560), "K": (5.1, 6.4), "HCO3": (13, 20)},
        (*_MEDICAL, "BONE", "UMCS"),
        ("UKIDN",),
        ("cardiac",),
    ),
    "dialysis": Reason(
        ("Fistula complication, on haemodialysis", "Peritoneal dialysis peritonitis"),
        {
            "UREA": (16, 30),
            "CREA": (420, 890),
            "HB": (88, 112),
            "PHOS": (1.5, 2.3),
            "K": (4.6, 6.0),
        },
        (*_MEDICAL, "BONE", "GS"),
        ("UKIDN",),
        ("cardiac",),
    ),
    "heart-failure": Reason(
        ("Decompensated heart failure", "Pulmonary oedema"),
        {"UREA": (9, 17), "CREA": (105, 170), "NA": (126, 134), "TROP": (12, 60)},
        ("UE", "FBC", "LFT", "TROP", "MG"),
        ("XCHES", "ECHO"),
        ("cardiac", "failure"),
    ),
    "acs": Reason(
        ("NSTEMI", "Chest pain ?ACS", "Inferior STEMI, post PCI"),
        {"TROP": (90, 4200), "GLUC": (6, 11)},
        ("UE", "FBC", "TROP", "COAG"),
        ("XCHES", "ECHO"),
        ("cardiac", "acs"),
    ),
    "arrhythmia": Reason(
        ("Fast atrial fibrillation", "Complete heart block awaiting pacemaker"),
        {"TROP": (10, 55), "MG": (0.6, 0.9)},
        ("UE", "FBC", "TROP", "MG", "TFT", "COAG"),
        ("XCHES", "ECHO"),
        ("cardiac", "warfarin"),
    ),
    "fall": Reason(
        ("Fall, long lie", "Recurrent falls", "Fall with head injury"),
        {"CK": (600, 7200), "NA": (127, 135), "HB": (98, 126), "UREA": (7, 14)},
        (*_MEDICAL, "BONE", "CK", "UMCS"),
        ("CHEAD", "XPELV"),
        ("frail",),
    ),
    "delirium": Reason(
        ("Acute confusion", "Delirium on dementia"),
        {"NA": (124, 132), "CRP": (12, 95), "HB": (100, 128)},
        (*_MEDICAL, "BONE", "TFT", "B12F", "UMCS"),
        ("CHEAD", "XCHES"),
        ("frail",),
    ),
    "frailty": Reason(
        ("Awaiting package of care", "Reduced mobility"),
        {"HB": (98, 122), "ALB": (27, 35)},
        ("UE", "FBC"),
        ("XCHES",),
        ("frail",),
    ),
    "stroke": Reason(
        (
            "Left MCA infarct",
            "Right partial anterior circulation stroke",
            "Intracerebral haemorrhage",
        ),
        {"GLUC": (6, 12)},
        ("UE", "FBC", "COAG", "GLU", "HBA1C"),
        ("CHEAD", "MHEAD"),
        ("cardiac", "acs"),
    ),
    "seizure": Reason(
        ("First seizure", "Status epilepticus, resolved"),
        {"LAC": (1.8, 5.2), "WBC": (9, 15)},
        ("UE", "FBC", "BONE", "MG", "GLU"),
        ("CHEAD", "MHEAD"),
        ("epilepsy",),
    ),
    "dka": Reason(
        ("Diabetic ketoacidosis", "Hyperosmolar hyperglycaemic state"),
        {"GLUC": (16, 34), "HCO3": (8, 17), "K": (4.6, 5.8), "WBC": (11, 18), "A1C": (78, 121)},
        ("UE", "FBC", "GLU", "HBA1C", "LACT"),
        ("XCHES",),
        ("insulin",),
    ),
    "gi-bleed": Reason(
        ("Upper GI bleed", "Melaena"),
        {"HB": (58, 89), "UREA": (11, 22), "MCV": (68, 80)},
        ("UE", "FBC", "LFT", "COAG", "GS"),
        ("XCHES",),
        ("bleed",),
    ),
    "hepatic": Reason(
        ("Decompensated liver disease", "Obstructive jaundice"),
        {
            "BILI": (80, 290),
            "ALT": (70, 420),
            "ALP": (190, 820),
            "ALB": (21, 29),
            "PT": (16, 24),
            "PLT": (60, 140),
        },
        ("UE", "FBC", "LFT", "COAG", "CRP"),
        ("UABDO",),
        ("bleed",),
    ),
    "pe": Reason(
        ("Pulmonary embolism", "Pleuritic chest pain ?PE"),
        {"DDIM": (900, 6400), "TROP": (8, 70)},
        ("UE", "FBC", "DDIM", "TROP", "COAG"),
        ("CTPA", "XCHES"),
        ("warfarin",),
    ),
    "overdose": Reason(
        ("Paracetamol overdose", "Mixed overdose"),
        {"PARA": (20, 145), "ALT": (40, 1900), "PT": (12, 19)},
        ("UE", "LFT", "COAG", "PARA"),
        (),
        (),
    ),
    "cellulitis": Reason(
        ("Lower limb cellulitis",), _INFECTION, (*_MEDICAL, "BC"), ("XFOOT",), ("infection",)
    ),
    "copd": Reason(
        ("Infective exacerbation of COPD",),
        {**_INFECTION, "HCO3": (28, 38)},
        _MEDICAL,
        ("XCHES",),
        ("airway", "infection"),
    ),
    "asthma": Reason(
        ("Acute severe asthma",), {"EOS": (0.4, 1.2)}, _MEDICAL, ("XCHES",), ("airway",)
    ),
    "urinary": Reason(
        ("Urinary tract infection", "Acute urinary retention"),
        _INFECTION,
        (*_MEDICAL, "UMCS", "BC"),
        ("UKIDN",),
        ("infection",),
    ),
    "neutropenia": Reason(
        ("Neutropenic sepsis",),
        {"HB": (68, 95), "WBC": (0.3, 1.6), "PLT": (9, 60), "CRP": (60, 240)},
        (*_MEDICAL, "LFT", "LACT", "BC", "GS"),
        ("XCHES",),
        ("infection", "bleed"),
    ),
    "leukaemia": Reason(
        ("Acute myeloid leukaemia, induction", "Multiple myeloma"),
        {"HB": (70, 98), "WBC": (0.8, 3.4), "PLT": (15, 90)},
        ("UE", "FBC", "LFT", "BONE", "COAG", "GS"),
        ("XCHES",),
        ("bleed",),
    ),
    "appendicitis": Reason(
        ("Acute appendicitis", "RIF pain"),
        {"CRP": (30, 180), "WBC": (11, 18)},
        (*_MEDICAL, "AMY", "GS"),
        ("UABDO",),
        ("surgical", "infection"),
    ),
    "cholecystitis": Reason(
        ("Acute cholecystitis",),
        {"CRP": (60, 240), "WBC": (11, 19), "BILI": (22, 90), "ALP": (120, 340), "ALT": (50, 210)},
        (*_MEDICAL, "LFT", "AMY", "GS"),
        ("UABDO",),
        ("surgical", "infection"),
    ),
    "pancreatitis": Reason(
        ("Acute pancreatitis",),
        {"AMY": (650, 2900), "CRP": (90, 330), "WBC": (12, 20), "CA": (1.9, 2.15)},
        (*_MEDICAL, "LFT", "AMY", "BONE", "LACT"),
        ("UABDO", "CABPE"),
        ("surgical",),
    ),
    "bowel-resection": Reason(
        ("Elective right hemicolectomy", "Anterior resection, day 2"),
        {"CRP": (45, 190), "HB": (90, 118), "ALB": (26, 34)},
        (*_MEDICAL, "MG", "GS"),
        ("CABPE",),
        ("surgical",),
    ),
    "hernia": Reason(
        ("Inguinal hernia repair", "Incisional hernia"), {}, ("UE", "FBC", "GS"), (), ("surgical",)
    ),
    "obstruction": Reason(
        ("Small bowel obstruction",),
        {"CREA": (95, 165), "UREA": (8, 16), "LAC": (1.2, 3.4), "K": (3.0, 3.8)},
        (*_MEDICAL, "LACT", "GS"),
        ("XABDO", "CABPE"),
        ("surgical",),
    ),
    "abscess": Reason(
        ("Perianal abscess",), {"CRP": (40, 160), "WBC": (11, 17)}, _MEDICAL, (), ("surgical",)
    ),
    "hip-fracture": Reason(
        ("Fractured neck of femur", "Hemiarthroplasty, day 1"),
        {"HB": (84, 112), "CRP": (20, 120), "NA": (128, 136)},
        (*_MEDICAL, "BONE", "COAG", "GS"),
        ("XPELV", "XCHES"),
        ("frail", "surgical"),
    ),
    "knee": Reason(
        ("Elective total knee replacement",),
        {"HB": (98, 125)},
        ("UE", "FBC", "GS"),
        (),
        ("surgical",),
    ),
    "hip": Reason(
        ("Elective total hip replacement",),
        {"HB": (95, 122)},
        ("UE", "FBC", "GS"),
        (),
        ("surgical",),
    ),
    "wrist": Reason(("Distal radius fracture",), {}, ("UE", "FBC"), ("XWRIS",), ("surgical",)),
    "prostate": Reason(
        ("TURP, catheter in situ",), {"HB": (100, 130)}, ("UE", "FBC", "GS"), (), ("surgical",)
    ),
    "stone": Reason(
        ("Renal colic", "Ureteric stent"), {"CREA": (95, 160)}, _MEDICAL, ("UKIDN",), ("surgical",)
    ),
    "hysterectomy": Reason(
        ("Total abdominal hysterectomy",), {"HB": (92, 118)}, ("UE", "FBC", "GS"), (), ("surgical",)
    ),
    "ovarian": Reason(
        ("Ovarian cyst accident",), {}, (*_MEDICAL, "HCG"), ("UABDO",), ("surgical",)
    ),
    "miscarriage": Reason(
        ("Early pregnancy loss",), {"HCG": (400, 21000)}, ("FBC", "HCG", "GS"), ("UABDO",), ()
    ),
    "postnatal": Reason(
        ("Postnatal, spontaneous vaginal delivery", "Postpartum haemorrhage 1.2 L"),
        {"HB": (78, 112), "ALB": (26, 33), "ALP": (95, 190)},
        ("FBC", "GS"),
        (),
        ("maternity",),
    ),
    "caesarean": Reason(
        ("Emergency caesarean section", "Elective caesarean section"),
        {"HB": (82, 114), "ALB": (25, 32), "CRP": (20, 80)},
        ("FBC", "UE", "GS"),
        (),
        ("maternity", "surgical"),
    ),
    "pre-eclampsia": Reason(
        ("Pre-eclampsia",),
        {"PLT": (88, 160), "ALT": (28, 120), "CREA": (58, 98), "ALP": (120, 230), "ALB": (24, 31)},
        ("FBC", "UE", "LFT", "COAG", "GS"),
        ("UOBST",),
        ("maternity",),
    ),
    "antenatal": Reason(
        ("Reduced fetal movements", "Preterm prelabour rupture of membranes"),
        {"HB": (98, 124), "ALB": (27, 34), "ALP": (90, 200)},
        ("FBC", "CRP", "GS", "UMCS"),
        ("UOBST",),
        ("maternity",),
    ),
    "induction": Reason(
        ("Induction of labour at term",),
        {"HB": (100, 126)},
        ("FBC", "GS"),
        ("UOBST",),
        ("maternity",),
    ),
    "bronchiolitis": Reason(
        ("Bronchiolitis",), {"CRP": (2, 28)}, ("UE", "FBC", "CRP"), ("XCHES",), ("child",)
    ),
    "child-fever": Reason(
        ("Febrile child", "Pyelonephritis"), _INFECTION, (*_MEDICAL, "BC", "UMCS"), (), ("child",)
    ),
    "child-asthma": Reason(
        ("Viral induced wheeze",),
        {"EOS": (0.3, 1.0)},
        ("UE", "FBC"),
        ("XCHES",),
        ("child", "airway"),
    ),
    "premature": Reason(
        ("Preterm, 31+4 weeks", "Respiratory distress of the newborn"),
        {"BILI": (60, 170), "HB": (130, 180), "ALB": (22, 30)},
        ("UE", "FBC", "CRP", "LFT", "BC"),
        ("XCHES",),
        ("child",),
    ),
    "jaundice": Reason(
        ("Neonatal jaundice",),
        {"BILI": (180, 320), "HB": (140, 190)},
        ("LFT", "FBC"),
        (),
        ("child",),
    ),
}
