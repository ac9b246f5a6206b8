// SPDX-License-Identifier: Apache-2.0
/*
 * assay-unlock: the passphrase of a volume on stdout, for the initramfs. What it is doing, and a refusal, is one
 * sentence each on stderr; whoever sits at the console may press Enter instead, and what is typed then comes by here too.
 */
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "assay_commit.h"
#include "common/clock.h"
#include "common/text.h"
#include "disk_typed.h"
#include "opened.h"
#include "settings.h"

enum { EXIT_ENTER = 10, DEADLINE_S = 90, LEASE_AFTER_S = 30, AGAIN_MS = 2000, TICK_MS = 200 };

static const char usage[] =
	"usage: assay-unlock --uuid UUID --device PATH [--config FILE] [--deadline SECONDS]\n"
	"                    [--lease-after SECONDS] [--console FILE] [--opened FOLDER] "
	"[--plugin]\n"
	"       assay-unlock --typed --uuid UUID --device PATH [--config FILE] [--opened FOLDER]\n"
	"                    [--shown FOLDER]\n"
	"       assay-unlock --hide [--shown FOLDER]\n"
	"prints the passphrase; exit code 0, 1 usage, 2 refused, 3 cannot reach, 4 internal, "
	"10 Enter\n"
	"was pressed on the console. --typed: what a person typed is on stdin, and a recovery key\n"
	"opens too; --hide puts the recovery key's keyslot back to where nothing tries it;\n"
	"--plugin: who asks has read the header before, and has other ways: a change of keys "
	"leaves the\n"
	"keyslot that the passphrase is for until the next time, an agent that is not there is not "
	"awaited\n";

struct unlock {
	const char *device, *console, *opened, *shown;
	bool typed, hide, plugin;
	bool foreign; /* the cap tells of the volumes that the configuration names */
	u8 uuid[16];
	char socket[AGENT_PATH_MAX];
	long long until, lease_at;
	/* of the thread that asks; read by the other once `finished` is set */
	struct disk_opened result;
	struct err e;
	int rc;
	bool finished;
	pthread_mutex_t lock;
};

static void say(const char *text)
{
	fprintf(stderr, "assay: %s\n", text);
}

static bool worth_another_try(const struct unlock *u)
{
	if (u->plugin && access(u->socket, F_OK))
		return false;
	return (u->e.code == E_UNREACHABLE || u->e.code == E_AGAIN) &&
	       clock_monotonic_ms() + AGAIN_MS < u->until;
}

/* A recovery key's keyslot that an earlier boot had no time to hide. One of this boot is still wanted. */
static void hide_left(const struct unlock *u, struct luks *l)
{
	struct err why = { 0 };
	int n;

	if (u->plugin || !access(u->shown, F_OK))
		return;
	if (luks_hide_shown(l, &n, &why))
		say(why.text);
	else if (n)
		say("an earlier boot ended before the recovery key's keyslot was hidden: it is "
		    "now");
}

static int once(struct unlock *u)
{
	OWNED(luks) l = NULL;
	unsigned int how = (clock_monotonic_ms() >= u->lease_at ? DISK_MAY_LEASE : 0u) |
			   (u->plugin ? DISK_KEEP : 0u);
	long long since_ms = clock_monotonic_ms();
	u32 read_ms;

	u->e = (struct err){ 0 };
	if (luks_open(u->device, u->uuid, &l, &u->e))
		return (int)u->e.code;
	hide_left(u, l);
	read_ms = (u32)(clock_monotonic_ms() - since_ms);
	if (disk_open(l, u->device, u->socket, how, &u->result, &u->e))
		return (int)u->e.code;
	u->result.header_ms += read_ms;
	return 0;
}

static void *ask(void *arg)
{
	struct unlock *u = arg;
	char last[ERR_TEXT_MAX] = "";

	for (;;) {
		u->rc = once(u);
		if (!u->rc || !worth_another_try(u))
			break;
		if (strcmp(last, u->e.text))
			say(u->e.text);
		snprintf(last, sizeof(last), "%s", u->e.text);
		usleep(AGAIN_MS * 1000);
	}
	pthread_mutex_lock(&u->lock);
	u->finished = true;
	pthread_mutex_unlock(&u->lock);
	return NULL;
}

static bool is_finished(struct unlock *u)
{
	bool is;

	pthread_mutex_lock(&u->lock);
	is = u->finished;
	pthread_mutex_unlock(&u->lock);
	return is;
}

/* Until there is an answer, or Enter, or no time left. Return: an exit code; 0: see u->rc. */
static int wait_for(struct unlock *u)
{
	int console =
		u->console ? open(u->console, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
	int code = -1;

	while (code < 0) {
		struct pollfd p = { console, POLLIN, 0 };
		char c;

		poll(&p, 1, TICK_MS);
		if (is_finished(u))
			code = 0;
		else if (p.revents & POLLIN && read(console, &c, 1) == 1)
			code = c == '\n' || c == '\r' ? EXIT_ENTER : -1;
		else if (p.revents & (POLLERR | POLLHUP | POLLNVAL))
			console = -1;
		else if (clock_monotonic_ms() > u->until)
			code = 3;
	}
	if (console >= 0)
		close(console);
	return code;
}

/* Where no server was, whoever sits there has to know what opened it, and how often that will do. */
static void tell_of_lease(const struct unlock *u)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "no server could be reached: opened by a lease, which opens %u more boots; the "
		 "server will hear of it",
		 u->result.reboots_left);
	say(text);
}

/* The last thing before the passphrase goes out: what it all took. */
static void tell_times(const struct unlock *u)
{
	char text[DISK_TIMES_TEXT_MAX];

	if (!u->result.times.began_ms || u->plugin)
		return;
	disk_times_tell(&u->result.times, u->result.header_ms, u->result.change_ms,
			(u64)clock_monotonic_ms(), text);
	say(text);
}

static int give(struct unlock *u)
{
	struct cap_volume v;
	struct err e = { 0 };
	const struct secret *p = u->result.passphrase;
	size_t at = 0;

	memcpy(v.uuid, u->uuid, sizeof(v.uuid));
	memcpy(v.proof, u->result.proof, sizeof(v.proof));
	if (u->result.not_rotated[0]) {
		char text[400];

		snprintf(text, sizeof(text), "the key was not changed to its next epoch: %s",
			 u->result.not_rotated);
		say(text);
	}
	if (u->result.not_kept[0]) {
		char text[400];

		snprintf(text, sizeof(text), "its lease could not be kept: %s", u->result.not_kept);
		say(text);
	}
	if (u->result.by_lease)
		tell_of_lease(u);
	if ((u->result.by_lease && opened_by_lease(u->opened, &e)) ||
	    (!u->foreign && opened_write(u->opened, &v, &e))) {
		say(e.text);
		return err_exit_code(&e);
	}
	tell_times(u);
	while (at < p->len) {
		ssize_t n = write(STDOUT_FILENO, p->at + at, p->len - at);

		if (n <= 0)
			return 4;
		at += (size_t)n;
	}
	return 0;
}

/* Until the end of stdin: who reads it with an Enter at its end does not mean that. */
static int read_typed(struct secret **out, struct err *e)
{
	OWNED(secret) room = secret_new(TYPED_MAX + 1);
	size_t len = 0;
	ssize_t n;

	if (!room)
		return err_set(e, E_MEMORY, "no locked memory for a passphrase");
	while (len < room->len && (n = read(STDIN_FILENO, room->at + len, room->len - len)) > 0)
		len += (size_t)n;
	if (len > TYPED_MAX)
		return err_set(e, E_LIMIT, "a passphrase is of at most %d characters", TYPED_MAX);
	if (len && room->at[len - 1] == '\n')
		len--;
	room->len = len;
	*out = TAKE(room);
	return 0;
}

static int run_typed(struct unlock *u)
{
	OWNED(secret) typed = NULL;
	OWNED(luks) l = NULL;
	struct err e = { 0 };
	int code;

	if (read_typed(&typed, &e) || luks_open(u->device, u->uuid, &l, &e) ||
	    disk_typed(l, u->device, u->shown, secret_bytes(typed), &u->result, &e)) {
		say(e.text);
		return err_exit_code(&e);
	}
	code = give(u);
	disk_opened_clear(&u->result);
	return code;
}

static int run_hide(const struct unlock *u)
{
	struct err e = { 0 };

	if (!disk_hide_again(u->shown, &e))
		return 0;
	say(e.text);
	return err_exit_code(&e);
}

static int run(struct unlock *u)
{
	pthread_t thread;
	int code;

	say(u->console ? "asking for this volume's key; press Enter for a passphrase"
		       : "asking for this volume's key");
	if (pthread_create(&thread, NULL, ask, u))
		return 4;
	code = wait_for(u);
	if (code) { /* the thread goes with the process: what it holds is not ours to touch */
		if (code == 3)
			say("there was no answer in time");
		_exit(code);
	}
	pthread_join(thread, NULL);
	if (u->rc) {
		say(u->e.text);
		return err_exit_code(&u->e);
	}
	code = give(u);
	disk_opened_clear(&u->result);
	return code;
}

static bool is_named(const struct agent_settings *s, const u8 uuid[16])
{
	for (size_t i = 0; i < s->n_volumes; i++)
		if (!memcmp(s->volumes[i].uuid, uuid, 16))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "uuid", required_argument, NULL, 'u' },
		{ "device", required_argument, NULL, 'd' },
		{ "config", required_argument, NULL, 'c' },
		{ "deadline", required_argument, NULL, 't' },
		{ "lease-after", required_argument, NULL, 'l' },
		{ "console", required_argument, NULL, 'k' },
		{ "opened", required_argument, NULL, 'o' },
		{ "shown", required_argument, NULL, 's' },
		{ "typed", no_argument, NULL, 'y' },
		{ "hide", no_argument, NULL, 'i' },
		{ "plugin", no_argument, NULL, 'p' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static struct unlock u = { .opened = OPENED_FOLDER,
				   .shown = SHOWN_FOLDER,
				   .lock = PTHREAD_MUTEX_INITIALIZER };
	static struct agent_settings s;
	const char *config = "/etc/assay/agent.conf";
	long deadline = DEADLINE_S, lease_after = LEASE_AFTER_S;
	bool has_uuid = false, bad;
	struct err e = { 0 };
	int opt;

	prctl(PR_SET_DUMPABLE, 0);
	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case 'u':
			has_uuid = uuid_read(optarg, u.uuid);
			break;
		case 'd':
			u.device = optarg;
			break;
		case 'c':
			config = optarg;
			break;
		case 't':
			deadline = strtol(optarg, NULL, 10);
			break;
		case 'l':
			lease_after = strtol(optarg, NULL, 10);
			break;
		case 'k':
			u.console = optarg;
			break;
		case 'o':
			u.opened = optarg;
			break;
		case 's':
			u.shown = optarg;
			break;
		case 'y':
			u.typed = true;
			break;
		case 'i':
			u.hide = true;
			break;
		case 'p':
			u.plugin = true;
			break;
		case 'V':
			printf("assay-unlock %s (%s)\n", ASSAY_VERSION, ASSAY_COMMIT);
			return 0;
		default:
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 1;
		}
	}
	if (u.hide && !u.typed && !has_uuid && optind == argc)
		return run_hide(&u);
	if (u.hide || !has_uuid || !u.device || optind != argc || deadline < 1 || deadline > 3600 ||
	    lease_after < 0) {
		fputs(usage, stderr);
		return 1;
	}
	bad = agent_settings_load(config, &s, &e) != 0;
	if (u.typed) { /* a person is not kept out by a configuration */
		u.foreign = bad || !is_named(&s, u.uuid);
		return run_typed(&u);
	}
	if (bad) {
		say(e.text);
		return err_exit_code(&e);
	}
	memcpy(u.socket, s.agent_socket, sizeof(u.socket));
	u.until = clock_monotonic_ms() + deadline * 1000;
	/* in time for a try at least */
	u.lease_at = clock_monotonic_ms() +
		     (lease_after < deadline / 2 ? lease_after : deadline / 2) * 1000;
	return run(&u);
}
