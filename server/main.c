// SPDX-License-Identifier: Apache-2.0
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <systemd/sd-daemon.h>

#include "assay_commit.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "audit_head.h"
#include "backup.h"
#include "check.h"
#include "doctor.h"
#include "events.h"
#include "host_pins.h"
#include "rekey.h"
#include "rotate.h"
#include "routes.h"
#include "webhook.h"

static const char usage[] =
	"usage: assay-server [--config FILE] run\n"
	"       assay-server [--config FILE] init [--name DNSNAME] [--address IP]\n"
	"       assay-server [--config FILE] token NAME ROLE    (viewer, provisioner, operator, "
	"admin)\n"
	"       assay-server [--config FILE] token reset NAME    another text for one that was "
	"lost\n"
	"       assay-server [--config FILE] check-audit [HEAD...]   the log, and against heads "
	"kept elsewhere\n"
	"       assay-server [--config FILE] audit-head          the signed head, to be kept "
	"elsewhere\n"
	"       assay-server [--config FILE] doctor              what is missing or insecure\n"
	"       assay-server [--config FILE] check               whether FILE would be taken at "
	"the "
	"next start\n"
	"       assay-server [--config FILE] rotate-nonce-key    (then restart it)\n"
	"       assay-server [--config FILE] rekey [--kek PATH|URI]   another key-encryption key; "
	"every row "
	"is written anew\n"
	"       assay-server [--config FILE] rotate tls|ear|nonce|kek [--yes]   the next key is "
	"used from "
	"the next "
	"start on\n"
	"       assay-server [--config FILE] pins                what hosts must know of its TLS "
	"keys\n"
	"       assay-server [--config FILE] backup FOLDER\n"
	"       assay-server [--config FILE] restore FOLDER\n"
	"       assay-server [--config FILE] accept-database RECORD   go on with an older "
	"database, on "
	"purpose\n"
	"       assay-server --version | --help\n"
	"The default FILE is /etc/assay/server.conf.\n";

static int complain(const struct err *e)
{
	fprintf(stderr, "assay-server: %s\n", e->text);
	return err_exit_code(e);
}

static int read_text(const char *folder, const char *name, char **out, struct err *e)
{
	OWNED(buf) b = NULL;
	char path[PATH_TEXT + 32];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (file_read(path, 65536, &b, e))
		return (int)e->code;
	*out = strndup((const char *)b->w.at, b->w.len);
	secret_wipe(b->w.at, b->w.len);
	return *out ? 0 : err_set(e, E_MEMORY, "no memory for %s", name);
}

/* ---- init ---- */
static int run_init(const struct settings *s, const char *dns, const char *ip, struct err *e)
{
	OWNED(server) v = NULL;
	char pin[TLS_PIN_TEXT], next_pin[TLS_PIN_TEXT], token[48], id[UUID_TEXT_LEN + 1];
	struct key_place kek = settings_kek(s);
	u8 root_id[ROOT_ID_LEN];

	if (folder_make(s->state, 0700, e) || keys_init(s->state, &kek, e) ||
	    root_id_in(s->state, ROOT_FILE, root_id, e) || store_init(s->database, root_id, e) ||
	    tls_make(s->state, TLS_NOW, dns, ip, e) || tls_make(s->state, TLS_NEXT, dns, ip, e) ||
	    tls_pin(s->state, TLS_NOW, pin, e) || tls_pin(s->state, TLS_NEXT, next_pin, e) ||
	    server_open(s, &v, e) || admin_token_make(v->store, "first", "admin", token, e))
		return err_while(e, "init");
	printf("# First administrator's token; it is shown only now:\n#   %s\n"
	       "# /etc/assay/agent.conf of a host:\n"
	       "[server]\nurl = https://%s:%u\npin = %s\npin = %s\ndeployment = %s\n",
	       token, dns, s->port, pin, next_pin, uuid_write(v->keys->deployment, id));
	return 0;
}

/* ---- run ---- */
static int run_server(const struct settings *s, struct err *e)
{
	OWNED(server) v = NULL;
	OWNED(http) http = NULL;
	char *key = NULL, *cert = NULL;
	struct http_config c = { .address = s->address,
				 .port = s->port,
				 .threads = s->threads,
				 .connections_max = 4096 };
	struct http_handler handler;
	sigset_t set;
	int sig, rc;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (server_open(s, &v, e))
		return (int)e->code;
	if (s->tls && (tls_settle(s->state, e) || read_text(s->state, "tls.key", &key, e) ||
		       read_text(s->state, "tls.crt", &cert, e)))
		return (int)e->code;
	c.tls_key = key;
	c.tls_cert = cert;
	handler = routes_handler(v);
	rc = events_start(v->events, e) || webhook_start(v->webhook, e) ||
			     http_start(&c, &handler, &http, e)
		     ? (int)e->code
		     : 0;
	if (!rc) {
		log_event(LOG_LEVEL_INFO, "started", LOG_T("version", ASSAY_VERSION),
			  LOG_T("commit", ASSAY_COMMIT), LOG_T("address", s->address),
			  LOG_N("port", http_port(http)), LOG_N("tls", s->tls));
		if (s->release_from_test_sources)
			log_event(LOG_LEVEL_WARN, "TEST-SWITCH",
				  LOG_T("switch", "release_from_test_sources"),
				  LOG_T("meaning",
					"shares go out to hosts whose devices are simulated"));
		sd_notify(0, "READY=1");
		sigwait(&set, &sig);
		sd_notify(0, "STOPPING=1");
		log_event(LOG_LEVEL_INFO, "stopping", LOG_N("signal", sig));
	}
	webhook_end(v->webhook);
	events_end(v->events);
	http_drop(&http);
	if (key)
		secret_wipe(key, strlen(key));
	free(key);
	free(cert);
	return rc;
}

static int check_audit_job(struct tx *tx, void *arg, struct err *e)
{
	return audit_check(tx, arg, e);
}

static int run_check_audit(const struct settings *s, char **heads, int n_heads, struct err *e)
{
	OWNED(server) v = NULL;
	long long n = 0, seq;

	if (server_open(s, &v, e) || store_read(v->store, check_audit_job, &n, e))
		return (int)e->code;
	printf("%lld audit records, unbroken\n", n);
	for (int i = 0; i < n_heads; i++) {
		OWNED(buf) b = NULL;

		if (file_read(heads[i], 65536, &b, e))
			return (int)e->code;
		while (b->w.len && b->w.at[b->w.len - 1] == '\n')
			b->w.len--;
		if (audit_head_check(v, buf_bytes(b), &seq, e))
			return err_while(e, "%s", heads[i]);
		printf("%s: record %lld is in the log\n", heads[i], seq);
	}
	return 0;
}

static int run_audit_head(const struct settings *s, struct err *e)
{
	OWNED(server) v = NULL;
	OWNED(buf) jws = NULL;

	if (server_open(s, &v, e) || audit_head_export(v, &jws, e))
		return (int)e->code;
	printf("%.*s\n", (int)jws->w.len, (const char *)jws->w.at);
	return 0;
}

static int run_token(const struct settings *s, const char *name, const char *role, struct err *e)
{
	OWNED(server) v = NULL;
	char token[48];

	if (server_open(s, &v, e) || admin_token_make(v->store, name, role, token, e))
		return (int)e->code;
	puts(token);
	return 0;
}

struct resetting {
	const char *name;
	char text[TOKEN_TEXT_SIZE];
};

static int reset_token(struct tx *tx, void *arg, struct err *e)
{
	struct resetting *r = arg;

	return token_reset(tx, r->name, "local", r->text, e);
}

static int run_token_reset(const struct settings *s, const char *name, struct err *e)
{
	OWNED(server) v = NULL;
	struct resetting r = { .name = name };

	if (server_open(s, &v, e) || store_write(v->store, reset_token, &r, e))
		return (int)e->code;
	puts(r.text);
	secret_wipe(r.text, sizeof(r.text));
	return 0;
}

static int run_rekey(const struct settings *s, const char *to, struct err *e)
{
	struct key_place next = { to, s->kek_provider, s->kek_pin_file };
	char hex[2 * KEK_ID_LEN + 1];
	u8 id[KEK_ID_LEN];
	long long n = 0;

	if (to && strstr(to, "pin-value"))
		return err_set(e, E_USAGE, "others see a PIN on a command line: [kek] pin_file");
	if (rekey_run(s, to ? &next : NULL, id, &n, e))
		return err_while(e, "rekey");
	printf("%lld rows are written under key-encryption key %s\n", n,
	       hex_write((struct bytes){ id, 8 }, hex));
	if (to)
		printf("set [kek] %s to it before the next start, then remove the old key\n",
		       key_place_is_uri(to) ? "uri" : "file");
	return 0;
}

static int print_lacking(void *user, const char *host, bool initramfs, struct err *e)
{
	int *left = user;

	(void)e;
	if ((*left)-- > 0)
		printf("# without it: %s%s\n", host, initramfs ? ", in its initramfs" : "");
	return 0;
}

struct counting {
	u8 pin[EAT_PIN_LEN];
	struct pins_lacking lacking;
	int names; /* to print at most */
	char now[TLS_PIN_TEXT], next[TLS_PIN_TEXT];
};

static int count_lacking(struct tx *tx, void *arg, struct err *e)
{
	struct counting *c = arg;

	if (host_pins_lacking(tx, c->pin, &c->lacking, e))
		return (int)e->code;
	return c->names ? host_pins_each(tx, c->pin, print_lacking, &c->names, e) : 0;
}

/* Who would not know the server any more if it used its next key. */
static int next_pin(const struct settings *s, struct counting *c, struct err *e)
{
	OWNED(server) v = NULL;
	u8 raw[32];

	if (tls_settle(s->state, e) || tls_pin(s->state, TLS_NOW, c->now, e) ||
	    tls_pin(s->state, TLS_NEXT, c->next, e) || server_open_store(s, &v, e))
		return (int)e->code;
	if (base64_read(bytes_text(c->next), raw, sizeof(raw)) != sizeof(raw))
		return err_set(e, E_INTERNAL, "pin of the next key");
	memcpy(c->pin, raw, sizeof(c->pin));
	return store_read(v->store, count_lacking, c, e);
}

static int run_pins(const struct settings *s, struct err *e)
{
	struct counting c = { .names = 100 };

	if (next_pin(s, &c, e))
		return (int)e->code;
	printf("pin = %s\npin = %s\n", c.now, c.next);
	printf("# the second one, the next key's, is not known to the initramfs of %lld and the "
	       "system "
	       "of %lld of %lld hosts; %lld have told nothing\n",
	       c.lacking.initramfs, c.lacking.system, c.lacking.hosts, c.lacking.silent);
	return 0;
}

static int rotate_tls(const struct settings *s, bool yes, struct err *e)
{
	struct counting c = { .names = 0 };

	if (!next_pin(s, &c, e) && !yes && (c.lacking.initramfs || c.lacking.system))
		return err_set(
			e, E_POLICY,
			"the initramfs of %lld and the system of %lld hosts do not know the next "
			"key (assay-server pins): --yes if they may lose their server",
			c.lacking.initramfs, c.lacking.system);
	if (e->code && e->code != E_NOTFOUND)
		return (int)e->code;
	if (tls_rotate(s->state, e) || next_pin(s, &c, e))
		return (int)e->code;
	printf("pin = %s\npin = %s\n", c.now, c.next);
	return 0;
}

static int run_rotate(const struct settings *s, const char *what, const char *kek, bool yes,
		      struct err *e)
{
	int rc;

	if (!strcmp(what, "kek"))
		return run_rekey(s, kek, e);
	if (!strcmp(what, "nonce"))
		rc = keys_rotate_nonce(s->state, clock_now_s(), e);
	else if (!strcmp(what, "ear"))
		rc = ear_rotate(s->state, e);
	else if (!strcmp(what, "tls"))
		rc = rotate_tls(s, yes, e);
	else
		return err_set(e, E_USAGE, "tls, ear, nonce or kek can be rotated");
	if (rc)
		return err_while(e, "rotate %s", what);
	fprintf(stderr, "assay-server: the new key counts from the next start on\n");
	return 0;
}

static int run_doctor(const struct settings *s, const char *config, struct err *e)
{
	struct doctor_view v = doctor_view_now(config);

	return doctor_run(s, &v, e);
}

static int run_backup(const struct settings *s, const char *folder, struct err *e)
{
	long long seq = 0;

	if (backup_make(s, folder, &seq, e))
		return (int)e->code;
	printf("%s: all up to record %lld%s\n", folder, seq,
	       key_place_is_uri(s->kek) ? "; the key-encryption key stays in its token" : "");
	return 0;
}

static int run_accept(const struct settings *s, const char *record, struct err *e)
{
	long long seq;

	if (config_number(&seq, 0, INT64_MAX, record, e))
		return (int)e->code;
	return backup_accept(s, seq, e);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "name", required_argument, NULL, 'n' },
		{ "address", required_argument, NULL, 'a' },
		{ "kek", required_argument, NULL, 'k' },
		{ "yes", no_argument, NULL, 'y' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *config = "/etc/assay/server.conf", *name = "localhost", *address = NULL,
		   *kek = NULL;
	bool yes = false;
	struct settings s;
	struct err e = { 0 };
	int opt, rc;

	prctl(PR_SET_DUMPABLE, 0); /* keys never in a core dump */
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			config = optarg;
			break;
		case 'n':
			name = optarg;
			break;
		case 'a':
			address = optarg;
			break;
		case 'y':
			yes = true;
			break;
		case 'k':
			kek = optarg;
			break;
		case 'V':
			printf("assay-server %s (%s)\n", ASSAY_VERSION, ASSAY_COMMIT);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 1;
		}
	}
	argc -= optind;
	argv += optind;
	if (settings_load(config, &s, &e))
		return complain(&e);
	if (argc == 1 && !strcmp(argv[0], "run"))
		rc = run_server(&s, &e);
	else if (argc == 1 && !strcmp(argv[0], "init"))
		rc = run_init(&s, name, address, &e);
	else if (argc == 3 && !strcmp(argv[0], "token") && !strcmp(argv[1], "reset"))
		rc = run_token_reset(&s, argv[2], &e);
	else if (argc == 3 && !strcmp(argv[0], "token"))
		rc = run_token(&s, argv[1], argv[2], &e);
	else if (argc == 1 && !strcmp(argv[0], "rotate-nonce-key"))
		rc = keys_rotate_nonce(s.state, clock_now_s(), &e);
	else if (argc == 1 && !strcmp(argv[0], "rekey"))
		rc = run_rekey(&s, kek, &e);
	else if (argc == 2 && !strcmp(argv[0], "rotate"))
		rc = run_rotate(&s, argv[1], kek, yes, &e);
	else if (argc == 1 && !strcmp(argv[0], "pins"))
		rc = run_pins(&s, &e);
	else if (argc == 2 && !strcmp(argv[0], "backup"))
		rc = run_backup(&s, argv[1], &e);
	else if (argc == 2 && !strcmp(argv[0], "restore"))
		rc = backup_restore(&s, argv[1], &e);
	else if (argc == 2 && !strcmp(argv[0], "accept-database"))
		rc = run_accept(&s, argv[1], &e);
	else if (argc == 1 && !strcmp(argv[0], "doctor"))
		rc = run_doctor(&s, config, &e);
	else if (argc == 1 && !strcmp(argv[0], "check"))
		rc = check_run(&s, config, &e);
	else if (argc == 1 && !strcmp(argv[0], "audit-head"))
		rc = run_audit_head(&s, &e);
	else if (argc >= 1 && !strcmp(argv[0], "check-audit"))
		rc = run_check_audit(&s, argv + 1, argc - 1, &e);
	else {
		fputs(usage, stderr);
		return 1;
	}
	policy_clear(&s.appraisal);
	return rc ? complain(&e) : 0;
}
