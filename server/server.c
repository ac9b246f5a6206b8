// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "coverage.h"
#include "events.h"
#include "kept.h"
#include "metrics.h"
#include "refvals.h"
#include "rekey.h"
#include "standings.h"
#include "state_lock.h"
#include "verifier/verify.h"
#include "webhook.h"

static int load_roots(const char *folder, struct trust_store **out, struct err *e)
{
	*out = trust_store_new();
	if (!*out)
		return err_set(e, E_MEMORY, "no memory for trust anchors");
	return trust_store_add_folder(*out, folder, e);
}

/* What enrolments will read again is read once now, so that a fault shows at the start. */
static int try_crls(const char *folder, struct err *e)
{
	OWNED(crls) c = NULL;

	return crls_load(folder, &c, e);
}

/* The keys that the database's rows are written under, and the database. */
static int open_store(const struct settings *s, struct server *v, struct err *e)
{
	struct key_place kek = settings_kek(s);
	u8 id[ROOT_ID_LEN];
	bool known;

	if (rekey_settle(s, e) || state_lock(s->state, false, &v->lock, e) ||
	    store_root_id(s->database, id, &known, e) ||
	    keys_load(s->state, &kek, known ? id : NULL, &v->keys, e))
		return (int)e->code;
	return store_open(s->database, s->audit_floor, v->keys, &v->store, e);
}

int server_open_store(const struct settings *s, struct server **out, struct err *e)
{
	OWNED(server) v = calloc(1, sizeof(*v));

	if (!v)
		return err_set(e, E_MEMORY, "no memory for the server");
	v->settings = s;
	v->lock = -1;
	if (open_store(s, v, e))
		return (int)e->code;
	*out = TAKE(v);
	return 0;
}

static int fill_standings(struct tx *tx, void *arg, struct err *e)
{
	return standings_fill(tx, arg, e);
}

static int bring_up_to_date(struct server *v, struct err *e)
{
	long long n = 0;

	if (store_write(v->store, fill_standings, &n, e))
		return (int)e->code;
	if (n)
		log_event(LOG_LEVEL_INFO, "standings-made", LOG_N("hosts", n));
	return 0;
}

int server_open(const struct settings *s, struct server **out, struct err *e)
{
	OWNED(server) v = NULL;

	if (server_open_store(s, &v, e) || load_roots(s->ek_roots, &v->ek_roots, e) ||
	    trust_store_add_intermediate_folder(v->ek_roots, s->ek_intermediates, e) ||
	    try_crls(s->ek_crls, e) || load_roots(s->device_roots, &v->device_roots, e) ||
	    trust_store_remember(v->device_roots, CHAINS_KEPT_MAX, e) ||
	    refvals_open(v->store, s, &v->refvals, e) || bring_up_to_date(v, e))
		return (int)e->code;
	v->aks = verify_aks_new(AKS_KEPT_MAX);
	v->metrics = metrics_new();
	v->events = events_new(v);
	v->models = kept_new(MODELS_KEPT_S);
	if (!v->aks || !v->metrics || !v->events || !v->models)
		return err_set(e, E_MEMORY, "no memory for decoded keys");
	if (webhook_new(v, &v->webhook, e))
		return (int)e->code;
	*out = TAKE(v);
	return 0;
}

void server_drop(struct server **s)
{
	if (!s || !*s)
		return;
	webhook_drop(&(*s)->webhook);
	events_drop(&(*s)->events);
	refvals_drop(&(*s)->refvals);
	store_drop(&(*s)->store);
	trust_store_drop(&(*s)->ek_roots);
	trust_store_drop(&(*s)->device_roots);
	server_keys_drop(&(*s)->keys);
	recall_drop(&(*s)->aks);
	kept_drop(&(*s)->models);
	metrics_drop(&(*s)->metrics);
	if ((*s)->lock >= 0)
		close((*s)->lock);
	free(*s);
	*s = NULL;
}
