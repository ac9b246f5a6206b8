// SPDX-License-Identifier: Apache-2.0
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/file.h"
#include "refvals.h"

enum { EXPIRES_SOON_S = 30 * 86400, YEAR_2026 = 1767225600 };

struct doctor {
	const struct settings *s;
	struct server *server; /* NULL: it does not open */
	size_t n_bad;
};

__attribute__((format(printf, 5, 6))) static void
find(struct doctor *d, bool good, const char *what, const char *next, const char *said, ...)
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

static void check_private(struct doctor *d, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		find(d, false, "state", "assay-server init", "%s is not there", path);
	else if (st.st_mode & 077)
		find(d, false, "state", "chmod go= on it; then think who has read it",
		     "%s may be read by others (mode %03o)", path, st.st_mode & 0777);
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
		find(d, true, "state", "", "%s and its keys are this user's alone", d->s->state);
}

static void check_open(struct doctor *d)
{
	struct err e = { 0 };
	bool good = !server_open(d->s, &d->server, &e);

	find(d, good, "keys and database",
	     "restore what is missing; an older database than the audit floor was put back", "%s",
	     good ? "open, and the audit floor fits" : e.text);
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
		find(d, true, "TLS", "", "off, on a loopback address");
		return;
	}
	if (file_read(path, 65536, &pem, &e) || cert_list_from_pem(buf_bytes(pem), &certs, &e)) {
		find(d, false, "TLS", "assay-server init, or put the certificate there", "%s",
		     e.text);
		return;
	}
	left = cert_not_after(certs->at[0]) - clock_now_s();
	find(d, left > EXPIRES_SOON_S, "TLS",
	     "move to tls-next.key, whose pin the hosts know already",
	     "certificate is good for %lld days", left / 86400);
}

static void check_crls(struct doctor *d)
{
	OWNED(crls) crls = NULL;
	struct err e = { 0 };

	if (!d->s->ek_crls[0])
		return;
	if (crls_load(d->s->ek_crls, &crls, &e))
		find(d, false, "EK revocation", "fetch the list again from its vendor", "%s",
		     e.text);
	else
		find(d, true, "EK revocation", "", "%zu lists", crls_count(crls));
}

/* Lists of the folder and of the API: from the first that ends, what its issuer's people signed is out. */
static void check_signer_crls(struct doctor *d)
{
	struct crl_about first = { 0 };
	size_t n = refvals_n_crls(d->server->refvals, &first);
	long long left = first.next_update - clock_now_s();

	if (!n)
		return;
	find(d, left > 0, "CoRIM revocation",
	     "fetch the list again: into [trust] corim_crls, or `assay refval crl add`",
	     left > 0 ? "%zu lists; the one of %s ends in %lld hours"
		      : "%zu lists; the one of %s ended %lld hours ago",
	     n, first.issuer, (left > 0 ? left : -left) / 3600);
}

static void check_trust(struct doctor *d)
{
	struct refs *refs;
	size_t n;

	if (!d->server)
		return;
	n = trust_store_count(d->server->device_roots);
	find(d, n > 0, "device roots", "[trust] device_roots: the vendors' root certificates",
	     "%zu; without one every device is refused", n);
	n = refvals_n_anchors(d->server->refvals);
	find(d, n > 0, "CoRIM signers",
	     "[trust] corim_roots or `assay refval anchor add`: see `assay refval keygen`",
	     "%zu; without one no reference value is taken", n);
	check_signer_crls(d);
	n = trust_store_count(d->server->ek_roots);
	find(d, true, "EK roots", "", "%zu%s", n,
	     n ? "" : "; hosts join by registered EK or by token");
	check_crls(d);
	refs = refvals_take(d->server->refvals);
	n = refs_count(refs);
	refvals_give(d->server->refvals, refs);
	find(d, n > 0, "reference values", "assay refval learn, then assay refval import",
	     "%zu triples; without them nothing is affirmed", n);
}

static void check_rest(struct doctor *d)
{
	find(d, clock_now_s() > YEAR_2026, "clock", "set it: nonces and certificates go by it",
	     "%s", clock_now_s() > YEAR_2026 ? "plausible" : "before 2026");
	find(d, !d->s->release_from_test_sources, "test switches",
	     "remove [test] from the configuration",
	     d->s->release_from_test_sources ? "shares go out to hosts whose devices are simulated"
					     : "none");
}

int doctor_run(const struct settings *s, struct err *e)
{
	struct doctor d = { .s = s };

	check_secrets(&d);
	check_open(&d);
	check_tls(&d);
	check_trust(&d);
	check_rest(&d);
	server_drop(&d.server);
	return d.n_bad ? err_set(e, E_POLICY, "%zu of these want doing", d.n_bad) : 0;
}
