CREATE INDEX form_issue_waiting ON form_issue (state, form, ward, position) WHERE returns;
