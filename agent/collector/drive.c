// SPDX-License-Identifier: Apache-2.0
#include "drive.h"

#include <stdlib.h>
#include <time.h>

#include "common/clock.h"

enum { VCA_MAX = 4096 };

static void wait_us(u32 us)
{
	struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000 };

	nanosleep(&t, NULL);
}

static int no_room(struct err *e)
{
	return err_set(e, E_MEMORY, "no memory for evidence");
}

/* The requester writes into fixed buffers; here they are heap memory of their largest size. */
struct rooms {
	u8 *vca, *chain, *measurements, *challenge;
};

static void rooms_free(struct rooms *m)
{
	free(m->vca);
	free(m->chain);
	free(m->measurements);
	free(m->challenge);
}

static bool rooms_make(struct rooms *m, struct spdm_requester *rq)
{
	*m = (struct rooms){ malloc(VCA_MAX), malloc(SPDM_CHAIN_MAX), malloc(2 * SPDM_MSG_MAX),
			     malloc(SPDM_TRANSCRIPT_MAX) };
	if (!m->vca || !m->chain || !m->measurements || !m->challenge)
		return false;
	rq->vca = writer_on(m->vca, VCA_MAX);
	rq->chain = writer_on(m->chain, SPDM_CHAIN_MAX);
	rq->measurements = writer_on(m->measurements, 2 * SPDM_MSG_MAX);
	rq->challenge = writer_on(m->challenge, SPDM_TRANSCRIPT_MAX);
	return true;
}

static int run(const struct spdm_transport *t, struct spdm_requester *rq, struct err *e)
{
	long long deadline = clock_monotonic_ms() + DRIVE_DEADLINE_MS;
	u8 response[SPDM_MSG_MAX + 4];
	size_t len;
	const char *why = NULL;

	spdm_requester_start(rq);
	while (!spdm_requester_done(rq)) {
		struct bytes request = spdm_requester_next(rq);
		u8 code = request.len > 1 ? request.at[1] : 0;
		int rc;

		if (clock_monotonic_ms() > deadline)
			return err_set(e, E_UNREACHABLE, "device was not done after %d s",
				       DRIVE_DEADLINE_MS / 1000);
		if (t->exchange(t->user, request, response, &len, e))
			return err_while(e, "SPDM request 0x%02x", code);
		rc = spdm_requester_take(rq, (struct bytes){ response, len }, &why);
		if (rc == -EAGAIN)
			wait_us(rq->wait_us);
		else if (rc)
			return err_set(e, rc == -ETIMEDOUT ? E_UNREACHABLE : E_DEVICE,
				       "answer to SPDM request 0x%02x: %s", code, why);
	}
	return 0;
}

int spdm_drive(const struct spdm_transport *t, const struct spdm_requester_config *config,
	       struct device_evidence *out, struct err *e)
{
	struct spdm_requester rq = { .config = *config };
	struct rooms m;
	int rc = rooms_make(&m, &rq) ? run(t, &rq, e) : no_room(e);

	if (!rc) {
		out->slot = config->slot;
		out->slots = rq.slots;
		out->vca = buf_copy(write_done(&rq.vca));
		out->chain = buf_copy(write_done(&rq.chain));
		out->measurements = buf_copy(write_done(&rq.measurements));
		out->challenge = buf_copy(write_done(&rq.challenge));
		if (!out->vca || !out->chain || !out->measurements || !out->challenge) {
			device_evidence_clear(out);
			rc = no_room(e);
		}
	}
	rooms_free(&m);
	return rc;
}
