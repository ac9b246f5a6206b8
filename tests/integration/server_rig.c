// SPDX-License-Identifier: Apache-2.0
#include "server_rig.h"

#include <stdio.h>
#include <unistd.h>

#include "common/file.h"

void rig_write(const char *folder, const char *name, const char *text)
{
	char path[400];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_ok(file_write(path, bytes_text(text), 0600, &e), &e);
}

static void write_config(const struct rig_server *s)
{
	char text[800];

	snprintf(text, sizeof(text),
		 "[listen]\naddress = 127.0.0.1\nport = %d\n[store]\nstate = %s/state\n%s", s->port,
		 s->folder, s->more ? s->more : "");
	rig_write(s->folder, "server.conf", text);
}

static void read_init(struct rig_server *s, const char *path)
{
	OWNED(buf) b = file_bytes(path);
	char *at;

	assert_non_null(b);
	write_u8(&b->w, 0);
	at = strstr((char *)b->w.at, "#   ");
	assert_int_equal(sscanf(at, "#   %63s", s->token), 1);
	at = strstr((char *)b->w.at, "pin = ");
	assert_int_equal(sscanf(at, "pin = %63s", s->pin), 1);
	at = strstr((char *)b->w.at, "deployment = ");
	assert_int_equal(sscanf(at, "deployment = %63s", s->deployment), 1);
}

void rig_server_init(struct rig_server *s, const char *folder)
{
	rig_server_init_with(s, folder, NULL);
}

void rig_server_init_with(struct rig_server *s, const char *folder, const char *more)
{
	const char *const argv[] = { BUILD_FOLDER "/server/assay-server", "--config", s->config,
				     "init", NULL };
	char path[300];

	*s = (struct rig_server){ .more = more };
	snprintf(s->folder, sizeof(s->folder), "%s", folder);
	snprintf(s->config, sizeof(s->config), "%s/server.conf", folder);
	write_config(s);
	snprintf(path, sizeof(path), "%s/init.out", folder);
	assert_int_equal(rig_run(path, argv), 0);
	read_init(s, path);
}

void rig_server_start(struct rig_server *s)
{
	const char *const argv[] = { BUILD_FOLDER "/server/assay-server", "--config", s->config,
				     "run", NULL };
	char log[300];

	snprintf(log, sizeof(log), "%s/server.log", s->folder);
	unlink(log);
	write_config(s);
	s->pid = rig_start(log, argv);
	for (int i = 0; i < 1000; i++) {
		OWNED(buf) b = file_bytes(log);
		char *at = NULL;

		if (b)
			write_u8(&b->w, 0);
		if (b && b->w.len)
			at = strstr((char *)b->w.at, "port=");
		if (at && sscanf(at, "port=%d", &s->port) == 1)
			return;
		usleep(10000);
	}
	fail_msg("server did not start, see %s", log);
}

void rig_server_stop(struct rig_server *s)
{
	rig_stop(s->pid);
	s->pid = 0;
}

struct transport *rig_server_connect(const struct rig_server *s, const char *pin)
{
	char url[64];
	const char *urls[] = { url }, *pins[] = { pin };
	struct transport *t = NULL;
	struct err e = { 0 };

	snprintf(url, sizeof(url), "https://127.0.0.1:%d", s->port);
	assert_ok(transport_open(urls, 1, pins, 1, NULL, &t, &e), &e);
	return t;
}

json_t *rig_call(struct transport *t, const char *method, const char *path, const char *type,
		 const char *token, struct bytes body, long want)
{
	struct reply r;
	struct err e = { 0 };
	json_t *j;

	assert_ok(transport_call(t, method, path, type, token, body, &r, &e), &e);
	if (r.status != want)
		fail_msg("%s %s: %ld, expected %ld: %.*s", method, path, r.status, want,
			 (int)r.body->w.len, (const char *)r.body->w.at);
	j = json_loadb((const char *)r.body->w.at, r.body->w.len, 0, NULL);
	reply_clear(&r);
	return j;
}

void rig_register(const struct rig_server *s, struct transport *t, const char *ek_hash,
		  const char *name)
{
	char body[300];

	snprintf(body, sizeof(body), "{\"ek_hash\":\"%s\",\"name\":\"%s\"}", ek_hash, name);
	json_decref(rig_call(t, "POST", "/api/v1/hosts", "application/json", s->token,
			     bytes_text(body), 201));
}
