"""What a form is: its file, its checks, FHIR Questionnaires, form sets, own PDFs as backgrounds."""
