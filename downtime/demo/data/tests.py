"""Analytes with units and reference ranges, the panels that ask for them, and scans.

Ranges follow the harmonised adult ranges used by United Kingdom laboratories (Pathology Harmony,
Association for Laboratory Medicine); a laboratory's own may differ.
"""

from typing import NamedTuple

from downtime.demo.data.words import words


class Analyte(NamedTuple):
    """What is measured: `men` and `women` are reference ranges (None where open ended)."""

    name: str
    units: str
    decimals: int
    men: tuple[float | None, float | None]
    women: tuple[float | None, float | None]
    usual: tuple[float, float]
    """Where a well person's value lies."""
    critical: tuple[float | None, float | None] = (None, None)
    """Beyond these the laboratory telephones the ward (after RCPath G158)."""


def _same(
    name: str,
    units: str,
    decimals: int,
    low: float | None,
    high: float | None,
    usual: tuple[float, float],
    critical: tuple[float | None, float | None] = (None, None),
) -> Analyte:
    return Analyte(name, units, decimals, (low, high), (low, high), usual, critical)


ANALYTES: dict[str, Analyte] = {
    "NA": _same("Sodium", "mmol/L", 0, 133, 146, (135, 144), (120, 160)),
    "K": _same("Potassium", "mmol/L", 1, 3.5, 5.3, (3.7, 4.9), (2.5, 6.5)),
    "UREA": _same("Urea", "mmol/L", 1, 2.5, 7.8, (3.2, 7.2), (None, 30)),
    "CREA": Analyte("Creatinine", "umol/L", 0, (59, 104), (45, 84), (52, 84), (None, 354)),
    "EGFR": _same("eGFR (CKD-EPI 2009)", "mL/min/1.73m2", 0, None, None, (60, 90)),
    "HCO3": _same("Bicarbonate", "mmol/L", 0, 22, 29, (22, 28), (10, None)),
    "BILI": _same("Bilirubin", "umol/L", 0, None, 21, (5, 17)),
    "ALP": _same("Alkaline phosphatase", "U/L", 0, 30, 130, (45, 115)),
    "ALT": _same("Alanine transaminase", "U/L", 0, None, 40, (9, 36), (None, 1000)),
    "TP": _same("Total protein", "g/L", 0, 60, 80, (62, 76)),
    "ALB": _same("Albumin", "g/L", 0, 35, 50, (36, 46)),
    "GLOB": _same("Globulin", "g/L", 0, 18, 36, (22, 34)),
    "CRP": _same("C-reactive protein", "mg/L", 0, None, 5, (1, 4), (None, 300)),
    "CA": _same("Calcium", "mmol/L", 2, 2.20, 2.60, (2.2, 2.45)),
    "ACA": _same("Adjusted calcium", "mmol/L", 2, 2.20, 2.60, (2.25, 2.5), (1.8, 3.5)),
    "PHOS": _same("Phosphate", "mmol/L", 2, 0.80, 1.50, (0.85, 1.4), (0.3, None)),
    "MG": _same("Magnesium", "mmol/L", 2, 0.70, 1.00, (0.72, 0.96), (0.4, None)),
    "GLUC": _same("Glucose", "mmol/L", 1, 4.0, 7.8, (4.4, 7.4), (2.5, 30)),
    "LAC": _same("Lactate", "mmol/L", 1, 0.5, 2.2, (0.6, 1.6), (None, 4)),
    "TROP": Analyte("High-sensitivity troponin I", "ng/L", 0, (None, 34), (None, 16), (3, 12)),
    "AMY": _same("Amylase", "U/L", 0, 28, 100, (32, 90), (None, 500)),
    "CK": Analyte("Creatine kinase", "U/L", 0, (40, 320), (25, 200), (45, 170), (None, 5000)),
    "TSH": _same("Thyroid stimulating hormone", "mU/L", 2, 0.30, 4.20, (0.6, 3.6)),
    "FT4": _same("Free T4", "pmol/L", 1, 9.0, 25.0, (11, 20)),
    "A1C": _same("HbA1c", "mmol/mol", 0, 20, 41, (31, 41)),
    "B12": _same("Vitamin B12", "ng/L", 0, 180, 910, (200, 700)),
    "FOL": _same("Serum folate", "ug/L", 1, 3.0, None, (3.2, 14)),
    "FERR": Analyte("Ferritin", "ug/L", 0, (15, 300), (15, 200), (18, 190)),
    "PARA": _same("Paracetamol", "mg/L", 0, None, None, (0, 4), (None, 100)),
    "HCG": _same("Beta-hCG", "IU/L", 0, None, 5, (0, 3)),
    "HB": Analyte("Haemoglobin", "g/L", 0, (130, 180), (115, 165), (124, 158), (70, None)),
    "WBC": _same("White cell count", "10^9/L", 1, 4.0, 11.0, (4.6, 9.8)),
    "PLT": _same("Platelets", "10^9/L", 0, 150, 400, (170, 360), (30, 1000)),
    "RBC": Analyte("Red cell count", "10^12/L", 2, (4.50, 6.50), (3.80, 5.80), (4.5, 5.4)),
    "HCT": Analyte("Haematocrit", "L/L", 3, (0.400, 0.520), (0.370, 0.470), (0.4, 0.45)),
    "MCV": _same("Mean cell volume", "fL", 1, 80.0, 100.0, (83, 96)),
    "MCH": _same("Mean cell haemoglobin", "pg", 1, 27.0, 32.0, (27.5, 31.5)),
    "NEUT": _same("Neutrophils", "10^9/L", 2, 2.00, 7.50, (2.2, 6.5), (0.5, None)),
    "LYMP": _same("Lymphocytes", "10^9/L", 2, 1.00, 4.00, (1.1, 3.4)),
    "MONO": _same("Monocytes", "10^9/L", 2, 0.20, 1.00, (0.25, 0.8)),
    "EOS": _same("Eosinophils", "10^9/L", 2, 0.00, 0.50, (0.02, 0.35)),
    "BASO": _same("Basophils", "10^9/L", 2, 0.00, 0.10, (0.01, 0.08)),
    "PT": _same("Prothrombin time", "s", 1, 10.0, 13.5, (10.8, 13.0)),
    "INR": _same("INR", "ratio", 1, 0.8, 1.2, (0.9, 1.1), (None, 6.5)),
    "APTT": _same("APTT", "s", 1, 25.0, 35.0, (26, 34)),
    "APTR": _same("APTT ratio", "ratio", 2, 0.80, 1.20, (0.9, 1.1)),
    "FIB": _same("Fibrinogen (Clauss)", "g/L", 1, 1.5, 4.5, (2.0, 4.2), (1.0, None)),
    "DDIM": _same("D-dimer", "ng/mL FEU", 0, None, 500, (120, 460)),
}


class Panel(NamedTuple):
    """Something to ask for; `hours` is the usual time from sample to final result."""

    name: str
    section: str
    """HL7 table 0074: CH, HM, BLB, MB, RAD, CT, NMR, RUS, CUS."""
    department: str
    specimen: tuple[str, str]
    hours: tuple[float, float]
    analytes: tuple[str, ...] = ()


_SERUM = ("SER", "Serum")
_EDTA = ("BLD", "Whole blood (EDTA)")
_CITRATE = ("PLAS", "Citrated plasma")
_FLUORIDE = ("PLAS", "Fluoride oxalate plasma")
_QUICK, _DAY = (0.8, 3.0), (5.0, 26.0)
_BLOOD = "Blood sciences"

PANELS: dict[str, Panel] = {
    "FBC": Panel(
        "Full blood count",
        "HM",
        _BLOOD,
        _EDTA,
        (0.6, 2.0),
        words("HB WBC PLT RBC HCT MCV MCH NEUT LYMP MONO EOS BASO"),
    ),
    "UE": Panel(
        "Urea and electrolytes", "CH", _BLOOD, _SERUM, _QUICK, ("NA", "K", "UREA", "CREA", "EGFR")
    ),
    "LFT": Panel(
        "Liver function tests",
        "CH",
        _BLOOD,
        _SERUM,
        _QUICK,
        ("BILI", "ALP", "ALT", "TP", "ALB", "GLOB"),
    ),
    "CRP": Panel("C-reactive protein", "CH", _BLOOD, _SERUM, _QUICK, ("CRP",)),
    "BONE": Panel(
        "Bone profile", "CH", _BLOOD, _SERUM, _QUICK, ("CA", "ACA", "PHOS", "ALP", "ALB")
    ),
    "MG": Panel("Magnesium", "CH", _BLOOD, _SERUM, _QUICK, ("MG",)),
    "GLU": Panel("Glucose", "CH", _BLOOD, _FLUORIDE, _QUICK, ("GLUC",)),
    "LACT": Panel("Lactate", "CH", _BLOOD, _FLUORIDE, (0.4, 1.2), ("LAC",)),
    "TROP": Panel("Troponin", "CH", _BLOOD, _SERUM, _QUICK, ("TROP",)),
    "COAG": Panel(
        "Coagulation screen",
        "HM",
        _BLOOD,
        _CITRATE,
        _QUICK,
        ("PT", "INR", "APTT", "APTR", "FIB"),
    ),
    "INR": Panel("INR", "HM", _BLOOD, _CITRATE, _QUICK, ("INR",)),
    "DDIM": Panel("D-dimer", "HM", _BLOOD, _CITRATE, _QUICK, ("DDIM",)),
    "AMY": Panel("Amylase", "CH", _BLOOD, _SERUM, _QUICK, ("AMY",)),
    "CK": Panel("Creatine kinase", "CH", _BLOOD, _SERUM, _QUICK, ("CK",)),
    "TFT": Panel("Thyroid function tests", "CH", _BLOOD, _SERUM, _DAY, ("TSH", "FT4")),
    "HBA1C": Panel("HbA1c", "CH", _BLOOD, _EDTA, _DAY, ("A1C",)),
    "B12F": Panel("Vitamin B12 and folate", "CH", _BLOOD, _SERUM, _DAY, ("B12", "FOL")),
    "FERR": Panel("Ferritin", "CH", _BLOOD, _SERUM, _DAY, ("FERR",)),
    "PARA": Panel("Paracetamol level", "CH", _BLOOD, _SERUM, _QUICK, ("PARA",)),
    "HCG": Panel("Beta-hCG", "CH", _BLOOD, _SERUM, _QUICK, ("HCG",)),
    "GS": Panel("Group and save", "BLB", "Transfusion", _EDTA, (0.8, 3.5)),
    "BC": Panel(
        "Blood culture", "MB", "Microbiology", ("BLDC", "Blood culture bottles"), (100, 124)
    ),
    "UMCS": Panel("Urine microscopy and culture", "MB", "Microbiology", ("UR", "Urine"), (20, 50)),
}


class Scan(NamedTuple):
    """A radiology examination and what its report may say."""

    name: str
    section: str
    modality: str
    hours: tuple[float, float]
    normal: tuple[str, ...]
    findings: tuple[str, ...]


SCANS: dict[str, Scan] = {
    "XCHES": Scan(
        "XR Chest",
        "RAD",
        "CR",
        (1, 8),
        ("The heart is not enlarged.", "Lungs and pleural spaces are clear."),
        (
            "There is right basal consolidation with a small effusion.",
            "Appearances are of infection. Repeat film in 6 weeks to ensure resolution.",
        ),
    ),
    "XABDO": Scan(
        "XR Abdomen",
        "RAD",
        "CR",
        (1, 8),
        ("Normal bowel gas pattern.",),
        ("Dilated small bowel loops to 4.2 cm.", "In keeping with small bowel obstruction."),
    ),
    "XPELV": Scan(
        "XR Pelvis",
        "RAD",
        "CR",
        (1, 6),
        ("No fracture identified.",),
        ("Displaced subcapital fracture of the left neck of femur.",),
    ),
    "XWRIS": Scan(
        "XR Wrist Rt",
        "RAD",
        "CR",
        (1, 6),
        ("No bony injury.",),
        ("Dorsally angulated fracture of the distal radius.",),
    ),
    "XFOOT": Scan(
        "XR Foot Lt",
        "RAD",
        "CR",
        (1, 8),
        ("No bony injury.", "No evidence of osteomyelitis."),
        ("Soft tissue swelling; erosion of the 5th metatarsal head, query osteomyelitis.",),
    ),
    "CHEAD": Scan(
        "CT Head",
        "CT",
        "CT",
        (1, 9),
        ("No intracranial haemorrhage.", "No mass effect. Age-related involutional change only."),
        ("Established low attenuation in the left MCA territory.", "No haemorrhage."),
    ),
    "CABPE": Scan(
        "CT Abdomen and pelvis with contrast",
        "CT",
        "CT",
        (2, 14),
        ("No collection or free gas.", "Incidental simple renal cyst."),
        ("Thick-walled gallbladder & pericholecystic fluid.", "No free gas."),
    ),
    "CTPA": Scan(
        "CT Pulmonary angiogram",
        "CT",
        "CT",
        (2, 12),
        ("No pulmonary embolus.",),
        ("Filling defects in both lower lobe arteries; RV:LV ratio > 1.",),
    ),
    "MHEAD": Scan(
        "MRI Head",
        "NMR",
        "MR",
        (20, 72),
        ("No restricted diffusion.",),
        ("Acute infarct in the left corona radiata.",),
    ),
    "UABDO": Scan(
        "US Abdomen",
        "RUS",
        "US",
        (3, 26),
        ("Liver, gallbladder & kidneys normal.",),
        ("Gallstones; common bile duct 9 mm.", "Wall thickening, probe tenderness."),
    ),
    "UKIDN": Scan(
        "US Kidneys",
        "RUS",
        "US",
        (3, 26),
        ("Both kidneys normal in size; no hydronephrosis.",),
        ("Moderate left hydronephrosis.",),
    ),
    "UOBST": Scan(
        "US Obstetric growth",
        "RUS",
        "US",
        (2, 20),
        ("Cephalic. Growth on the 40th centile; normal liquor.",),
        ("Estimated fetal weight on the 6th centile; end-diastolic flow present.",),
    ),
    "ECHO": Scan(
        "Transthoracic echocardiogram",
        "CUS",
        "US",
        (8, 60),
        ("Good left ventricular function, EF 60%.",),
        ("Moderately impaired left ventricular function, EF 38%.",),
    ),
}

ORGANISMS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "BC": (
        ("Escherichia coli", ("Amoxicillin R", "Gentamicin S", "Meropenem S")),
        ("Staphylococcus aureus", ("Flucloxacillin S", "Vancomycin S")),
        ("Coagulase-negative staphylococcus (likely contaminant)", ()),
    ),
    "UMCS": (
        ("Escherichia coli >10^5 CFU/mL", ("Trimethoprim R", "Nitrofurantoin S", "Cefalexin S")),
        ("Mixed growth, probable contamination", ()),
    ),
}
