// SPDX-License-Identifier: Apache-2.0
/* What the database tells a doctor. */
#include <stdio.h>
#include <time.h>

#include "audit.h"
#include "common/text.h"
#include "corim_rows.h"
#include "doctor.h"
#include "host_pins.h"
#include "rotate.h"
#include "tokens.h"

enum {
	BACKUP_EACH_S = 30 * 86400,
	WINDOW_SOON_S = 3 * 86400,
	TOKEN_SOON_S = 14 * 86400,
	WEBHOOK_LATE_S = 3600,
};

struct looking {
	struct doctor *d;
	/* tokens */
	size_t n_endless, n_admins, n_forged;
	char endless[200], ending[TOKEN_NAME_MAX + 1];
	long long ends; /* the first that does, within TOKEN_SOON_S */
	/* windows */
	size_t n_windows;
	long long window;
	char corim[65];
	/* counts */
	long long number[2];
	u8 pin[EAT_PIN_LEN];
	struct pins_lacking lacking;
};

static const char *time_text(long long at, char out[32])
{
	time_t t = (time_t)at;
	struct tm tm;

	out[0] = 0;
	if (gmtime_r(&t, &tm))
		strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

static int take_numbers(void *user, const struct db_row *row, struct err *e)
{
	struct looking *l = user;

	(void)e;
	l->number[0] = row->at[0].number;
	l->number[1] = row->at[1].number;
	return 0;
}

/* ---- audit and backups ---- */
static int check_chain(struct tx *tx, void *arg, struct err *e)
{
	struct looking *l = arg;

	return audit_check(tx, &l->number[0], e);
}

static void tell_audit(struct looking *l)
{
	struct err e = { 0 };
	bool good = !store_read(l->d->server->store, check_chain, l, &e);

	if (good)
		doctor_tell(l->d, true, "audit log", "", "%lld records, unbroken", l->number[0]);
	else
		doctor_tell(l->d, false, "audit log",
			    "assay-server check-audit with heads kept elsewhere; think who could "
			    "write there, and restore a backup",
			    "%s", e.text);
}

static int last_backup(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db,
		      "SELECT (SELECT count(*) FROM hosts), (SELECT coalesce(max(time), 0) FROM"
		      " audit WHERE event = 'backup-made')",
		      NULL, 0, take_numbers, arg, NULL, e);
}

static void tell_backup(struct looking *l)
{
	static const char next[] = "assay-server backup FOLDER, and keep its parts apart: without "
				   "one a broken disk costs every share";
	long long hosts, at, age;
	struct err e = { 0 };
	char when[32];

	if (store_read(l->d->server->store, last_backup, l, &e)) {
		doctor_tell(l->d, false, "backup", "see above", "%s", e.text);
		return;
	}
	hosts = l->number[0];
	at = l->number[1];
	age = l->d->v->now_s - at;
	if (!at)
		doctor_tell(l->d, !hosts, "backup", next,
			    "none was ever made, %lld hosts are enrolled", hosts);
	else
		doctor_tell(l->d, age <= BACKUP_EACH_S, "backup", next,
			    "the last was made at %s, %lld days ago", time_text(at, when),
			    age / 86400);
}

/* ---- tokens ---- */
static int take_token(void *user, const struct admin_token *t, bool genuine, struct err *e)
{
	struct looking *l = user;
	long long left = t->not_after - l->d->v->now_s, life = t->not_after - t->created;
	size_t used = strlen(l->endless);

	(void)e;
	l->n_forged += !genuine;
	if (!genuine || t->revoked || (t->not_after && left <= 0))
		return 0;
	l->n_admins += !strcmp(t->role, "admin") && !*t->groups;
	if (!t->not_after) {
		l->n_endless++;
		snprintf(l->endless + used, sizeof(l->endless) - used, "%s%s", used ? ", " : "",
			 t->name);
	} else if (left <= TOKEN_SOON_S && left <= life / 4 &&
		   (!l->ends || t->not_after < l->ends)) {
		l->ends = t->not_after;
		memcpy(l->ending, t->name, sizeof(l->ending));
	}
	return 0;
}

static int look_at_tokens(struct tx *tx, void *arg, struct err *e)
{
	return tokens_all(tx, take_token, arg, e);
}

static void tell_tokens(struct looking *l)
{
	struct err e = { 0 };
	char when[32];

	if (store_read(l->d->server->store, look_at_tokens, l, &e)) {
		doctor_tell(l->d, false, "tokens", "see above", "%s", e.text);
		return;
	}
	if (l->n_forged)
		doctor_tell(l->d, false, "tokens",
			    "revoke them by name (assay token list); think who could write there",
			    "%zu rows were changed in the database: they open nothing",
			    l->n_forged);
	doctor_tell(l->d, l->n_admins > 0, "administrators", "assay-server token NAME admin",
		    "%zu tokens for all groups", l->n_admins);
	if (l->ends)
		doctor_tell(l->d, false, "tokens",
			    "assay token create NAME ROLE --until +90d, for who still needs it",
			    "%s ends at %s", l->ending, time_text(l->ends, when));
	if (l->n_endless)
		doctor_note("tokens", "%zu never end (assay token create --until gives an end): %s",
			    l->n_endless, l->endless);
}

/* ---- windows of reference values ---- */
static int take_window(void *user, const struct corim_head *head, struct err *e)
{
	struct looking *l = user;
	long long until = head->row.until, left = until - l->d->v->now_s;

	(void)e;
	if (!until || left <= 0 || left > WINDOW_SOON_S)
		return 0;
	if (!l->n_windows++ || until < l->window) {
		l->window = until;
		hex_write(bytes_slice(head->digest, 0, 8), l->corim);
	}
	return 0;
}

static int look_at_windows(struct tx *tx, void *arg, struct err *e)
{
	return corim_heads_active(tx, take_window, arg, e);
}

static void tell_windows(struct looking *l)
{
	struct err e = { 0 };
	char when[32];

	if (store_read(l->d->server->store, look_at_windows, l, &e))
		doctor_tell(l->d, false, "reference values", "see above", "%s", e.text);
	else if (l->n_windows)
		doctor_tell(l->d, false, "reference values",
			    "assay refval show it; assay refval activate it --until +14d where "
			    "hosts still need it",
			    "%zu count for three days at most, the first is %s until %s",
			    l->n_windows, l->corim, time_text(l->window, when));
}

/* ---- webhooks and pins ---- */
static int count_webhooks(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, "SELECT count(*), coalesce(min(time), 0) FROM webhooks", NULL, 0,
		      take_numbers, arg, NULL, e);
}

static void tell_webhooks(struct looking *l)
{
	struct err e = { 0 };
	long long late;

	if (!l->d->s->webhook_url[0])
		return;
	if (store_read(l->d->server->store, count_webhooks, l, &e)) {
		doctor_tell(l->d, false, "webhook", "see above", "%s", e.text);
		return;
	}
	late = l->number[0] ? l->d->v->now_s - l->number[1] : 0;
	doctor_tell(l->d, late <= WEBHOOK_LATE_S, "webhook",
		    "the log says why (event=webhook-not-taken); what waits for three days is "
		    "dropped",
		    late > WEBHOOK_LATE_S
			    ? "%lld wait, the oldest since %lld minutes: the receiver takes none"
			    : "%lld wait",
		    l->number[0], late / 60);
}

static int count_lacking(struct tx *tx, void *arg, struct err *e)
{
	struct looking *l = arg;

	return host_pins_lacking(tx, l->pin, &l->lacking, e);
}

static void tell_pins(struct looking *l)
{
	char next[TLS_PIN_TEXT];
	struct err e = { 0 };
	u8 raw[32];

	if (!l->d->s->tls || tls_pin(l->d->s->state, TLS_NEXT, next, &e) ||
	    base64_read(bytes_text(next), raw, sizeof(raw)) != sizeof(raw))
		return;
	memcpy(l->pin, raw, sizeof(l->pin));
	if (!store_read(l->d->server->store, count_lacking, l, &e) &&
	    (l->lacking.initramfs || l->lacking.system))
		doctor_note("pins",
			    "%lld hosts and the initramfs of %lld do not know the next TLS key "
			    "(assay-server pins)",
			    l->lacking.system, l->lacking.initramfs);
}

void doctor_rows(struct doctor *d)
{
	struct looking l = { .d = d };

	if (!d->server)
		return;
	tell_audit(&l);
	tell_backup(&l);
	tell_tokens(&l);
	tell_windows(&l);
	tell_webhooks(&l);
	tell_pins(&l);
}
