-- What laptops handed over, what a person took over or excused, and numbers that were given out twice:
-- bound into the audit chain. A laptop that is awaited could else be made to look as if it were not.
INSERT INTO bound_table (name) VALUES ('handed_over'), ('handed_over_clash'), ('laptop_excused');
INSERT INTO bound_table (name, columns)
    VALUES ('handed_over_doubt', 'sha256 device branch doubt failure laptop entry why taken taken_by taken_name clashes');
