// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include <netdb.h>
#include <stdio.h>
#include <unistd.h>

#include "common/cert.h"
#include "common/file.h"
#include "keys.h"
#include "policy_told.h"
#include "webhook.h"

/* ---- what it names ---- */
static int try_roots(const char *folder, struct err *e)
{
	OWNED(trust_store) t = trust_store_new();

	if (!t)
		return err_set(e, E_MEMORY, "no memory for trust anchors");
	return trust_store_add_folder(t, folder, e);
}

static int try_between(const char *folder, struct err *e)
{
	OWNED(trust_store) t = trust_store_new();

	if (!t)
		return err_set(e, E_MEMORY, "no memory for certificates");
	return trust_store_add_intermediate_folder(t, folder, e);
}

static int try_crls(const char *folder, struct err *e)
{
	OWNED(crls) c = NULL;

	return crls_load(folder, &c, e);
}

static int try_certs(const char *path, struct err *e)
{
	OWNED(cert_list) l = NULL;

	return cert_list_load(path, &l, e);
}

static int try_database(const char *path, struct err *e)
{
	return access(path, R_OK) ? err_set(e, E_CONFIG, "%s: %s; assay-server init makes one",
					    path, strerror(errno))
				  : 0;
}

static int try_named(const struct settings *s, struct err *e)
{
	const struct {
		const char *key, *value;
		int (*try)(const char *value, struct err *e);
	} rows[] = {
		{ "[trust] ek_roots", s->ek_roots, try_roots },
		{ "[trust] ek_intermediates", s->ek_intermediates, try_between },
		{ "[trust] ek_crls", s->ek_crls, try_crls },
		{ "[trust] device_roots", s->device_roots, try_roots },
		{ "[trust] corim_roots", s->corim_roots, try_roots },
		{ "[trust] corim_crls", s->corim_crls, try_crls },
		{ "[webhook] ca", s->webhook_ca, try_certs },
		{ "[store] database", s->database, try_database },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].value[0] && rows[i].try(rows[i].value, e))
			return err_while(e, "%s", rows[i].key);
	return 0;
}

static int try_address(const struct settings *s, struct err *e)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST }, *list = NULL;

	if (getaddrinfo(s->address, NULL, &hints, &list))
		return err_set(e, E_CONFIG, "[listen] address: \"%s\" is not an IP address",
			       s->address);
	freeaddrinfo(list);
	if (!s->tls && strncmp(s->address, "127.", 4) && strcmp(s->address, "::1"))
		return err_set(
			e, E_CONFIG,
			"[listen] tls: plain HTTP is for loopback addresses only, not for %s",
			s->address);
	return 0;
}

static int try_keys(const struct settings *s, struct err *e)
{
	struct key_place kek = settings_kek(s);
	OWNED(keypair) k = NULL;
	OWNED(secret) hook = NULL;
	OWNED(server_keys) keys = NULL;
	char sealed[512];

	if (keypair_open(&kek, &k, e))
		return err_while(e, "[kek]");
	snprintf(sealed, sizeof(sealed), "%.400s/root.sealed", s->state);
	if (access(sealed, F_OK))
		printf("note: %s is not there: assay-server init makes it\n", sealed);
	else if (keys_load(s->state, &kek, NULL, &keys,
			   e)) /* sealed for another one, it opens nothing */
		return err_while(e, "[store] state");
	return s->webhook_url[0] ? webhook_key_load(s->webhook_key_file, &hook, e) : 0;
}

/* ---- what it says ---- */
static void print_rule(const json_t *row)
{
	const json_t *value = json_object_get(row, "value"), *one;
	const char *key = json_string_value(json_object_get(row, "key"));
	size_t i;

	if (json_is_true(json_object_get(row, "default")))
		return;
	if (!json_array_size(value))
		printf("  [policy] %s: none\n", key);
	json_array_foreach(value, i, one)
		printf("  [policy] %s = %s\n", key, json_string_value(one));
}

/* Taken, and still not what anybody wants. */
static void print_warnings(const struct settings *s)
{
	if (s->session_required || s->ide_required)
		printf("note: with session_required or ide_required no host gets a key\n");
	if (s->release_from_test_sources)
		printf("note: [test] gives keys to hosts whose devices are simulated\n");
	if (!s->device_roots[0])
		printf("note: without [trust] device_roots every device is refused\n");
	if (s->webhook_key_file[0] && !s->webhook_url[0])
		printf("note: [webhook] key_file without url: nothing is sent\n");
}

int check_run(const struct settings *s, const char *path, struct err *e)
{
	json_t *rules, *row;
	size_t i;

	if (try_address(s, e) || try_named(s, e) || try_keys(s, e)) {
		if (e->code == E_NOTFOUND || e->code == E_FORMAT)
			e->code = E_CONFIG; /* the file names it: the file is what is wrong */
		return err_while(e, "%s", path);
	}
	printf("%s would be taken\n", path);
	rules = policy_told(s);
	json_array_foreach(rules, i, row) print_rule(row);
	json_decref(rules);
	print_warnings(s);
	return 0;
}
