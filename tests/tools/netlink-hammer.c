// SPDX-License-Identifier: Apache-2.0
/*
 * The same request again and again, for races: netlink-hammer WHAT NAME TIMES [PATH].
 *
 *	status	  of the device called NAME
 *	read	  its evidence over a fresh nonce
 *	collect	  fresh evidence, without waiting
 *	check	  whether it is the accepted one
 *	accept	  what STATUS shows now
 *	forget
 *	take	  once: forget, collect and accept, until it is accepted
 *	lose	  once: check, until it has failed
 *
 * Ends after TIMES requests that went well, or when PATH is gone; ends badly after 15 minutes. Prints how often each error
 * came: "N done, ERRNO xN ...".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "netlink_raw.h"

enum { STATUS = 1, COLLECT = 2, ACCEPT = 3, FORGET = 4, CHECK = 5, READ = 1 };
enum {
	A_DEV_ID = 2,
	A_DEV_NAME = 4,
	A_GENERATION = 5,
	A_STATE = 6,
	A_SLOT = 14,
	A_NONCE = 20,
	A_CHAIN_DIGEST = 21,
	A_MEAS_DIGEST = 22
};
enum { E_TYPE_MASK = 2, E_SUBSYS = 4, E_DEV_NAME = 5, E_NONCE = 6 };
enum { STATE_ACCEPTED = 3, STATE_FAILED = 5 };
enum { SECONDS_MAX = 900, ERRORS = 136 };

struct device {
	uint64_t id;
	uint32_t generation, state;
	uint8_t slot, chain[32], measurements[32];
	bool has_evidence;
};

static int sock;
static uint8_t answer[RAW_ANSWER_MAX];
static struct raw_family assay, evidence;
static unsigned long errors[ERRORS];

static void take(uint16_t type, const uint8_t *at, size_t len, void *user)
{
	struct device *d = user;
	struct {
		uint16_t type;
		void *to;
		size_t len;
	} fields[] = { { A_DEV_ID, &d->id, 8 },		 { A_GENERATION, &d->generation, 4 },
		       { A_STATE, &d->state, 4 },	 { A_SLOT, &d->slot, 1 },
		       { A_CHAIN_DIGEST, d->chain, 32 }, { A_MEAS_DIGEST, d->measurements, 32 } };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (type == fields[i].type && len == fields[i].len)
			memcpy(fields[i].to, at, len);
	d->has_evidence |= type == A_MEAS_DIGEST;
}

/* Sends it and reads all of the answer; @d is what it says of a device. */
static int ask(const struct raw_request *r, struct device *d)
{
	char text[128];

	if (send(sock, r, r->h.nlmsg_len, 0) < 0)
		return errno;
	for (;;) {
		ssize_t n = recv(sock, answer, sizeof(answer), 0);
		struct nlmsghdr *h = (struct nlmsghdr *)answer;

		if (n < 0)
			return errno;
		for (; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
				return raw_error(h, text, sizeof(text));
			if (d)
				raw_walk((const uint8_t *)NLMSG_DATA(h) + GENL_HDRLEN,
					 (const uint8_t *)h + h->nlmsg_len, take, d);
		}
	}
}

static int status(const char *name, struct device *d)
{
	struct raw_request r = raw_request(assay.id, STATUS, NLM_F_ACK);

	*d = (struct device){ 0 };
	raw_put(&r, A_DEV_NAME, name, strlen(name) + 1);
	return ask(&r, d);
}

static int read_fresh(const char *name)
{
	struct raw_request r = raw_request(evidence.id, READ, NLM_F_DUMP);
	uint32_t mask = 0x301;
	uint8_t nonce[32];
	int error;

	if (getrandom(nonce, sizeof(nonce), 0) < 0)
		return errno;
	raw_put(&r, E_TYPE_MASK, &mask, sizeof(mask));
	raw_put(&r, E_SUBSYS, "pci", 4);
	raw_put(&r, E_DEV_NAME, name, strlen(name) + 1);
	raw_put(&r, E_NONCE, nonce, sizeof(nonce));
	do
		error = ask(&r, NULL);
	while (error == EAGAIN);
	return error;
}

static int command(uint8_t cmd, const struct device *d)
{
	struct raw_request r = raw_request(assay.id, cmd, NLM_F_ACK);
	uint8_t nonce[32];

	raw_put(&r, A_DEV_ID, &d->id, sizeof(d->id));
	if (cmd == COLLECT) {
		if (getrandom(nonce, sizeof(nonce), 0) < 0)
			return errno;
		raw_put(&r, A_NONCE, nonce, sizeof(nonce));
	} else if (cmd == ACCEPT) {
		if (!d->has_evidence)
			return ENODATA;
		raw_put(&r, A_GENERATION, &d->generation, sizeof(d->generation));
		raw_put(&r, A_SLOT, &d->slot, 1);
		raw_put(&r, A_CHAIN_DIGEST, d->chain, sizeof(d->chain));
		raw_put(&r, A_MEAS_DIGEST, d->measurements, sizeof(d->measurements));
	}
	return ask(&r, NULL);
}

static const struct {
	const char *name;
	uint8_t cmd;
} commands[] = {
	{ "collect", COLLECT }, { "check", CHECK }, { "accept", ACCEPT }, { "forget", FORGET }
};

static int once(const char *what, const char *name)
{
	struct device d;
	int error = !strcmp(what, "read") ? read_fresh(name) : status(name, &d);

	for (size_t i = 0; !error && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(what, commands[i].name))
			error = command(commands[i].cmd, &d);
	return error;
}

static void count(int error)
{
	errors[error < ERRORS ? error : ERRORS - 1]++;
}

/* One step towards accepted, or towards failed. Return: whether it is there. */
static bool step(const char *what, const char *name, bool *forgotten)
{
	struct device d;
	int error = status(name, &d);

	if (error) {
		count(error);
	} else if (!strcmp(what, "lose")) {
		if (d.state == STATE_FAILED)
			return true;
		count(command(CHECK, &d));
	} else if (!*forgotten) {
		error = command(FORGET, &d);
		*forgotten = !error && !command(COLLECT, &d);
		count(error);
	} else if (d.has_evidence) {
		error = command(ACCEPT, &d);
		count(error);
		return !error;
	}
	return false;
}

int main(int argc, char **argv)
{
	unsigned long times = argc > 3 ? strtoul(argv[3], NULL, 0) : 0, done = 0;
	const char *path = argc > 4 ? argv[4] : NULL;
	time_t end = time(NULL) + SECONDS_MAX;
	bool steps, forgotten = false;
	char text[128];

	if (!times)
		return fprintf(stderr, "usage: netlink-hammer WHAT NAME TIMES [PATH]\n"), 2;
	sock = raw_open();
	if (sock < 0 || raw_find(sock, "assay", NULL, &assay, text, sizeof(text)) ||
	    raw_find(sock, "device-evidence", NULL, &evidence, text, sizeof(text)))
		return fprintf(stderr, "no families\n"), 2;
	steps = !strcmp(argv[1], "take") || !strcmp(argv[1], "lose");
	while (done < times && time(NULL) < end && (!path || !access(path, F_OK))) {
		int error = steps ? !step(argv[1], argv[2], &forgotten) : once(argv[1], argv[2]);

		if (!error)
			done++;
		else if (steps)
			usleep(10000);
		else
			count(error);
	}
	printf("%s: %lu done", argv[1], done);
	for (size_t i = 1; i < ERRORS; i++)
		if (errors[i])
			printf(", %s x%lu", strerror((int)i), errors[i]);
	putchar('\n');
	return done < times && (!path || !access(path, F_OK));
}
