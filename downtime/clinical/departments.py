"""The department of a request in words: what OBR-24 or a category says, as people say it.

Source: HL7 v2 table 0074 (diagnostic service section), in British words, and the modalities that
radiology systems send in its place.
"""

_SECTIONS = {
    "AU": "Audiology",
    "BG": "Blood gases",
    "BLB": "Blood transfusion",
    "CG": "Cytogenetics",
    "CH": "Chemistry",
    "CP": "Cytopathology",
    "CT": "CT",
    "CTH": "Cardiac catheterisation",
    "CUS": "Cardiac ultrasound",
    "EC": "Electrocardiography",
    "EN": "Neurophysiology",
    "GE": "Genetics",
    "HM": "Haematology",
    "ICU": "Intensive care monitoring",
    "IMG": "Imaging",
    "IMM": "Immunology",
    "LAB": "Laboratory",
    "MB": "Microbiology",
    "MCB": "Mycobacteriology",
    "MYC": "Mycology",
    "NMR": "MRI",
    "NMS": "Nuclear medicine",
    "NRS": "Nursing",
    "OSL": "Outside laboratory",
    "OT": "Occupational therapy",
    "OTH": "Other",
    "OUS": "Obstetric ultrasound",
    "PAR": "Parasitology",
    "PAT": "Pathology",
    "PF": "Lung function",
    "PHR": "Pharmacy",
    "PHY": "Physician",
    "RAD": "Radiology",
    "RC": "Respiratory care",
    "RT": "Radiotherapy",
    "RUS": "Ultrasound",
    "RX": "X-ray",
    "SP": "Surgical pathology",
    "SR": "Serology",
    "TX": "Toxicology",
    "URN": "Urinalysis",
    "VR": "Virology",
    "VUS": "Vascular ultrasound",
    "XRC": "Cineradiography",
}
_MODALITIES = {
    "DXA": "Bone density",
    "FL": "Fluoroscopy",
    "MG": "Mammography",
    "MR": "MRI",
    "MRI": "MRI",
    "NM": "Nuclear medicine",
    "US": "Ultrasound",
    "XR": "X-ray",
}
_NAMES = _MODALITIES | _SECTIONS


def department_name(code: str) -> str:
    """`Haematology` of `HM`; what is not known is shown as it was sent.

    `PT` is physiotherapy in the table and PET in radiology, so it stays as it is.
    """
    return _NAMES.get(code.strip().upper(), code)
