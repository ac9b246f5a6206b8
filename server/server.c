// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "refvals.h"
#include "verifier/verify.h"

/* Every certificate file of a folder; an empty name is none, a missing folder an error. */
static int each_file(const char *folder, struct trust_store *s,
		     int (*add)(struct trust_store *s, const char *path, struct err *e),
		     struct err *e)
{
	struct dirent **names = NULL;
	int n, rc = 0;

	if (!folder[0])
		return 0;
	n = scandir(folder, &names, NULL, alphasort);
	if (n < 0)
		return err_set(e, E_CONFIG, "folder of certificates %s: %s", folder,
			       strerror(errno));
	for (int i = 0; i < n; i++) {
		char path[PATH_TEXT + 260];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (!rc && names[i]->d_name[0] != '.')
			rc = add(s, path, e);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int load_roots(const char *folder, struct trust_store **out, struct err *e)
{
	*out = trust_store_new();
	if (!*out)
		return err_set(e, E_MEMORY, "no memory for trust anchors");
	return each_file(folder, *out, trust_store_add_file, e);
}

/* What enrolments will read again is read once now, so that a fault shows at the start. */
static int try_crls(const char *folder, struct err *e)
{
	OWNED(crls) c = NULL;

	return crls_load(folder, &c, e);
}

int server_open(const struct settings *s, struct server **out, struct err *e)
{
	OWNED(server) v = calloc(1, sizeof(*v));

	if (!v)
		return err_set(e, E_MEMORY, "no memory for the server");
	v->settings = s;
	if (keys_load(s->state, s->kek, &v->keys, e) ||
	    store_open(s->database, s->audit_floor, v->keys, &v->store, e) ||
	    load_roots(s->ek_roots, &v->ek_roots, e) ||
	    each_file(s->ek_intermediates, v->ek_roots, trust_store_add_intermediate_file, e) ||
	    try_crls(s->ek_crls, e) || load_roots(s->device_roots, &v->device_roots, e) ||
	    trust_store_remember(v->device_roots, CHAINS_KEPT_MAX, e) ||
	    refvals_open(v->store, s, &v->refvals, e))
		return (int)e->code;
	v->aks = verify_aks_new(AKS_KEPT_MAX);
	if (!v->aks)
		return err_set(e, E_MEMORY, "no memory for decoded keys");
	*out = TAKE(v);
	return 0;
}

void server_drop(struct server **s)
{
	if (!s || !*s)
		return;
	refvals_drop(&(*s)->refvals);
	store_drop(&(*s)->store);
	trust_store_drop(&(*s)->ek_roots);
	trust_store_drop(&(*s)->device_roots);
	server_keys_drop(&(*s)->keys);
	recall_drop(&(*s)->aks);
	free(*s);
	*s = NULL;
}
