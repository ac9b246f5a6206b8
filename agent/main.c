// SPDX-License-Identifier: Apache-2.0
/* The network half: attests on a timer and on request, holds the local socket. */
#include <getopt.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "assay_commit.h"
#include "cap_run.h"
#include "collector/service.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "deposit.h"
#include "disk_verbs.h"
#include "local.h"
#include "opened.h"
#include "pace.h"
#include "propose.h"
#include "round.h"
#include "tpm_lease.h"
#include "verbs.h"

static const char usage[] = "usage: assay-agent [--config FILE] run\n"
			    "       assay-agent [--config FILE] attest | enroll | ek-hash\n"
			    "       assay-agent [--config FILE] [--opened FOLDER] [--asked] cap\n"
			    "                   end the boot phase: nothing is released any more\n"
			    "       assay-agent --version | --help\n"
			    "People use `assay` (assay attest, assay device list, ...), which asks "
			    "the running agent.\n";

enum {
	IDLE_MS = 1000,
	HOUR_MS = 3600000,
	RETRY_S = PACE_RETRY_S,
	FAILURES_COUNTED = 12,
	SUBSCRIBE_MS = 5000
};

struct agent {
	struct agent_settings s;
	struct tpm *tpm;
	struct transport *t;
	struct ima_sent ima; /* of this boot's list, as the server said last */
	struct disk disk;
	struct buf *last_token;
	char last_status[24];
	long long last_s;
	bool busy;	       /* since memory was last given back */
	unsigned int failures; /* rounds in a row, up to FAILURES_COUNTED */

	int events; /* from the collector; -1: not now */
	bool subscribed_before;
	long long subscribe_at;
	struct pace pace;
	struct device_event event; /* the newest that calls for a round */

	bool not_enrolled;	    /* as the server said last; enrolment is due at enrol_at */
	long long enrol_at;	    /* monotonic ms; 0: at once */
	unsigned int refusals;	    /* of enrolment, in a row, up to FAILURES_COUNTED */
	char refused[ERR_TEXT_MAX]; /* what was said of the last, so that it is said once */
};

static int open_agent(struct agent *a, struct err *e)
{
	const char *urls[SERVERS_MAX], *pins[PINS_MAX];

	for (size_t i = 0; i < a->s.n_urls; i++)
		urls[i] = a->s.url[i];
	for (size_t i = 0; i < a->s.n_pins; i++)
		pins[i] = a->s.pin[i];
	return tpm_open(a->s.tcti, &a->tpm, e) || transport_open(urls, a->s.n_urls, pins,
								 a->s.n_pins, a->s.ca, &a->t, e)
		       ? (int)e->code
		       : 0;
}

static void close_agent(struct agent *a)
{
	disk_forget(&a->disk);
	buf_drop(&a->last_token);
	transport_drop(&a->t);
	tpm_drop(&a->tpm);
}

static void event_came(struct agent *a, const struct device_event *v)
{
	a->event = *v;
	pace_event(&a->pace);
}

/*
 * The server wants no lease of this host to open any more. Once for each value that it names, whatever it says how
 * often: the counter's memory wears out. The next round shows that it has counted.
 */
static void end_leases(struct agent *a, u64 value)
{
	struct err e = { 0 };
	u64 now;

	if (!a->s.lease_counter || tpm_lease_counter_read(a->tpm, a->s.lease_counter, &now, &e) ||
	    now != value)
		return;
	if (tpm_lease_counter_up(a->tpm, a->s.lease_counter, &e)) {
		log_event(LOG_LEVEL_ERROR, "lease-not-ended", LOG_T("why", e.text));
		return;
	}
	log_event(LOG_LEVEL_WARN, "lease-ended", LOG_T("why", "the server has revoked it"));
	event_came(a, &(struct device_event){ .source = "server", .cause = "lease revoked" });
}

/* One round, and what is kept of it. */
static int attest(struct agent *a, const struct round_ask *ask, const struct relying_party *whom,
		  struct round_result *out, struct err *e)
{
	int rc = !a->tpm && tpm_open(a->s.tcti, &a->tpm, e)
			 ? (int)e->code
			 : round_run(&a->s, a->tpm, a->t, ask, whom, &a->ima, out, e);

	/* a context that its TPM left in the middle of something answers nothing any more */
	if (rc && e->code == E_TPM)
		tpm_drop(&a->tpm);
	a->busy = true;
	a->failures = !rc ? 0 : a->failures < FAILURES_COUNTED ? a->failures + 1 : FAILURES_COUNTED;
	if (rc) {
		sd_notifyf(0, "STATUS=last round failed: %.400s", e->text);
		log_event(LOG_LEVEL_ERROR, "attest-failed", LOG_T("why", e->text));
		return rc;
	}
	sd_notifyf(0, "STATUS=last verdict: %s", out->status);
	buf_drop(&a->last_token);
	a->last_token = TAKE(out->token);
	memcpy(a->last_status, out->status, sizeof(a->last_status));
	a->last_s = clock_now_s();
	a->not_enrolled = out->not_enrolled;
	if (out->revoke)
		end_leases(a, out->revoke_at);
	if (out->anew)
		event_came(a, &(struct device_event){ .source = "gate", .cause = "changed" });
	log_event(LOG_LEVEL_INFO, "attested", LOG_T("status", out->status),
		  LOG_N("shares", out->n_shares));
	return 0;
}

/* ---- requests on the local socket ---- */
static int give_share(struct agent *a, const struct local_request *rq, int *fd, struct err *e)
{
	struct round_result r;
	struct round_ask ask = { 0 };
	char status[24];
	int rc;

	for (size_t i = 0; i < a->s.n_volumes; i++) {
		const struct agent_volume *v = &a->s.volumes[i];
		struct round_volume *into = &ask.volumes[ask.n];

		if (!v->epoch)
			continue;
		memcpy(into->uuid, v->uuid, sizeof(into->uuid));
		into->epoch = v->epoch;
		ask.n++;
	}
	if (!ask.n)
		return err_set(e, E_USAGE, "no [volume] has an epoch to ask a share for");
	rc = attest(a, &ask, NULL, &r, e);
	if (rc)
		return rc;
	memcpy(status, r.status, sizeof(status));
	rc = err_set(e, E_POLICY, "the verdict is \"%s\", and no share of this volume came with it",
		     status);
	for (size_t i = 0; i < r.n_shares; i++) {
		if (!bytes_equal(BYTES(r.shares[i].uuid), rq->argument))
			continue;
		e->code = E_OK;
		*fd = memfd_from("assay-share", secret_bytes(r.shares[i].share), e);
		rc = (int)e->code;
		break;
	}
	round_result_clear(&r);
	return rc;
}

/* u8 flags (1 has nonce, 2 a CWT) ‖ nonce(32) ‖ audience */
static int take_whom(struct bytes argument, struct relying_party *whom, struct err *e)
{
	struct reader r = reader_on(argument);
	struct bytes nonce, audience;
	u8 flags;

	flags = read_u8(&r, "flags");
	whom->has_nonce = flags & 1;
	whom->cwt = flags & 2;
	nonce = read_bytes(&r, EVIDENCE_NONCE_LEN, "nonce");
	audience = read_bytes(&r, r.left.len, "audience");
	if (read_done(&r) || audience.len > EAR_AUDIENCE_MAX)
		return err_set(e, E_USAGE, "for whom: %s", r.why ? r.why : "audience is too long");
	memcpy(whom->nonce, nonce.at, EVIDENCE_NONCE_LEN);
	if (audience.len)
		memcpy(whom->audience, audience.at, audience.len);
	if (audience.len && !ear_audience_valid(whom->audience))
		return err_set(e, E_USAGE, "audience has characters it may not have");
	return 0;
}

static int give_attest(struct agent *a, struct bytes argument, int *fd, struct err *e)
{
	struct relying_party whom = { 0 };
	struct round_result r;

	if (argument.len && take_whom(argument, &whom, e))
		return (int)e->code;
	if (attest(a, NULL, &whom, &r, e))
		return (int)e->code;
	*fd = memfd_from("assay-result", buf_bytes(r.json), e);
	round_result_clear(&r);
	return (int)e->code;
}

static int give_proposed(struct agent *a, struct bytes body, int *fd, struct err *e)
{
	OWNED(buf) json = NULL;
	int rc = !a->tpm && tpm_open(a->s.tcti, &a->tpm, e)
			 ? (int)e->code
			 : propose_run(&a->s, a->tpm, a->t, body, &json, e);

	if (rc && e->code == E_TPM)
		tpm_drop(&a->tpm);
	a->busy = true;
	if (rc)
		return rc;
	*fd = memfd_from("assay-proposed", buf_bytes(json), e);
	return (int)e->code;
}

static int attest_for_disk(void *user, const struct round_ask *ask, struct round_result *out,
			   struct err *e)
{
	return attest(user, ask, NULL, out, e);
}

static int deposit_for_disk(void *user, const struct deposit *d, struct err *e)
{
	struct agent *a = user;

	return deposit_run(&a->s, a->tpm, a->t, d, e);
}

static int give_disk(struct agent *a, const struct local_request *rq, int *fd, struct err *e)
{
	int rc = a->tpm ? 0 : tpm_open(a->s.tcti, &a->tpm, e);

	if (rc)
		return rc;
	a->disk.s = &a->s;
	a->disk.tpm = &a->tpm;
	a->disk.attest = attest_for_disk;
	a->disk.deposit = deposit_for_disk;
	a->disk.user = a;
	rc = disk_verb(&a->disk, rq->verb, rq->argument, fd, e);
	if (rc == E_TPM)
		tpm_drop(&a->tpm);
	a->busy = true;
	return rc;
}

static int answer(struct agent *a, const struct local_request *rq, int *fd, struct err *e)
{
	char text[256];

	if (disk_verb_is(rq->verb))
		return give_disk(a, rq, fd, e);
	switch (rq->verb) {
	case AGENT_ATTEST:
		return give_attest(a, rq->argument, fd, e);
	case AGENT_SHARE:
		return give_share(a, rq, fd, e);
	case AGENT_TOKEN:
		if (!a->last_token)
			return err_set(e, E_NOTFOUND,
				       "this host has not attested since the agent started");
		*fd = memfd_from("assay-token", buf_bytes(a->last_token), e);
		return (int)e->code;
	case AGENT_STATUS:
		snprintf(text, sizeof(text), "{\"status\":\"%s\",\"at\":%lld,\"version\":\"%s\"}",
			 a->last_s ? a->last_status : "none", a->last_s, ASSAY_VERSION);
		*fd = memfd_from("assay-status", bytes_text(text), e);
		return (int)e->code;
	case AGENT_PROPOSE:
		return give_proposed(a, rq->argument, fd, e);
	default:
		return err_set(e, E_USAGE, "no such verb");
	}
}

static void serve_one(struct agent *a, int sock)
{
	OWNED(buf) packet = NULL;
	struct local_request rq;
	struct err e = { 0 };
	uid_t peer = local_peer_uid(sock);
	int fd = -1, passed = -1;

	if (local_receive(sock, &packet, &passed, &e))
		return;
	if (passed >= 0)
		close(passed);
	if (peer != 0 && peer != geteuid())
		err_set(&e, E_DENIED, "only root may ask the agent");
	else if (!local_request_parse(buf_bytes(packet), &rq, &e) && !answer(a, &rq, &fd, &e))
		e.code = E_OK;
	local_answer(sock, &e, fd);
}

/* ---- life ---- */
/* Half of what the service manager allows between two signs of life; -1: it does not ask for any. */
static long long watchdog_ms(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? (long long)(usec / 2000) : -1;
}

static long long next_round(const struct agent *a)
{
	struct err e = { 0 };
	u32 r = 0;

	random_bytes(&r, sizeof(r), &e); /* without: the shortest wait */
	return clock_monotonic_ms() +
	       1000 * pace_timer_s(a->s.interval_s, a->s.jitter_s, a->failures, r);
}

/* ---- events ---- */
/* The collector may start after us, and restart: what it missed then is looked at. */
static void subscribe(struct agent *a)
{
	struct err e = { 0 };

	if (a->events >= 0 || clock_monotonic_ms() < a->subscribe_at)
		return;
	a->subscribe_at = clock_monotonic_ms() + SUBSCRIBE_MS;
	a->events = collector_subscribe(a->s.collector_socket, &e);
	if (a->events < 0) {
		if (e.code != E_UNREACHABLE) /* it is there and has none: ask seldom */
			a->subscribe_at = clock_monotonic_ms() + HOUR_MS;
		return;
	}
	if (a->subscribed_before)
		event_came(a,
			   &(struct device_event){ .source = "collector", .cause = "restarted" });
	a->subscribed_before = true;
}

static void read_event(struct agent *a)
{
	struct device_event v;
	struct err e = { 0 };

	if (!collector_event(a->events, &v, &e)) {
		if (v.acts)
			event_came(a, &v);
		return;
	}
	log_event(LOG_LEVEL_WARN, "events-ended", LOG_T("why", e.text));
	close(a->events);
	a->events = -1;
	a->subscribe_at = clock_monotonic_ms() + RETRY_S * 200;
}

/* ---- rounds of the timer and of events ---- */
static void attest_now(struct agent *a, bool by_event)
{
	struct round_result r;
	struct err e = { 0 };

	if (by_event)
		log_event(LOG_LEVEL_INFO, "round-by-event", LOG_T("source", a->event.source),
			  LOG_T("address", a->event.address), LOG_T("cause", a->event.cause));
	pace_round(&a->pace, by_event, clock_monotonic_ms());
	if (!attest(a, NULL, NULL, &r, &e))
		round_result_clear(&r);
}

/* ---- enrolment ---- */
static bool enrol_wanted(const struct agent *a)
{
	return a->not_enrolled && a->s.enroll_auto;
}

/* A refusal stands until a person or CI does something: said once, and asked again at longer and longer intervals. */
static void enrol_refused(struct agent *a, const struct err *e)
{
	long long first_s = e->code == E_UNREACHABLE ? RETRY_S : a->s.enroll_retry_s;
	long long delay_s = first_s << a->refusals;

	if (strcmp(a->refused, e->text))
		log_event(LOG_LEVEL_ERROR, "enrol-refused", LOG_T("why", e->text),
			  LOG_T("next", "assay host add or join-token on an operator's machine; "
					"it is tried again by itself"));
	snprintf(a->refused, sizeof(a->refused), "%s", e->text);
	sd_notifyf(0, "STATUS=enrolment refused: %.400s", e->text);
	if (delay_s > HOUR_MS / 1000)
		delay_s = first_s > HOUR_MS / 1000 ? first_s : HOUR_MS / 1000;
	else if (a->refusals < FAILURES_COUNTED)
		a->refusals++;
	a->enrol_at = clock_monotonic_ms() + delay_s * 1000;
}

/* Return: is this host enrolled now? */
static bool enrol(struct agent *a)
{
	struct err e = { 0 };
	int rc = !a->tpm && tpm_open(a->s.tcti, &a->tpm, &e) ? (int)e.code
							     : enroll_run(&a->s, a->tpm, a->t, &e);

	a->busy = true;
	if (rc && e.code == E_TPM)
		tpm_drop(&a->tpm);
	if (rc) {
		enrol_refused(a, &e);
		return false;
	}
	a->not_enrolled = false;
	a->refusals = 0;
	a->refused[0] = 0;
	a->enrol_at =
		clock_monotonic_ms() + a->s.enroll_retry_s * 1000; /* should it be forgotten */
	return true;
}

/* Returns when something is to be done. */
static long long wait_ms(const struct agent *a, long long next, long long watchdog)
{
	long long now = clock_monotonic_ms(), due = pace_due(&a->pace, now);
	long long wait = next - now, most = a->busy ? IDLE_MS : HOUR_MS;

	if (due >= 0 && due - now < wait)
		wait = due - now;
	if (a->events < 0 && a->subscribe_at - now < wait)
		wait = a->subscribe_at - now;
	if (enrol_wanted(a) && a->enrol_at - now < wait)
		wait = a->enrol_at - now;
	if (watchdog >= 0 && wait > watchdog)
		wait = watchdog;
	if (wait > most)
		wait = most;
	return wait > 0 ? wait : 0;
}

static void serve(struct agent *a, int listening, int signals)
{
	long long next = clock_monotonic_ms(), watchdog = watchdog_ms();

	for (;;) {
		struct pollfd fds[] = { { listening, POLLIN, 0 },
					{ signals, POLLIN, 0 },
					{ -1, POLLIN, 0 } };
		long long now, due;
		int sock;

		subscribe(a);
		fds[2].fd = a->events;
		if (poll(fds, 3, (int)wait_ms(a, next, watchdog)) == 0 && a->busy) {
			malloc_trim(0);
			a->busy = false;
		}
		sd_notify(0, "WATCHDOG=1");
		if (fds[1].revents)
			return;
		if (fds[2].revents)
			read_event(a);
		now = clock_monotonic_ms();
		due = pace_due(&a->pace, now);
		if (now >= next || (due >= 0 && now >= due)) {
			attest_now(a, now < next);
			/* the timer goes on as it was, unless the server was not there */
			if (now >= next || a->failures)
				next = next_round(a);
		}
		if (enrol_wanted(a) && clock_monotonic_ms() >= a->enrol_at && enrol(a))
			next = clock_monotonic_ms();
		if (!fds[0].revents)
			continue;
		sock = local_accept(listening);
		if (sock >= 0) {
			serve_one(a, sock);
			close(sock);
		}
	}
}

static int run(struct agent *a, struct err *e)
{
	int listening, signals;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (open_agent(a, e))
		return (int)e->code;
	listening = local_listen(a->s.agent_socket, 0600, e);
	if (listening < 0)
		return (int)e->code;
	log_event(LOG_LEVEL_INFO, "started", LOG_T("version", ASSAY_VERSION),
		  LOG_T("host", a->s.host_name), LOG_T("socket", a->s.agent_socket));
	if (a->s.allow_socket_source)
		log_event(LOG_LEVEL_WARN, "TEST-SWITCH", LOG_T("switch", "allow_socket_source"),
			  LOG_T("meaning", "devices are simulated; every token says so"));
	if (a->s.allow_file_source)
		log_event(LOG_LEVEL_WARN, "TEST-SWITCH", LOG_T("switch", "allow_file_source"),
			  LOG_T("meaning", "evidence is old; every token says so"));
	sd_notify(0, "READY=1");
	a->events = -1;
	serve(a, listening, signals);
	sd_notify(0, "STOPPING=1");
	if (a->events >= 0)
		close(a->events);
	close(signals);
	close(listening);
	unlink(a->s.agent_socket);
	return 0;
}

/* One round without a service: the server's answer on stdout, 0 when it affirms and 2 when not. */
static int run_attest(struct agent *a, int *exit_code, struct err *e)
{
	struct round_result r;

	if (open_agent(a, e) || attest(a, NULL, NULL, &r, e))
		return (int)e->code;
	printf("%.*s\n", (int)r.json->w.len, (const char *)r.json->w.at);
	*exit_code = strcmp(r.status, "affirming") ? 2 : 0;
	round_result_clear(&r);
	return 0;
}

static int run_ek_hash(struct agent *a, struct err *e)
{
	char hash[65];

	if (tpm_open(a->s.tcti, &a->tpm, e) || ek_hash_run(&a->s, a->tpm, hash, e))
		return (int)e->code;
	puts(hash);
	return 0;
}

static int run_cap(struct agent *a, const char *opened, bool asked, struct err *e)
{
	bool done;

	if (cap_run(&a->s, opened, asked, &done, e))
		return err_while(e, "end the boot phase");
	puts(done ? "PCR 15 is extended: this boot opens no disk any more"
		  : "PCR 15 was extended before");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "config", required_argument, NULL, 'c' },
						 { "opened", required_argument, NULL, 'o' },
						 { "asked", no_argument, NULL, 'a' },
						 { "version", no_argument, NULL, 'V' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	static struct agent a;
	const char *config = "/etc/assay/agent.conf", *opened = OPENED_FOLDER, *verb;
	struct err e = { 0 };
	int opt, rc, exit_code = 0;
	bool asked = false;

	a.disk.began_ms = clock_monotonic_ms();
	prctl(PR_SET_DUMPABLE, 0); /* shares never in a core dump */
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (opt == 'c') {
			config = optarg;
		} else if (opt == 'o') {
			opened = optarg;
		} else if (opt == 'a') {
			asked = true;
		} else if (opt == 'V') {
			printf("assay-agent %s (%s)\n", ASSAY_VERSION, ASSAY_COMMIT);
			return 0;
		} else {
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 1;
		}
	}
	verb = optind == argc - 1 ? argv[optind] : "";
	if (strcmp(verb, "run") && strcmp(verb, "attest") && strcmp(verb, "enroll") &&
	    strcmp(verb, "ek-hash") && strcmp(verb, "cap")) {
		fputs(usage, stderr);
		return 1;
	}
	rc = agent_settings_load(config, &a.s, &e);
	a.pace = pace_start(a.s.event_gap_s);
	if (!rc && !strcmp(verb, "run"))
		rc = run(&a, &e);
	else if (!rc && !strcmp(verb, "attest"))
		rc = run_attest(&a, &exit_code, &e);
	else if (!rc && !strcmp(verb, "enroll"))
		rc = open_agent(&a, &e) || enroll_run(&a.s, a.tpm, a.t, &e);
	else if (!rc && !strcmp(verb, "cap"))
		rc = run_cap(&a, opened, asked, &e);
	else if (!rc)
		rc = run_ek_hash(&a, &e);
	close_agent(&a);
	if (!rc)
		return exit_code;
	fprintf(stderr, "assay-agent: %s\n", e.text);
	return err_exit_code(&e);
}
