-- What people keyed, corrected and checked: bound into the audit chain.
INSERT INTO bound_table (name)
    VALUES ('entry'), ('entry_past'), ('entry_second'), ('entry_check'), ('entry_settled');
INSERT INTO bound_table (name, columns)
    VALUES ('form_scan', 'serial media_type sha256 bytes pages attached attached_by attached_name');
