"""Medicines in the words of dm+d with the mixed case of a prescribing system; allergies; alerts.

Doses are plausible, not advice. `family` is what an allergy to it would be called.
"""

from typing import NamedTuple


class Medicine(NamedTuple):
    name: str
    dose: str
    route: str
    frequency: str
    category: str = "regular"
    """`regular`, `as-required`, `once-only` or `infusion`."""
    family: str = ""


_PARACETAMOL = Medicine(
    "Paracetamol 500mg tablets", "1 g", "Oral", "Four times a day", family="Paracetamol"
)
_ENOXAPARIN = Medicine(
    "Enoxaparin sodium 40mg/0.4ml solution for injection pre-filled syringes",
    "40 mg",
    "Subcutaneous",
    "Once a day at 18:00",
    family="Heparin",
)

SETS: dict[str, tuple[Medicine, ...]] = {
    "common": (
        _PARACETAMOL,
        _ENOXAPARIN,
        Medicine("Omeprazole 20mg gastro-resistant capsules", "20 mg", "Oral", "Once a day"),
        Medicine(
            "Cyclizine 50mg tablets", "50 mg", "Oral", "Up to three times a day", "as-required"
        ),
        Medicine("Lactulose 3.1-3.7g/5ml oral solution", "15 ml", "Oral", "Twice a day"),
    ),
    "cardiac": (
        Medicine("Ramipril 5mg capsules", "5 mg", "Oral", "Once a day", family="ACE inhibitors"),
        Medicine("Bisoprolol 2.5mg tablets", "2.5 mg", "Oral", "Once a day"),
        Medicine(
            "Atorvastatin 40mg tablets", "40 mg", "Oral", "Once a day at night", family="Statins"
        ),
        Medicine("amLODIPine 5mg tablets", "5 mg", "Oral", "Once a day"),
    ),
    "failure": (
        Medicine(
            "Furosemide 20mg/2ml solution for injection ampoules", "40 mg", "IV", "Twice a day"
        ),
        Medicine("Spironolactone 25mg tablets", "25 mg", "Oral", "Once a day"),
    ),
    "acs": (
        Medicine(
            "Aspirin 75mg dispersible tablets", "75 mg", "Oral", "Once a day", family="Aspirin"
        ),
        Medicine("Clopidogrel 75mg tablets", "75 mg", "Oral", "Once a day"),
        Medicine(
            "Glyceryl trinitrate 400micrograms/dose pump sublingual spray",
            "2 puffs",
            "Sublingual",
            "When required",
            "as-required",
        ),
    ),
    "infection": (
        Medicine(
            "Co-amoxiclav 1000mg/200mg powder for solution for injection vials",
            "1.2 g",
            "IV",
            "Three times a day",
            family="Penicillin",
        ),
        Medicine(
            "Clarithromycin 500mg tablets", "500 mg", "Oral", "Twice a day", family="Macrolides"
        ),
        Medicine(
            "Sodium chloride 0.9% infusion 1litre bags", "1000 ml", "IV", "Over 8 hours", "infusion"
        ),
    ),
    "airway": (
        Medicine(
            "Salbutamol 2.5mg/2.5ml nebuliser liquid unit dose vials",
            "2.5 mg",
            "Nebulised",
            "When required",
            "as-required",
        ),
        Medicine("prednisoLONE 5mg tablets", "30 mg", "Oral", "Once a day in the morning"),
    ),
    "insulin": (
        Medicine(
            "Insulin SOLUBLE human (Actrapid) 100units/ml in Sodium chloride 0.9%",
            "Variable rate as per chart",
            "IV",
            "Continuous",
            "infusion",
        ),
        Medicine(
            "Insulin GLARGINE (Lantus) 100units/ml solution for injection 3ml pre-filled pens",
            "18 units",
            "Subcutaneous",
            "Once a day at 22:00",
        ),
        Medicine("metFORMIN 500mg tablets", "500 mg", "Oral", "Twice a day with meals"),
    ),
    "warfarin": (
        Medicine("Warfarin 1mg tablets", "As per INR chart", "Oral", "Once a day at 18:00"),
        Medicine("Digoxin 125microgram tablets", "125 micrograms", "Oral", "Once a day"),
    ),
    "bleed": (
        Medicine(
            "Pantoprazole 40mg powder for solution for injection vials",
            "40 mg",
            "IV",
            "Twice a day",
        ),
        Medicine(
            "Tranexamic acid 500mg/5ml solution for injection ampoules",
            "1 g",
            "IV",
            "Once",
            "once-only",
        ),
    ),
    "surgical": (
        Medicine(
            "Morphine 10mg/5ml oral solution",
            "5 mg to 10 mg",
            "Oral",
            "Up to hourly when required",
            "as-required",
            "Morphine",
        ),
        Medicine(
            "Ondansetron 4mg/2ml solution for injection ampoules",
            "4 mg",
            "IV",
            "When required",
            "as-required",
        ),
        Medicine("Ibuprofen 400mg tablets", "400 mg", "Oral", "Three times a day", family="NSAIDs"),
        Medicine(
            "Cefuroxime 1.5g powder for solution for injection vials",
            "1.5 g",
            "IV",
            "Once",
            "once-only",
            "Cephalosporins",
        ),
    ),
    "frail": (
        Medicine("Colecalciferol 800unit capsules", "800 units", "Oral", "Once a day"),
        Medicine(
            "Co-codamol 8mg/500mg tablets",
            "2 tablets",
            "Oral",
            "When required",
            "as-required",
            "Codeine",
        ),
        Medicine("Alendronic acid 70mg tablets", "70 mg", "Oral", "Once a WEEK on Sunday"),
    ),
    "epilepsy": (
        Medicine("levETIRAcetam 500mg tablets", "500 mg", "Oral", "Twice a day"),
        Medicine("Epilim Chrono 500 tablets (Sanofi)", "500 mg", "Oral", "Twice a day"),
    ),
    "maternity": (
        Medicine("Ferrous fumarate 322mg tablets", "322 mg", "Oral", "Once a day"),
        Medicine("Labetalol 200mg tablets", "200 mg", "Oral", "Twice a day"),
        Medicine(
            "Dihydrocodeine 30mg tablets",
            "30 mg",
            "Oral",
            "When required",
            "as-required",
            "Codeine",
        ),
    ),
    "child": (
        Medicine(
            "Paracetamol 120mg/5ml oral suspension paediatric sugar free",
            "15 mg/kg",
            "Oral",
            "Every 6 hours",
            family="Paracetamol",
        ),
        Medicine(
            "Ibuprofen 100mg/5ml oral suspension sugar free",
            "5 mg/kg",
            "Oral",
            "When required",
            "as-required",
            "NSAIDs",
        ),
    ),
}
"""Sets of medicines that belong to a reason for a stay."""


class Allergy(NamedTuple):
    """`code` is a SNOMED CT substance, empty where the source holds words only."""

    substance: str
    family: str
    code: str
    reactions: tuple[str, ...]
    category: str = "medication"


ALLERGIES: tuple[Allergy, ...] = (
    Allergy("Penicillin", "Penicillin", "764146007", ("Rash", "Anaphylaxis", "Facial swelling")),
    Allergy("Amoxicillin", "Penicillin", "372687004", ("Maculopapular rash", "Diarrhoea")),
    Allergy("Codeine", "Codeine", "387494007", ("Vomiting", "Confusion")),
    Allergy("Morphine", "Morphine", "373529000", ("Itching", "Hallucinations")),
    Allergy("Ibuprofen", "NSAIDs", "387207008", ("Bronchospasm", "Dyspepsia")),
    Allergy("Aspirin", "Aspirin", "387458008", ("Wheeze", "Urticaria")),
    Allergy("ACE inhibitors", "ACE inhibitors", "", ("Angioedema", "Cough")),
    Allergy("Macrolides", "Macrolides", "", ("Abdominal pain",)),
    Allergy("Cephalosporins", "Cephalosporins", "", ("Rash",)),
    Allergy("Statins", "Statins", "", ("Myalgia",)),
    Allergy("Latex", "Latex", "", ("Contact dermatitis",), "environment"),
    Allergy("Elastoplast", "Plaster", "", ("Blistering",), "environment"),
    Allergy("Chlorhexidine", "Chlorhexidine", "", ("Anaphylaxis",), "medication"),
    Allergy("Peanut", "Peanut", "", ("Anaphylaxis", "Lip swelling"), "food"),
    Allergy("Egg", "Egg", "", ("Urticaria",), "food"),
    Allergy("Kiwi fruit", "Kiwi", "", ("Oral itching",), "food"),
    Allergy("Trimethoprim", "Trimethoprim", "", ("Stevens-Johnson syndrome",)),
    Allergy("Iodinated contrast media", "Contrast", "", ("Bronchospasm & hypotension",)),
)

ALERTS: tuple[tuple[str, str, float, frozenset[str]], ...] = (
    ("Falls", "High risk of falls", 0.55, frozenset({"elderly", "stroke", "orthopaedic"})),
    ("Falls", "High risk of falls", 0.12, frozenset({"acute", "medical", "cardiac", "renal"})),
    ("Resuscitation", "DNACPR in place - see red-bordered form", 0.4, frozenset({"elderly"})),
    (
        "Resuscitation",
        "DNACPR in place - see red-bordered form",
        0.1,
        frozenset({"acute", "medical"}),
    ),
    ("Infection control", "MRSA carrier", 0.05, frozenset()),
    ("Infection control", "Previous C. difficile", 0.03, frozenset()),
    ("Infection control", "CPE contact - isolate until screened", 0.02, frozenset()),
    (
        "Safeguarding",
        "Safeguarding adult concern - see social work notes",
        0.03,
        frozenset({"elderly", "acute"}),
    ),
    ("Safeguarding", "Child protection plan", 0.08, frozenset({"children", "maternity"})),
    (
        "Learning disability",
        "Learning disability - hospital passport at bedside",
        0.02,
        frozenset(),
    ),
    ("Dementia", "Dementia - forget-me-not", 0.3, frozenset({"elderly"})),
    ("Diabetes", "Diabetes treated with insulin", 0.09, frozenset()),
    ("Communication", "Needs an interpreter", 0.05, frozenset()),
    ("Communication", "Hearing aid user", 0.1, frozenset({"elderly"})),
    ("Transfusion", "Irradiated blood components only", 0.5, frozenset({"haematology"})),
    ("Violence", "Two members of staff to attend", 0.01, frozenset()),
)
"""Category, words, share of patients, and kinds of ward it is limited to (empty: all)."""
