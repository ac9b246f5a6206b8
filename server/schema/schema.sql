-- SPDX-License-Identifier: Apache-2.0
-- Schema 1. Rows that decide trust carry a MAC under a key derived from the key-encryption key
-- (column mac), checked on load: who can only write the database cannot enrol a host.
CREATE TABLE IF NOT EXISTS hosts (
	ueid      BLOB PRIMARY KEY,              -- 0x01 || SHA-256(Name of the EK)
	name      TEXT NOT NULL UNIQUE,
	grp       TEXT NOT NULL,
	ek_pub    BLOB NOT NULL,
	ek_trust  TEXT NOT NULL,                 -- certificate, registered, operator, token
	state     TEXT NOT NULL,                 -- active, revoked
	created   INTEGER NOT NULL,
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS aks (
	name      BLOB PRIMARY KEY,              -- Name of the AK
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	pub       BLOB NOT NULL,
	state     TEXT NOT NULL,                 -- active, revoked
	created   INTEGER NOT NULL,
	mac       BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS aks_ueid ON aks(ueid);
CREATE TABLE IF NOT EXISTS expected_hosts (                    -- registered beforehand, by CI
	ek_hash   BLOB PRIMARY KEY,              -- SHA-256 of the EK's TPMT_PUBLIC
	name      TEXT,
	grp       TEXT NOT NULL,
	created   INTEGER NOT NULL,
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS join_tokens (
	hash      BLOB PRIMARY KEY,              -- SHA-256 of the token
	grp       TEXT NOT NULL,
	host_name TEXT,
	ek_hash   BLOB,
	not_after INTEGER NOT NULL,
	used      INTEGER,
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS enrolments (                        -- challenges on their way, five minutes
	id        TEXT PRIMARY KEY,
	request   BLOB NOT NULL,                 -- SHA-256 of the request body
	secret    BLOB NOT NULL,                 -- SHA-256 of the challenge
	name      TEXT NOT NULL,
	grp       TEXT NOT NULL,
	ek_pub    BLOB NOT NULL,
	ek_trust  TEXT NOT NULL,
	ak_pub    BLOB NOT NULL,
	token     BLOB,                          -- hash of the join token to consume
	not_after INTEGER NOT NULL,
	done      INTEGER NOT NULL DEFAULT 0,    -- activated: the same answer again is no second try
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS sessions (                          -- one row per nonce that was consumed
	nonce     BLOB PRIMARY KEY,
	time      INTEGER NOT NULL,
	ueid      BLOB,                          -- NULL: cancelled by DELETE
	answer    BLOB NOT NULL                  -- the JSON answer without release, readable for a while
);
CREATE INDEX IF NOT EXISTS sessions_time ON sessions(time);
CREATE TABLE IF NOT EXISTS attestations (                      -- the last verdict of each host, and its boot
	ueid      BLOB PRIMARY KEY REFERENCES hosts(ueid),
	time      INTEGER NOT NULL,
	status    INTEGER NOT NULL,              -- AR4SI: 2, 32, 96
	reset_count   INTEGER NOT NULL,
	restart_count INTEGER NOT NULL,
	clock_ms  INTEGER NOT NULL,
	reasons   TEXT NOT NULL,
	devices   TEXT NOT NULL,                 -- JSON summary for people
	token     BLOB NOT NULL                  -- the evidence, for replay against a draft policy
);
CREATE TABLE IF NOT EXISTS boots (                             -- logs that a quote confirmed; of the last two boots of a host
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	reset_count   INTEGER NOT NULL,
	restart_count INTEGER NOT NULL,
	time      INTEGER NOT NULL,              -- when it was first seen
	log       BLOB NOT NULL,
	command_line BLOB,                       -- what the kernel said of it; shown only where its digest was measured
	PRIMARY KEY (ueid, reset_count, restart_count)
);
CREATE TABLE IF NOT EXISTS ima_states (                        -- of the last boot of a host whose IMA list was judged
	ueid      BLOB PRIMARY KEY REFERENCES hosts(ueid),
	time      INTEGER NOT NULL,
	state     BLOB NOT NULL,                 -- verifier/ima_state.c: next entry, PCR 10 per bank, findings, who vouched
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS ima_pending (                       -- of a list that comes in pieces: what no quote has proven yet
	ueid      BLOB PRIMARY KEY REFERENCES hosts(ueid),
	time      INTEGER NOT NULL,
	ak_name   BLOB NOT NULL,                 -- who signed the quotes beside them
	state     BLOB NOT NULL,                 -- as in ima_states, behind the last piece
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS proposals (                         -- what hosts say they will boot next: nothing until somebody signs it
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	digest    BLOB NOT NULL,                 -- SHA-256 of the body: equal ones are one proposal
	body      BLOB NOT NULL,                 -- as it came (proto/proposal.h)
	seq       INTEGER NOT NULL,              -- the greater, the newer
	time      INTEGER NOT NULL,              -- when it was proposed last
	remote    TEXT NOT NULL,                 -- from where
	corim     BLOB,                          -- digest of what was signed of it
	signed_by TEXT,                          -- who imported that
	mac       BLOB NOT NULL,                 -- of host and body
	PRIMARY KEY (ueid, digest)
);
CREATE INDEX IF NOT EXISTS proposals_digest ON proposals(digest);
CREATE TABLE IF NOT EXISTS inventories (                       -- what the host is made of, as accepted
	ueid      BLOB PRIMARY KEY REFERENCES hosts(ueid),
	set_at    INTEGER NOT NULL,
	set_by    TEXT NOT NULL,
	bytes     BLOB NOT NULL,                 -- encoded array of pci-function
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS devices (                           -- identities seen with a valid chain and signature
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	label     TEXT NOT NULL,
	leaf_key  BLOB NOT NULL,                 -- SHA-256 of the leaf's SubjectPublicKeyInfo
	version   INTEGER NOT NULL,              -- highest SPDM version seen
	first_seen INTEGER NOT NULL,
	last_seen INTEGER NOT NULL,
	mac       BLOB NOT NULL,
	PRIMARY KEY (ueid, label)
);
CREATE INDEX IF NOT EXISTS devices_leaf ON devices(leaf_key);
CREATE TABLE IF NOT EXISTS corims (
	digest    BLOB PRIMARY KEY,              -- SHA-256 of the bytes
	bytes     BLOB NOT NULL,                 -- as signed; verified again whenever they are loaded
	beside    BLOB NOT NULL,                 -- the CoRIM that a hash envelope or detached payload names, or empty
	is_signed INTEGER NOT NULL,
	active    INTEGER NOT NULL,
	until     INTEGER NOT NULL,              -- end of an update window: it does not count afterwards; 0: none
	changed   INTEGER NOT NULL,              -- when it was imported, activated or deactivated, whichever was last
	changed_by TEXT NOT NULL,
	mac       BLOB NOT NULL
);
-- Each change makes a snapshot of all that count: without their bytes, which are known already, they fit into a few pages.
CREATE INDEX IF NOT EXISTS corim_heads ON corims (active, digest, is_signed, until, changed, changed_by, mac);
CREATE TABLE IF NOT EXISTS corim_anchors (                     -- certificates that sign CoRIMs or root the chains of those who do
	digest    BLOB PRIMARY KEY,              -- SHA-256 of the DER
	der       BLOB NOT NULL,
	added     INTEGER NOT NULL,
	added_by  TEXT NOT NULL,
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS corim_crls (                        -- revocation lists that those chains are held against
	digest    BLOB PRIMARY KEY,              -- SHA-256 of the bytes
	bytes     BLOB NOT NULL,                 -- one list as it came, DER or PEM
	added     INTEGER NOT NULL,
	added_by  TEXT NOT NULL,
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS secrets (                           -- the server's half of a disk key
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	uuid      BLOB NOT NULL,
	epoch     INTEGER NOT NULL,
	state     TEXT NOT NULL,                 -- pending: no keyslot yet; current; retiring: the next is current, the counter still lower
	row_key   BLOB NOT NULL,                 -- per-row key, sealed under the root key
	sealed    BLOB NOT NULL,                 -- S, sealed under the per-row key
	check_value BLOB NOT NULL,               -- H("assay/share-check/1", S)[0..8], to show
	created   INTEGER NOT NULL,
	PRIMARY KEY (uuid, epoch)
);
CREATE TABLE IF NOT EXISTS volumes (                           -- those that have a counter in their host's TPM
	uuid      BLOB PRIMARY KEY,
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	counter   INTEGER NOT NULL,              -- its NV index
	counted   INTEGER NOT NULL,              -- what the TPM said last: shares below open nothing
	proof     BLOB NOT NULL,                 -- that a volume is the one: docs/PROTOCOL.md, Cap; empty: no keyslot yet
	rotate    INTEGER NOT NULL,              -- a next epoch is wanted
	changed   INTEGER NOT NULL,
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS leases (                            -- shares that open without a server: docs/PROTOCOL.md, Lease
	uuid      BLOB PRIMARY KEY,              -- of the volume; the newest lease of it
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	epoch     INTEGER NOT NULL,
	counter   INTEGER NOT NULL,              -- NV index of the counter that ends it
	value     INTEGER NOT NULL,              -- what that has to say for it
	reset_max INTEGER NOT NULL,              -- last boot, by the TPM's resetCount
	clock_max INTEGER NOT NULL,              -- end, ms of the TPM's clock
	granted   INTEGER NOT NULL,
	mac       BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS leases_host ON leases(ueid);
CREATE TABLE IF NOT EXISTS approvals (                         -- of the strict profile, as they came: proto/strict.h
	digest    BLOB PRIMARY KEY,              -- SHA-256 of the body
	uuid      BLOB NOT NULL,
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	epoch     INTEGER NOT NULL,
	body      BLOB NOT NULL,
	added     INTEGER NOT NULL,
	mac       BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS approvals_volume ON approvals(uuid, epoch);
CREATE TABLE IF NOT EXISTS lease_hosts (                       -- hosts that had a lease
	ueid      BLOB PRIMARY KEY REFERENCES hosts(ueid),
	denied    INTEGER NOT NULL,              -- an operator wants none of its leases to open: revoked, and none are given
	used      INTEGER NOT NULL,              -- when it told last that one had opened a volume; 0: never
	used_reset INTEGER NOT NULL,             -- in which boot, by resetCount
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS releases (                          -- when a host got shares, for as long as that counts
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	time      INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS releases_host ON releases(ueid, time);
CREATE INDEX IF NOT EXISTS volumes_host ON volumes(ueid);
CREATE TABLE IF NOT EXISTS admin_tokens (
	hash      BLOB PRIMARY KEY,              -- SHA-256 of the token
	name      TEXT NOT NULL UNIQUE,
	role      TEXT NOT NULL,                 -- viewer, operator, provisioner, admin
	scope     TEXT NOT NULL,                 -- those whose hosts it is about, by commas; empty: all
	created   INTEGER NOT NULL,
	not_after INTEGER NOT NULL,              -- 0: it does not expire
	revoked   INTEGER NOT NULL,
	mac       BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS audit (                             -- hash-chained
	seq       INTEGER PRIMARY KEY,
	time      INTEGER NOT NULL,
	actor     TEXT NOT NULL,
	event     TEXT NOT NULL,
	detail    TEXT NOT NULL,                 -- JSON
	hash      BLOB NOT NULL                  -- H("assay/audit/1", previous hash, seq, time, actor, event, detail)
);
-- What is shown of the fleet. All of it follows from verdicts, decides nothing, and is made anew where it is missing.
CREATE TABLE IF NOT EXISTS standings (                         -- of each host
	ueid      BLOB PRIMARY KEY REFERENCES hosts(ueid),
	name      TEXT NOT NULL UNIQUE,
	grp       TEXT NOT NULL,
	state     TEXT NOT NULL,                 -- as in hosts
	status    INTEGER NOT NULL,              -- of the last verdict; 0: none yet
	time      INTEGER NOT NULL,              -- when it last attested
	since     INTEGER NOT NULL,              -- when its status became what it is
	reason    TEXT NOT NULL                  -- one sentence, of the worst that was found
);
CREATE INDEX IF NOT EXISTS standings_shown ON standings(state, status, time, grp);
CREATE INDEX IF NOT EXISTS standings_listed ON standings(state, status, name);
CREATE INDEX IF NOT EXISTS standings_group ON standings(grp);
CREATE TABLE IF NOT EXISTS verdict_changes (                   -- verdicts that differ from the host's one before
	seq       INTEGER PRIMARY KEY AUTOINCREMENT,
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	time      INTEGER NOT NULL,
	status    INTEGER NOT NULL,
	was       INTEGER NOT NULL,              -- 0: it was the first
	reason    TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS verdict_changes_host ON verdict_changes(ueid, seq);
CREATE INDEX IF NOT EXISTS verdict_changes_time ON verdict_changes(time);
CREATE TABLE IF NOT EXISTS seen_devices (                      -- of the last verdict of each host
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	label     TEXT NOT NULL,
	grp       TEXT NOT NULL,
	address   TEXT NOT NULL,
	model     TEXT NOT NULL,                 -- pci:vvvv:dddd
	firmware  TEXT NOT NULL,                 -- verifier/firmware.h; empty: its evidence was not verified
	status    INTEGER NOT NULL,
	leaf_key  BLOB NOT NULL,                 -- empty: none was verified
	since     INTEGER NOT NULL,              -- when any of these became what they are
	PRIMARY KEY (ueid, label)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_devices_model ON seen_devices(model, firmware, status, grp);
CREATE INDEX IF NOT EXISTS seen_devices_leaf ON seen_devices(leaf_key);
CREATE TABLE IF NOT EXISTS firmware (                          -- how many of seen_devices, kept as these change
	model     TEXT NOT NULL,
	firmware  TEXT NOT NULL,
	status    INTEGER NOT NULL,
	n         INTEGER NOT NULL,
	first_seen INTEGER NOT NULL,
	last_seen INTEGER NOT NULL,              -- when one came or went
	PRIMARY KEY (model, firmware, status)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fleet_samples (                     -- counts of hosts, once an hour
	time      INTEGER PRIMARY KEY,
	affirming INTEGER NOT NULL,
	warning   INTEGER NOT NULL,
	contraindicated INTEGER NOT NULL,
	stale     INTEGER NOT NULL,
	never     INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS firmware_samples (                  -- of the table firmware, once a day
	time      INTEGER NOT NULL,
	model     TEXT NOT NULL,
	firmware  TEXT NOT NULL,
	n         INTEGER NOT NULL,
	PRIMARY KEY (model, time, firmware)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS webhooks (                          -- changes on their way to the operator's URL
	seq       INTEGER PRIMARY KEY,           -- of the change
	time      INTEGER NOT NULL,
	body      TEXT NOT NULL,
	tries     INTEGER NOT NULL,
	next      INTEGER NOT NULL               -- when it is tried again
);
CREATE INDEX IF NOT EXISTS webhooks_due ON webhooks(next, seq);
CREATE TABLE IF NOT EXISTS host_pins (                         -- which keys of servers a host knows, as it says itself
	ueid      BLOB NOT NULL REFERENCES hosts(ueid),
	boot      INTEGER NOT NULL,              -- 1: told with the cap still zero, by its initramfs
	pins      BLOB NOT NULL,                 -- EAT_PIN_LEN bytes each
	time      INTEGER NOT NULL,
	PRIMARY KEY (ueid, boot)
);
CREATE TABLE IF NOT EXISTS root_key (                          -- whose MACs and seals these rows carry; none: root.sealed
	one       INTEGER PRIMARY KEY CHECK (one = 1),
	id        BLOB NOT NULL,
	since     INTEGER NOT NULL
);
PRAGMA user_version = 2;
