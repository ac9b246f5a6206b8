// SPDX-License-Identifier: Apache-2.0
/*
 * The agent as a service: what it tells the service manager, what it does when servers go away and
 * come back, and how it ends. Rounds are an hour apart, so that only what the test does explains one.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/local.h"
#include "agent/round.h"
#include "agent/verbs.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/text.h"
#include "../unit/ima_sample.h"
#include "server_rig.h"

enum { PATIENCE_MS = 20000, JSON_MAX = 1024 * 1024 };

struct fixture {
	char folder[256], config[300], socket[300];
	struct rig_server s;
	struct rig_tpm sw;
	pid_t collector, agent;
	int notify; /* the service manager's end */
	char said[16384];
};

/* ---- the service manager ---- */
static void open_notify(struct fixture *f)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%.90s/notify", f->folder);
	f->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(f->notify, (struct sockaddr *)&a, sizeof(a)), errno);
}

/* One thing that the agent says, if there is one within @ms. */
static void hear(struct fixture *f, int ms)
{
	struct pollfd p = { f->notify, POLLIN, 0 };
	size_t len = strlen(f->said);
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return;
	assert_true(len + 2048 < sizeof(f->said));
	n = recv(f->notify, f->said + len, 2000, 0);
	assert_true(n > 0);
	f->said[len + (size_t)n] = '\n';
	f->said[len + (size_t)n + 1] = 0;
}

/* Collect what the agent says until @words are in it; what was said is forgotten after them. */
static void await_words(struct fixture *f, const char *words)
{
	long long end = clock_monotonic_ms() + PATIENCE_MS;
	char *at;

	while (!(at = strstr(f->said, words))) {
		if (clock_monotonic_ms() > end)
			fail_msg("the agent did not say \"%s\", but: %s", words, f->said);
		hear(f, 100);
	}
	memmove(f->said, at + strlen(words), strlen(at + strlen(words)) + 1);
}

/* ---- the agent ---- */
static const char *more = ""; /* of the configuration */

static void configure(struct fixture *f, const char *urls)
{
	char text[3000];

	snprintf(text, sizeof(text),
		 "[server]\n%spin = %s\ndeployment = %s\n[host]\nname = host-a\n[tpm]\ntcti = %s\n"
		 "[logs]\nboot = %s/boot.log\nima = %s/ima.list\n[devices]\npci "
		 "=\n[rounds]\ninterval = 1h\n"
		 "[sockets]\ncollector = %s/collector.sock\nagent = %s\n%s",
		 urls, f->s.pin, f->s.deployment, f->sw.tcti, f->folder, f->folder, f->folder,
		 f->socket, more);
	rig_write(f->folder, "agent.conf", text);
}

static void configure_one(struct fixture *f)
{
	char url[80];

	snprintf(url, sizeof(url), "url = https://127.0.0.1:%d\n", f->s.port);
	configure(f, url);
}

static void start_agent(struct fixture *f)
{
	const char *const argv[] = { BUILD_FOLDER "/agent/assay-agent", "--config", f->config,
				     "run", NULL };
	char log[300], path[300];

	f->said[0] = 0;
	snprintf(log, sizeof(log), "%s/agent.log", f->folder);
	snprintf(path, sizeof(path), "%s/notify", f->folder);
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_USEC", "400000", 1);
	f->agent = rig_start(log, argv);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
}

/* Exit status after @signal; -1 when it was killed or does not end. */
static int end_agent(struct fixture *f, int signal)
{
	int status = 0;

	kill(f->agent, signal);
	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		if (waitpid(f->agent, &status, WNOHANG) == f->agent) {
			f->agent = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		}
		usleep(10000);
	}
	return -1;
}

static void run_once(const struct fixture *f, const char *verb, int want)
{
	const char *const argv[] = { BUILD_FOLDER "/agent/assay-agent", "--config", f->config, verb,
				     NULL };
	char log[300];

	snprintf(log, sizeof(log), "%s/%s.out", f->folder, verb);
	unlink(log);
	assert_int_equal(rig_run(log, argv), want);
}

static void read_ek_hash(struct fixture *f, char out[65])
{
	OWNED(buf) hash = NULL;
	char path[300];

	run_once(f, "ek-hash", 0);
	snprintf(path, sizeof(path), "%s/ek-hash.out", f->folder);
	hash = file_bytes(path);
	assert_true(hash && hash->w.len >= 64);
	snprintf(out, 65, "%.64s", (char *)hash->w.at);
}

static void register_ek(struct fixture *f, const char *name)
{
	OWNED(transport) t = rig_server_connect(&f->s, f->s.pin);
	char hash[65];

	read_ek_hash(f, hash);
	rig_register(&f->s, t, hash, name);
}

static void enrol(struct fixture *f)
{
	register_ek(f, "host-a");
	run_once(f, "enroll", 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *const collector[] = { BUILD_FOLDER "/agent/assay-collector", "--config",
					  f->config, NULL };
	char path[320], log[320];
	struct err e = { 0 };

	*state = f;
	rig_folder(f->folder);
	snprintf(f->config, sizeof(f->config), "%s/agent.conf", f->folder);
	snprintf(f->socket, sizeof(f->socket), "%s/agent.sock", f->folder);
	open_notify(f);
	rig_server_init(&f->s, f->folder);
	rig_server_start(&f->s);
	snprintf(path, sizeof(path), "%s/tpm", f->folder);
	assert_ok(folder_make(path, 0700, &e), &e);
	rig_tpm_start(&f->sw, path);
	snprintf(log, sizeof(log), "%s/boot.log", f->folder);
	rig_tpm_boot(&f->sw, log);
	configure_one(f);
	snprintf(log, sizeof(log), "%s/collector.log", f->folder);
	f->collector = rig_start(log, collector);
	snprintf(path, sizeof(path), "%s/collector.sock", f->folder);
	rig_wait_for(path);
	enrol(f);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rig_stop(f->agent);
	rig_stop(f->collector);
	rig_server_stop(&f->s);
	rig_tpm_stop(&f->sw);
	close(f->notify);
	rig_folder_remove(f->folder);
	free(f);
	return 0;
}

static struct bytes whom_asked; /* argument of AGENT_ATTEST: for whom; none: for the server */

struct asking {
	const struct fixture *f;
	unsigned int verb;
	struct buf *answer;
	struct err *e;
	int rc;
	bool done; /* atomic */
};

static void *ask_apart(void *arg)
{
	struct asking *a = arg;

	a->rc = local_ask(a->f->socket, a->verb, whom_asked, JSON_MAX, &a->answer, a->e);
	__atomic_store_n(&a->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* A service manager listens all the while: with ten words unheard the agent would wait for it, and we for the agent. */
static int ask(struct fixture *f, unsigned int verb, char *out, size_t size, struct err *e)
{
	struct asking a = { .f = f, .verb = verb, .e = e };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, ask_apart, &a), 0);
	while (!__atomic_load_n(&a.done, __ATOMIC_ACQUIRE))
		hear(f, 20);
	pthread_join(thread, NULL);
	if (a.rc)
		return a.rc;
	assert_true(a.answer->w.len < size);
	memcpy(out, a.answer->w.at, a.answer->w.len);
	out[a.answer->w.len] = 0;
	buf_drop(&a.answer);
	return 0;
}

static void the_service_manager_hears_of_start_work_life_and_end(void **state)
{
	static const char *const work[] = { "READY=1",
					    "STATUS=attesting: keys",
					    "STATUS=attesting: inventory",
					    "STATUS=attesting: nonce",
					    "STATUS=attesting: device evidence",
					    "STATUS=attesting: quote",
					    "STATUS=attesting: boot log",
					    "STATUS=attesting: verdict",
					    "STATUS=last verdict: warning" };
	struct fixture *f = *state;
	long long start;

	start_agent(f);
	for (size_t i = 0; i < ARRAY_LEN(work); i++) /* in this order */
		await_words(f, work[i]);
	f->said[0] = 0;
	start = clock_monotonic_ms();
	for (int i = 0; i < 5; i++) /* nothing to do, and alive: twice per 400 ms */
		await_words(f, "WATCHDOG=1");
	assert_null(strstr(f->said, "STATUS")); /* it does not attest to seem alive */
	assert_in_range(clock_monotonic_ms() - start, 400, PATIENCE_MS);
	assert_int_equal(end_agent(f, SIGTERM), 0);
	await_words(f, "STOPPING=1");
	assert_int_equal(access(f->socket, F_OK), -1); /* and its socket is gone */
}

static void sigint_ends_it_as_well(void **state)
{
	struct fixture *f = *state;

	start_agent(f);
	await_words(f, "STATUS=last verdict");
	assert_int_equal(end_agent(f, SIGINT), 0);
}

static void a_second_server_is_asked_when_the_first_is_silent(void **state)
{
	struct fixture *f = *state;
	char urls[200];

	/* nobody listens on port 1 */
	snprintf(urls, sizeof(urls), "url = https://127.0.0.1:1\nurl = https://127.0.0.1:%d\n",
		 f->s.port);
	configure(f, urls);
	start_agent(f);
	await_words(f, "STATUS=last verdict: warning");
	assert_int_equal(end_agent(f, SIGTERM), 0);
	configure_one(f);
}

/* The second has a copy of the first's keys and store: it knows the host, and deployment and pin are the same. */
static void start_second(struct fixture *f, struct rig_server *second)
{
	char to[300], state[300];
	const char *const copy[] = { "cp", "-r", state, to, NULL };
	struct err e = { 0 };

	*second = f->s;
	second->port = 0;
	snprintf(second->folder, sizeof(second->folder), "%.200s/second", f->folder);
	snprintf(second->config, sizeof(second->config), "%s/server.conf", second->folder);
	snprintf(state, sizeof(state), "%.200s/state", f->s.folder);
	snprintf(to, sizeof(to), "%s/state", second->folder);
	assert_ok(folder_make(second->folder, 0700, &e), &e);
	rig_server_stop(&f->s);
	assert_int_equal(rig_run("/dev/null", copy), 0);
	rig_server_start(&f->s);
	rig_server_start(second);
}

static void ask_for_a_verdict(struct fixture *f)
{
	char answer[65536];
	struct err e = { 0 };

	assert_ok(ask(f, AGENT_ATTEST, answer, sizeof(answer), &e), &e);
	assert_non_null(strstr(answer, "\"ear_status\":\"warning\""));
}

static void
when_the_first_of_two_servers_goes_the_second_serves_and_the_first_is_found_again(void **state)
{
	struct fixture *f = *state;
	struct rig_server second;
	char urls[200];

	start_second(f, &second);
	snprintf(urls, sizeof(urls), "url = https://127.0.0.1:%d\nurl = https://127.0.0.1:%d\n",
		 f->s.port, second.port);
	configure(f, urls);
	start_agent(f);
	await_words(f, "STATUS=last verdict: warning");
	rig_server_stop(&f->s);
	ask_for_a_verdict(f);
	rig_server_start(&f->s);
	rig_server_stop(&second);
	ask_for_a_verdict(f);
	assert_int_equal(end_agent(f, SIGTERM), 0);
	configure_one(f);
}

static void of_two_servers_one_that_swallows_what_it_is_sent_keeps_nobody_waiting(void **state)
{
	struct fixture *f = *state;
	struct rig_server second;
	char urls[200];

	start_second(f, &second);
	snprintf(urls, sizeof(urls), "url = https://127.0.0.1:%d\nurl = https://127.0.0.1:%d\n",
		 f->s.port, second.port);
	configure(f, urls);
	start_agent(f);
	await_words(f, "STATUS=last verdict: warning");
	assert_int_equal(kill(f->s.pid, SIGSTOP), 0);
	ask_for_a_verdict(f);
	ask_for_a_verdict(f); /* the other one is asked first now */
	assert_int_equal(kill(f->s.pid, SIGCONT), 0);
	rig_server_stop(&second);
	ask_for_a_verdict(f);
	assert_int_equal(end_agent(f, SIGTERM), 0);
	configure_one(f);
}

static void a_server_that_restarts_is_missed_and_found_again(void **state)
{
	struct fixture *f = *state;
	char answer[65536];
	struct err e = { 0 };

	start_agent(f);
	await_words(f, "STATUS=last verdict: warning");
	rig_server_stop(&f->s);
	assert_refused(ask(f, AGENT_ATTEST, answer, sizeof(answer), &e), &e, E_UNREACHABLE,
		       "ask for a nonce");
	await_words(f, "STATUS=last round failed: ask for a nonce");
	/* what it knew it still knows */
	assert_ok(ask(f, AGENT_STATUS, answer, sizeof(answer), &e), &e);
	assert_non_null(strstr(answer, "\"status\":\"warning\""));
	rig_server_start(&f->s);
	assert_ok(ask(f, AGENT_ATTEST, answer, sizeof(answer), &e), &e);
	assert_non_null(strstr(answer, "\"ear_status\":\"warning\""));
	await_words(f, "STATUS=last verdict: warning");
	assert_int_equal(end_agent(f, SIGTERM), 0);
}

/* A server that dies between nonce and verdict: the next one with its keys and store goes on. */
static void a_round_that_failed_is_tried_again_long_before_the_interval_is_over(void **state)
{
	struct fixture *f = *state;

	rig_server_stop(&f->s);
	start_agent(f);
	await_words(f, "STATUS=last round failed: ask for a nonce");
	rig_server_start(&f->s);
	await_words(f, "STATUS=last verdict: warning"); /* the interval is an hour */
	assert_int_equal(end_agent(f, SIGTERM), 0);
}

static void a_server_that_restarts_between_nonce_and_verdict_still_takes_the_token(void **state)
{
	struct fixture *f = *state;
	OWNED(transport) t = rig_server_connect(&f->s, f->s.pin);
	json_t *j = rig_call(t, "POST", "/challenge-response/v1/newSession?nonceSize=32", NULL,
			     NULL, BYTES_NONE, 201);
	char nonce[64], path[128];

	snprintf(nonce, sizeof(nonce), "%s", json_string_value(json_object_get(j, "nonce")));
	nonce[strcspn(nonce, "=")] = 0;
	json_decref(j);
	kill(f->s.pid, SIGKILL);
	rig_server_stop(&f->s);
	rig_server_start(&f->s);
	transport_drop(&t);
	t = rig_server_connect(&f->s, f->s.pin);
	snprintf(path, sizeof(path), "/challenge-response/v1/session/%s", nonce);
	j = rig_call(t, "GET", path, NULL, NULL, BYTES_NONE, 200);
	assert_string_equal(json_string_value(json_object_get(j, "status")), "waiting");
	json_decref(j);
}

static void a_caller_that_stays_silent_holds_up_nobody_for_long(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char answer[4096];
	int silent;

	start_agent(f);
	await_words(f, "STATUS=last verdict");
	silent = local_connect(f->socket, &e);
	assert_true(silent >= 0);
	assert_ok(ask(f, AGENT_STATUS, answer, sizeof(answer), &e), &e);
	close(silent);
	assert_int_equal(end_agent(f, SIGTERM), 0);
}

static void a_request_that_is_none_is_refused_and_the_next_is_served(void **state)
{
	struct fixture *f = *state;
	char answer[4096];
	struct err e = { 0 };

	start_agent(f);
	await_words(f, "STATUS=last verdict");
	assert_refused(ask(f, 99, answer, sizeof(answer), &e), &e, E_USAGE, "no such verb");
	assert_ok(ask(f, AGENT_STATUS, answer, sizeof(answer), &e), &e);
	assert_int_equal(end_agent(f, SIGTERM), 0);
}

static int count_words(const struct fixture *f, const char *name, const char *words)
{
	OWNED(buf) log = NULL;
	char path[300];
	int n = 0;

	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	log = file_bytes(path);
	assert_non_null(log);
	write_u8(&log->w, 0);
	for (const char *at = (char *)log->w.at; (at = strstr(at, words)); at++)
		n++;
	return n;
}

/* ---- IMA's list ---- */
/* The kernel measures a file: it stands in the list, and in PCR 10. */
static void measure(const struct fixture *f, const char *name)
{
	OWNED(buf) entry = buf_new(4096);
	OWNED(buf) list = NULL;
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_entry parsed;
	struct digest d;
	char path[320], hex[65], argument[100];
	const char *const extend[] = { "tpm2_pcrextend", argument, NULL };
	struct err e = { 0 };

	ima_sample_put(&entry->w, &(struct ima_sample){ .path = name });
	ima_cursor_on(c, buf_bytes(entry), IMA_BINARY);
	assert_int_equal(ima_next(c, &parsed, &e), 1);
	d = sha256_of(parsed.data);
	snprintf(argument, sizeof(argument), "10:sha256=%s", hex_write(digest_bytes(&d), hex));
	free(c);
	snprintf(path, sizeof(path), "%s/ima.list", f->folder);
	list = access(path, F_OK) ? buf_new(65536) : file_bytes(path);
	list->max = 65536;
	write_bytes(&list->w, buf_bytes(entry));
	assert_ok(file_write(path, buf_bytes(list), 0600, &e), &e);
	assert_int_equal(rig_tpm_tool(&f->sw, extend), 0);
}

static void run_agent_once(struct fixture *f, const char *want)
{
	char answer[65536];
	struct err e = { 0 };

	assert_ok(ask(f, AGENT_ATTEST, answer, sizeof(answer), &e), &e);
	if (!strstr(answer, want))
		fail_msg("no %s in %s", want, answer);
}

/*
 * Between two rounds the simulator is free: the agent closes it only when it ends, so what is measured is
 * measured while there is no agent, and one that goes on is the same process only without a measurement.
 */
static void the_list_goes_whole_and_then_by_increments_until_the_server_wants_it_whole(void **state)
{
	struct fixture *f = *state;

	measure(f, "/usr/bin/a");
	measure(f, "/usr/bin/b");
	start_agent(f);
	await_words(f, "STATUS=last verdict: warning");
	/* what it says next it says of its second round: nothing new, from where the server left off */
	run_agent_once(f, "\"ima\":{\"first\":2,\"entries\":2,\"violations\":0,\"next\":2}");
	assert_int_equal(count_words(f, "agent.log", "event=ima-whole"), 0);
	/* another policy judges from the start: the same round sends the whole */
	rig_server_stop(&f->s);
	f->s.more = "[policy]\nima = replay\n";
	rig_server_start(&f->s);
	run_agent_once(f, "\"ima\":{\"first\":0,\"entries\":2,\"violations\":0,\"next\":2}");
	assert_int_equal(count_words(f, "agent.log", "event=ima-whole"), 1);
	run_agent_once(f, "\"ima\":{\"first\":2,");
	assert_int_equal(end_agent(f, SIGTERM), 0);
	/* a new process remembers nothing */
	measure(f, "/usr/bin/c");
	start_agent(f);
	await_words(f, "STATUS=last verdict: warning");
	run_agent_once(f, "\"ima\":{\"first\":3,\"entries\":3,");
	assert_int_equal(end_agent(f, SIGTERM), 0);
	assert_int_equal(count_words(f, "agent.log", "event=ima-whole"), 1); /* as before */
}

/* Entries as large as they come, so that a few of them are a list of several pieces. */
static void measure_long(const struct fixture *f, size_t n)
{
	static u8 signature[14000];
	OWNED(buf) entries = buf_new(64 << 20);
	OWNED(buf) list = NULL;
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_entry parsed;
	static char arguments[100][100];
	const char *extend[102] = { "tpm2_pcrextend" };
	char path[320], hex[65];
	size_t k = 0;
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/usr/share/long/%zu", i);
		ima_sample_put(&entries->w, &(struct ima_sample){ .path = path,
								  .content = path,
								  .signature = BYTES(signature) });
	}
	ima_cursor_on(c, buf_bytes(entries), IMA_BINARY);
	for (size_t i = 0; i < n; i++) {
		struct digest d;

		assert_int_equal(ima_next(c, &parsed, &e), 1);
		d = sha256_of(parsed.data);
		snprintf(arguments[k], sizeof(arguments[k]), "10:sha256=%s",
			 hex_write(digest_bytes(&d), hex));
		extend[1 + k] = arguments[k];
		extend[2 + k++] = NULL;
		if (k < ARRAY_LEN(arguments) && i + 1 < n)
			continue;
		assert_int_equal(rig_tpm_tool(&f->sw, extend), 0);
		k = 0;
	}
	free(c);
	snprintf(path, sizeof(path), "%s/ima.list", f->folder);
	list = file_bytes(path);
	list->max = 64 << 20;
	write_bytes(&list->w, buf_bytes(entries));
	assert_false(list->w.full);
	assert_ok(file_write(path, buf_bytes(list), 0600, &e), &e);
}

/* The list of the test before, and some 14 MiB more: no host of days can be told to reboot for it. */
static void a_list_longer_than_a_token_goes_in_pieces_by_itself(void **state)
{
	struct fixture *f = *state;
	u8 whom[33] = { 1, 7 };

	measure_long(f, 1000);
	start_agent(f);
	await_words(f, "STATUS=last verdict: warning");
	assert_int_equal(count_words(f, "agent.log", "event=ima-piece"), 2);
	run_agent_once(f,
		       "\"ima\":{\"first\":1003,\"entries\":1003,\"violations\":0,\"next\":1003}");
	assert_int_equal(count_words(f, "agent.log", "event=ima-piece"), 2);
	/* another policy judges from the start: the pieces go again, and for a caller's nonce before it is used */
	rig_server_stop(&f->s);
	f->s.more = "[policy]\nima = replay\nima_violations = ignore\n";
	rig_server_start(&f->s);
	whom_asked = BYTES(whom);
	run_agent_once(f, "\"ima\":{\"first\":1003,");
	whom_asked = BYTES_NONE;
	assert_int_equal(count_words(f, "agent.log", "event=ima-piece"), 4);
	assert_int_equal(end_agent(f, SIGTERM), 0);
}

/* A round in which the server ends after it has taken a piece. Return: it was in time for that. */
static bool server_ends_between_pieces(struct fixture *f, const char *policy)
{
	int before = count_words(f, "agent.log", "event=ima-piece");
	struct err e = { 0 };
	struct asking a = { .f = f, .verb = AGENT_ATTEST, .e = &e };
	pthread_t thread;

	rig_server_stop(&f->s); /* another policy wants the whole list */
	f->s.more = policy;
	rig_server_start(&f->s);
	assert_int_equal(pthread_create(&thread, NULL, ask_apart, &a), 0);
	while (!__atomic_load_n(&a.done, __ATOMIC_ACQUIRE) &&
	       count_words(f, "agent.log", "event=ima-piece") == before)
		hear(f, 1);
	rig_server_stop(&f->s);
	while (!__atomic_load_n(&a.done, __ATOMIC_ACQUIRE))
		hear(f, 20);
	pthread_join(thread, NULL);
	buf_drop(&a.answer);
	rig_server_start(&f->s);
	return a.rc && count_words(f, "agent.log", "event=ima-piece") == before + 1;
}

static void a_server_that_restarts_between_pieces_goes_on_where_it_was(void **state)
{
	static const char *const policies[] = {
		"[policy]\nima = replay\n",
		"[policy]\nima = replay\nima_violations = ignore\n",
	};
	struct fixture *f = *state;
	int before, tries = 0;

	start_agent(f);
	await_words(f, "STATUS=last verdict: warning");
	do {
		assert_in_range(tries, 0, 9);
		before = count_words(f, "agent.log", "event=ima-piece");
	} while (!server_ends_between_pieces(f, policies[tries++ % 2]));
	run_agent_once(f, ",\"entries\":1003,\"violations\":0,\"next\":1003}");
	assert_int_equal(count_words(f, "agent.log", "event=ima-piece"), before + 2);
	assert_int_equal(end_agent(f, SIGTERM), 0);
}

/* ---- enrolment ---- */
static void remove_host(struct fixture *f)
{
	OWNED(transport) t = rig_server_connect(&f->s, f->s.pin);

	json_decref(rig_call(t, "POST", "/api/v1/hosts/host-a/remove", "application/json",
			     f->s.token, bytes_text("{}"), 200));
}

/* Every kind of EK and AK, from nothing to a verdict: whose quotes and certifications the server takes. */
static void a_host_that_is_expected_enrols_by_itself_with_every_kind_of_key(void **state)
{
	static const char *const keys[] = {
		"[tpm]\nek = ecc-p384-high\nak = ecc-p384\n",
		"[tpm]\nek = rsa-2048\nak = rsa-2048\n",
		"[tpm]\nek = ecc-p256-high\nak = ecc-p256\n",
		"[tpm]\nek = rsa-2048-high\nak = ecc-p384\n",
		"",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		remove_host(f);
		more = keys[i];
		configure_one(f);
		register_ek(f, "host-a");
		start_agent(f);
		await_words(f, "STATUS=last verdict: contraindicated");
		await_words(f, "STATUS=enrolling: keys");
		await_words(f, "STATUS=last verdict: warning");
		assert_int_equal(end_agent(f, SIGTERM), 0);
	}
}

static void a_refused_host_says_so_once_and_tries_again_until_somebody_lets_it_in(void **state)
{
	struct fixture *f = *state;
	OWNED(transport) t = rig_server_connect(&f->s, f->s.pin);
	char hash[65];

	remove_host(f);
	more = "[enroll]\nretry = 1s\n";
	configure_one(f);
	read_ek_hash(f, hash); /* before: a simulator speaks to one program at a time */
	start_agent(f);
	for (int i = 0; i < 3; i++) /* after one second, and two, and four */
		await_words(f,
			    "STATUS=enrolment refused: enrol host-a: server answers 403: nothing "
			    "vouches for this TPM");
	assert_int_equal(count_words(f, "agent.log", "event=enrol-refused"), 1);
	rig_register(&f->s, t, hash, "host-a");
	await_words(f, "STATUS=last verdict: warning");
	assert_int_equal(end_agent(f, SIGTERM), 0);
	more = "";
}

static void a_host_with_a_token_enrols_and_one_that_may_not_ask_does_not(void **state)
{
	struct fixture *f = *state;
	OWNED(transport) t = rig_server_connect(&f->s, f->s.pin);
	char text[400], path[300];
	json_t *j;

	remove_host(f);
	snprintf(text, sizeof(text), "[enroll]\nauto = no\ntoken_file = %s/join.token\n",
		 f->folder);
	more = text;
	configure_one(f);
	j = rig_call(t, "POST", "/api/v1/join-tokens", "application/json", f->s.token,
		     bytes_text("{\"name\":\"host-a\"}"), 201);
	snprintf(path, sizeof(path), "%s\n", json_string_value(json_object_get(j, "join_token")));
	json_decref(j);
	rig_write(f->folder, "join.token", path);
	start_agent(f);
	await_words(f, "STATUS=last verdict: contraindicated");
	for (int i = 0; i < 5; i++)
		await_words(f, "WATCHDOG=1");
	assert_null(strstr(f->said, "enrolling"));
	assert_int_equal(end_agent(f, SIGTERM), 0);
	snprintf(text, sizeof(text), "[enroll]\ntoken_file = %s/join.token\n", f->folder);
	configure_one(f);
	start_agent(f);
	await_words(f, "STATUS=last verdict: warning");
	assert_int_equal(end_agent(f, SIGTERM), 0);
	start_agent(f); /* the token is used up, and nobody asks for it again */
	await_words(f, "STATUS=last verdict: warning");
	assert_int_equal(end_agent(f, SIGTERM), 0);
	more = "";
	configure_one(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_service_manager_hears_of_start_work_life_and_end),
		cmocka_unit_test(sigint_ends_it_as_well),
		cmocka_unit_test(a_second_server_is_asked_when_the_first_is_silent),
		cmocka_unit_test(
			when_the_first_of_two_servers_goes_the_second_serves_and_the_first_is_found_again),
		cmocka_unit_test(
			of_two_servers_one_that_swallows_what_it_is_sent_keeps_nobody_waiting),
		cmocka_unit_test(a_server_that_restarts_is_missed_and_found_again),
		cmocka_unit_test(
			a_round_that_failed_is_tried_again_long_before_the_interval_is_over),
		cmocka_unit_test(
			a_server_that_restarts_between_nonce_and_verdict_still_takes_the_token),
		cmocka_unit_test(a_caller_that_stays_silent_holds_up_nobody_for_long),
		cmocka_unit_test(a_request_that_is_none_is_refused_and_the_next_is_served),
		cmocka_unit_test(a_host_that_is_expected_enrols_by_itself_with_every_kind_of_key),
		cmocka_unit_test(
			a_refused_host_says_so_once_and_tries_again_until_somebody_lets_it_in),
		cmocka_unit_test(a_host_with_a_token_enrols_and_one_that_may_not_ask_does_not),
		cmocka_unit_test(
			the_list_goes_whole_and_then_by_increments_until_the_server_wants_it_whole),
		cmocka_unit_test(a_list_longer_than_a_token_goes_in_pieces_by_itself),
		cmocka_unit_test(a_server_that_restarts_between_pieces_goes_on_where_it_was),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
