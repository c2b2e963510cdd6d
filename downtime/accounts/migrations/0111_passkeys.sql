-- Passkeys of people (WebAuthn): the public half of a key that lies in a phone, a stick or this laptop's chip.
CREATE TABLE passkey (
    id TEXT PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    host TEXT NOT NULL,
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,
    sign_count INTEGER NOT NULL,
    created TEXT NOT NULL,
    used TEXT NOT NULL DEFAULT '',
    removed TEXT NOT NULL DEFAULT ''
);
INSERT INTO bound_table (name) VALUES ('passkey');
