DROP INDEX form_issue_waiting;
CREATE INDEX form_issue_waiting ON form_issue (state, form, ward, position) WHERE returns AND NOT drill;
CREATE INDEX form_issue_waiting_of_drills ON form_issue (state, form, ward, position) WHERE returns AND drill;
