// SPDX-License-Identifier: Apache-2.0
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include "common/clock.h"
#include "common/file.h"
#include "refvals.h"

enum { EXPIRES_SOON_S = 30 * 86400, YEAR_2026 = 1767225600, SPACE_WANTED = 256 * 1024 * 1024 };

struct doctor_view doctor_view_now(const char *config)
{
	struct timex t = { 0 };

	return (struct doctor_view){ config, clock_now_s(), SPACE_WANTED,
				     adjtimex(&t) >= 0 && !(t.status & STA_UNSYNC) };
}

void doctor_tell(struct doctor *d, bool good, const char *what, const char *next, const char *said,
		 ...)
{
	char text[512];
	va_list args;

	va_start(args, said);
	vsnprintf(text, sizeof(text), said, args);
	va_end(args);
	d->n_bad += !good;
	printf("%-4s %-18s %s\n", good ? "ok" : "BAD", what, text);
	if (!good)
		printf("     next: %s\n", next);
}

void doctor_note(const char *what, const char *said, ...)
{
	va_list args;

	printf("%-4s %-18s ", "note", what);
	va_start(args, said);
	vprintf(said, args);
	va_end(args);
	putchar('\n');
}

static void check_private(struct doctor *d, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		doctor_tell(d, false, "state", "assay-server init", "%s is not there", path);
	else if (st.st_mode & 077)
		doctor_tell(d, false, "state", "chmod go= on it; then think who has read it",
			    "%s may be read by others (mode %03o)", path, st.st_mode & 0777);
}

static void check_readers(struct doctor *d, const char *key, const char *path)
{
	struct stat st;

	if (path[0] && (stat(path, &st) || st.st_mode & 077))
		doctor_tell(d, false, key, "chmod go= on it, and another secret into it",
			    "%s is not there, or may be read by others", path);
}

static void check_secrets(struct doctor *d)
{
	static const char *const names[] = { "ear.pem", "nonce.keys", "root.sealed", "tls.key",
					     "tls-next.key" };
	char path[PATH_TEXT + 32];

	check_private(d, d->s->state);
	if (!key_place_is_uri(d->s->kek))
		check_private(d, d->s->kek);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", d->s->state, names[i]);
		check_private(d, path);
	}
	if (!d->n_bad)
		doctor_tell(d, true, "state", "", "%s and its keys are this user's alone",
			    d->s->state);
	check_readers(d, "[webhook] key_file", d->s->webhook_key_file);
	check_readers(d, "[kek] pin_file", d->s->kek_pin_file);
}

static void check_config(struct doctor *d)
{
	struct stat st;

	if (!stat(d->v->config, &st) && st.st_mode & 0022)
		doctor_tell(d, false, "configuration", "chmod go-w on it",
			    "%s may be changed by others (mode %03o)", d->v->config,
			    st.st_mode & 0777);
}

static void check_space(struct doctor *d, const char *what, const char *path)
{
	struct statvfs fs;
	long long left;

	if (statvfs(path, &fs))
		return;
	left = (long long)fs.f_bavail * (long long)fs.f_frsize;
	doctor_tell(d, left >= d->v->space, what,
		    "make room: without it no verdict can be recorded, and so no key is given",
		    "%lld MiB are free where %s is", left / 1048576, path);
}

static void check_kek(struct doctor *d)
{
	struct key_place kek = settings_kek(d->s);
	OWNED(keypair) k = NULL;
	struct err e = { 0 };
	bool good = !keypair_open(&kek, &k, &e);

	doctor_tell(d, good, "KEK",
		    key_place_is_uri(d->s->kek)
			    ? "is the token there, are [kek] provider and pin_file right"
			    : "put the file back from the backup; without it no key share opens",
		    "%s", good ? "opens" : e.text);
}

static void check_open(struct doctor *d)
{
	struct err e = { 0 };
	bool good = !server_open(d->s, &d->server, &e);

	doctor_tell(d, good, "keys and database",
		    "restore what is missing; an older database than the audit floor was put back",
		    "%s", good ? "open, and the audit floor fits" : e.text);
}

static void check_tls(struct doctor *d)
{
	OWNED(cert_list) certs = NULL;
	OWNED(buf) pem = NULL;
	struct err e = { 0 };
	char path[PATH_TEXT + 32];
	long long left;

	snprintf(path, sizeof(path), "%s/tls.crt", d->s->state);
	if (!d->s->tls) {
		doctor_tell(d, true, "TLS", "", "off, on a loopback address");
		return;
	}
	if (file_read(path, 65536, &pem, &e) || cert_list_from_pem(buf_bytes(pem), &certs, &e)) {
		doctor_tell(d, false, "TLS", "assay-server init, or put the certificate there",
			    "%s", e.text);
		return;
	}
	left = cert_not_after(certs->at[0]) - d->v->now_s;
	doctor_tell(
		d, left > EXPIRES_SOON_S, "TLS",
		"assay-server rotate tls, restart it: hosts know the pin of the next key already",
		left < 0 ? "certificate ended %lld days ago" : "certificate is good for %lld days",
		(left < 0 ? -left : left) / 86400);
}

static void check_crls(struct doctor *d)
{
	OWNED(crls) crls = NULL;
	struct err e = { 0 };

	if (!d->s->ek_crls[0])
		return;
	if (crls_load(d->s->ek_crls, &crls, &e))
		doctor_tell(d, false, "EK revocation", "fetch the list again from its vendor", "%s",
			    e.text);
	else
		doctor_tell(d, true, "EK revocation", "", "%zu lists", crls_count(crls));
}

/* Lists of the folder and of the API: from the first that ends, what its issuer's people signed is out. */
static void check_signer_crls(struct doctor *d)
{
	struct crl_about first = { 0 };
	size_t n = refvals_n_crls(d->server->refvals, &first);
	long long left = first.next_update - d->v->now_s;

	if (!n)
		return;
	doctor_tell(d, left > 0, "CoRIM revocation",
		    "fetch the list again: into [trust] corim_crls, or `assay refval crl add`",
		    left > 0 ? "%zu lists; the one of %s ends in %lld hours"
			     : "%zu lists; the one of %s ended %lld hours ago",
		    n, first.issuer, (left > 0 ? left : -left) / 3600);
}

struct first_end {
	long long now_s, at;
	size_t n_ended;
	char subject[200];
};

static int take_end(void *user, const struct cert *c, struct err *e)
{
	struct first_end *f = user;

	(void)e;
	if (cert_not_after(c) < f->now_s)
		f->n_ended++; /* it certifies nobody any more, and hides nothing */
	else if (!f->at || cert_not_after(c) < f->at) {
		f->at = cert_not_after(c);
		snprintf(f->subject, sizeof(f->subject), "%s", cert_subject(c));
	}
	return 0;
}

/* What rests on a root ends with it. */
static void check_ends(struct doctor *d, const char *what, const struct trust_store *roots)
{
	struct first_end f = { .now_s = d->v->now_s };
	struct err e = { 0 };
	long long left;

	if (trust_store_each(roots, take_end, &f, &e))
		return;
	if (f.n_ended)
		doctor_note(what, "%zu of them have ended, and certify nobody new", f.n_ended);
	if (!f.at)
		return;
	left = f.at - d->v->now_s;
	if (left <= EXPIRES_SOON_S)
		doctor_tell(d, false, what, "ask its owner for the next one, and put it beside it",
			    "%s ends in %lld days", f.subject, left / 86400);
}

static void check_trust(struct doctor *d)
{
	struct refs *refs;
	size_t n;

	if (!d->server)
		return;
	n = trust_store_count(d->server->device_roots);
	doctor_tell(d, n > 0, "device roots",
		    "[trust] device_roots: the vendors' root certificates",
		    "%zu; without one every device is refused", n);
	n = refvals_n_anchors(d->server->refvals);
	doctor_tell(d, n > 0, "CoRIM signers",
		    "[trust] corim_roots or `assay refval anchor add`: see `assay refval keygen`",
		    "%zu; without one no reference value is taken", n);
	check_signer_crls(d);
	n = trust_store_count(d->server->ek_roots);
	doctor_tell(d, true, "EK roots", "", "%zu%s", n,
		    n ? "" : "; hosts join by registered EK or by token");
	check_crls(d);
	check_ends(d, "device roots", d->server->device_roots);
	check_ends(d, "EK roots", d->server->ek_roots);
	refs = refvals_take(d->server->refvals);
	n = refs_count(refs);
	refvals_give(d->server->refvals, refs);
	doctor_tell(d, n > 0, "reference values", "assay refval learn, then assay refval import",
		    "%zu triples; without them nothing is affirmed", n);
}

static void check_clock(struct doctor *d)
{
	bool year = d->v->now_s > YEAR_2026;

	doctor_tell(
		d, year && d->v->synchronised, "clock",
		year ? "timedatectl set-ntp true, or chrony: nonces, certificates and ends go by it"
		     : "set it: nonces and certificates go by it",
		"%s",
		!year		     ? "before 2026"
		: d->v->synchronised ? "synchronised"
				     : "plausible, and nothing keeps it right");
}

static void check_switches(struct doctor *d)
{
	doctor_tell(d, !d->s->release_from_test_sources, "test switches",
		    "remove [test] from the configuration",
		    d->s->release_from_test_sources
			    ? "shares go out to hosts whose devices are simulated"
			    : "none");
	if (d->s->session_required || d->s->ide_required)
		doctor_tell(d, false, "policy",
			    "remove [policy] session_required and ide_required: nothing can show "
			    "either in this version",
			    "no host gets a key");
}

int doctor_run(const struct settings *s, const struct doctor_view *v, struct err *e)
{
	struct doctor d = { .s = s, .v = v };

	check_secrets(&d);
	check_config(&d);
	check_space(&d, "space", s->state);
	check_kek(&d);
	check_open(&d);
	check_tls(&d);
	check_trust(&d);
	doctor_rows(&d);
	check_clock(&d);
	check_switches(&d);
	server_drop(&d.server);
	return d.n_bad ? err_set(e, E_POLICY, "%zu of these want doing", d.n_bad) : 0;
}
