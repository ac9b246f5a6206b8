// SPDX-License-Identifier: Apache-2.0
/* The server that assay.conf names, asked with the operator's token. */
#include "server.h"

#include "common/config.h"
#include "common/file.h"

static int take_url(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_text(((struct server_settings *)into)->url, 256, value, e);
}

static int take_pin(void *into, const char *arg, const char *value, struct err *e)
{
	struct server_settings *s = into;

	(void)arg;
	if (s->n_pins == PINS_MAX)
		return err_set(e, E_CONFIG, "more than %d pins", PINS_MAX);
	return config_text(s->pin[s->n_pins++], 64, value, e);
}

static int take_ca(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_text(((struct server_settings *)into)->ca, 512, value, e);
}

static int take_token_file(void *into, const char *arg, const char *value, struct err *e)
{
	(void)arg;
	return config_text(((struct server_settings *)into)->token_file, 512, value, e);
}

static int read_token(const char *path, char out[128], struct err *e)
{
	OWNED(buf) b = NULL;

	out[0] = 0;
	if (!path[0])
		return err_set(e, E_CONFIG, "[server] token_file is needed");
	if (file_read(path, 127, &b, e)) {
		if (e->code == E_NOTFOUND)
			e->code = E_CONFIG; /* a mistake of who calls, and no answer */
		return err_while(e, "[server] token_file");
	}
	memcpy(out, b->w.at, b->w.len);
	out[b->w.len] = 0;
	out[strcspn(out, "\r\n ")] = 0;
	return 0;
}

int server_settings_load(const char *path, struct server_settings *out, struct err *e)
{
	static const struct config_key keys[] = { { "server", "url", take_url },
						  { "server", "pin", take_pin },
						  { "server", "ca", take_ca },
						  { "server", "token_file", take_token_file } };

	*out = (struct server_settings){ 0 };
	return config_load(path, keys, ARRAY_LEN(keys), out, e);
}

int fetch_server(const struct cli *c, const char *method, const char *path, const char *type,
		 struct bytes body, struct buf **answer, struct err *e)
{
	struct server_settings s;
	OWNED(transport) t = NULL;
	const char *url = s.url, *pins[PINS_MAX];
	struct reply reply;
	char token[128];
	int rc = 0;

	if (server_settings_load(c->config, &s, e) || read_token(s.token_file, token, e))
		return (int)e->code;
	for (size_t i = 0; i < s.n_pins; i++)
		pins[i] = s.pin[i];
	if (transport_open(&url, 1, pins, s.n_pins, s.ca, &t, e) ||
	    transport_call(t, method, path, type, token, body, &reply, e))
		return (int)e->code;
	if (reply.status / 100 != 2)
		rc = transport_problem(&reply, e);
	else
		*answer = TAKE(reply.body);
	reply_clear(&reply);
	return rc;
}

int call_server(const struct cli *c, const char *method, const char *path, const char *type,
		struct bytes body, json_t **answer, struct err *e)
{
	OWNED(buf) b = NULL;

	if (fetch_server(c, method, path, type, body, &b, e))
		return (int)e->code;
	*answer = json_loadb((const char *)b->w.at, b->w.len, 0, NULL);
	return *answer ? 0 : err_set(e, E_FORMAT, "server's answer is not JSON");
}
