// SPDX-License-Identifier: Apache-2.0
#include "stocked.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "proto/strict.h"
#include "rig.h"
#include "server/approvals.h"
#include "server/corim_rows.h"
#include "server/enrolment.h"
#include "server/expected.h"
#include "server/hosts.h"
#include "server/ima_states.h"
#include "server/leases.h"
#include "server/proposals.h"
#include "server/routes.h"
#include "server/secrets.h"
#include "server/signer_rows.h"
#include "server/volumes.h"

#define SERVER BUILD_FOLDER "/server/assay-server"

static const u8 ueid[UEID_LEN] = STOCKED_UEID, uuid[16] = STOCKED_UUID, hash[32] = STOCKED_HASH;

/* ---- one row of each table ---- */
static void put_host(struct tx *tx, struct err *e)
{
	struct host h = { .name = "db-17",
			  .group = "db",
			  .ek_trust = "registered",
			  .active = true,
			  .ak_active = true,
			  .ak_name = { 7 },
			  .ek_pub = buf_copy(BYTES(hash)),
			  .ak_pub = buf_copy(BYTES(hash)) };

	memcpy(h.ueid, ueid, UEID_LEN);
	assert_ok(host_enrol(tx, &h, e), e);
	h.ak_name[0] = 8; /* the first AK's row stays, revoked */
	assert_ok(host_enrol(tx, &h, e), e);
	buf_drop(&h.ek_pub);
	buf_drop(&h.ak_pub);
}

static void put_expected(struct tx *tx, struct err *e)
{
	struct expected_host any = { .group = "db", .ek_hash = { 4 } };
	struct join_token token = { .hash = { 4 }, .group = "db", .not_after = 4102444800 },
			  narrow = { .hash = { 5 }, .host_name = "x", .has_ek_hash = true };
	struct enrolment x = { .id = "an-id",
			       .name = "db-17",
			       .group = "db",
			       .ek_trust = "token",
			       .has_token = true,
			       .not_after = clock_now_s() + 300,
			       .ek_pub = buf_copy(BYTES(hash)),
			       .ak_pub = buf_copy(BYTES(hash)) };

	assert_ok(expected_host_add(tx, &any, false, e), e);
	assert_ok(join_token_add(tx, &token, e), e);
	assert_ok(join_token_add(tx, &narrow, e), e);
	assert_ok(enrolment_write(tx, &x, e), e);
	enrolment_clear(&x);
}

static void put_seen(struct tx *tx, struct err *e)
{
	struct known_device d = { .label = "nvme 1", .leaf_key = { 3 }, .version = 0x12 };
	struct ima_state *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	assert_ok(inventory_set(tx, ueid, BYTES(uuid), "somebody", e), e);
	assert_ok(device_seen(tx, ueid, &d, e), e);
	assert_ok(ima_state_keep(tx, ueid, s, e), e);
	assert_ok(ima_pending_keep(tx, ueid, BYTES(uuid), s, e), e);
	assert_ok(proposal_put(tx, ueid, BYTES(hash), "192.0.2.1", e), e);
	free(s);
}

static void put_signed(struct tx *tx, struct err *e)
{
	struct corim_row corim = { .bytes = BYTES(hash),
				   .by = bytes_text("somebody"),
				   .is_signed = true,
				   .active = true,
				   .until = 4102444800,
				   .changed = 1800000000 },
			 off = { .bytes = BYTES(uuid), .beside = BYTES(hash) };
	struct signer_row signer = { .bytes = BYTES(hash),
				     .by = bytes_text("somebody"),
				     .added = 1800000000 };

	assert_ok(corim_row_insert(tx, &corim, e), e);
	assert_ok(corim_row_insert(tx, &off, e), e);
	assert_ok(signer_row_insert(tx, SIGNER_ANCHOR, &signer, e), e);
	assert_ok(signer_row_insert(tx, SIGNER_CRL, &signer, e), e);
}

static void put_volumes(struct tx *tx, struct err *e)
{
	struct volume v = { .counter = 0x1800001,
			    .counted = 1ULL << 40,
			    .has_proof = true,
			    .rotate = true,
			    .proof = { 6 } },
		      young = { .uuid = { 10 }, .counter = 0x1800002 };
	u8 check[SHARE_CHECK_LEN];

	memcpy(v.uuid, uuid, sizeof(uuid));
	memcpy(v.ueid, ueid, UEID_LEN);
	memcpy(young.ueid, ueid, UEID_LEN);
	assert_ok(volume_put(tx, &v, e), e);
	assert_ok(volume_put(tx, &young, e), e);
	assert_ok(share_create(tx, ueid, uuid, check, e), e);
	assert_ok(share_add(tx, ueid, uuid, 2, e), e);
}

static void put_lease(struct tx *tx, struct err *e)
{
	struct eat *token = calloc(1, sizeof(*token));
	struct verified_view v = { .token = token };
	struct lease_terms terms = { COUNTER_FIRST, 3, 40, 1ULL << 41, 0xff };

	assert_non_null(token);
	memcpy(token->ueid, ueid, UEID_LEN);
	token->n_volumes = 1;
	token->volumes[0] = (struct eat_volume){ .uuid = BYTES(uuid), .epoch = 1, .counter = 1 };
	assert_ok(leases_settle(tx, &v, &terms, "db-17", "test", e), e);
	assert_ok(lease_deny(tx, ueid, true, e), e);
	free(token);
}

static void put_approval(struct tx *tx, struct err *e)
{
	struct approval a = { .epoch = 1, .pcrs = 1 << 4 };
	OWNED(buf) body = buf_new(APPROVAL_MAX);

	memcpy(a.uuid, uuid, sizeof(uuid));
	assert_ok(approval_write(&a, &body->w, e), e);
	assert_ok(approval_add(tx, buf_bytes(body), "test", e), e);
}

static int put_all(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	put_host(tx, e);
	put_expected(tx, e);
	put_seen(tx, e);
	put_signed(tx, e);
	put_volumes(tx, e);
	put_lease(tx, e);
	put_approval(tx, e);
	e->code = E_OK;
	return audit_append(tx, "test", "all", "{}", e);
}

/* ---- a state folder that has them all ---- */
static void settings_in(struct settings *s, const char *folder)
{
	char state[300];

	snprintf(state, sizeof(state), "%s/state", folder);
	settings_default(s, state);
	snprintf(s->database, sizeof(s->database), "%s/assay.db", state);
	snprintf(s->kek, sizeof(s->kek), "%s/kek.pem", state);
	snprintf(s->audit_floor, sizeof(s->audit_floor), "%s/audit.floor", state);
}

void stocked_folder(char folder[256], struct settings *settings)
{
	struct server *v = NULL;
	char text[400];
	struct err e = { 0 };

	rig_folder(folder);
	snprintf(text, sizeof(text), "[listen]\naddress = 127.0.0.1\n[store]\nstate = %s/state\n",
		 folder);
	assert_int_equal(rig_shell("printf '%s' >%s/server.conf", text, folder), 0);
	assert_int_equal(rig_shell(SERVER " --config %s/server.conf init >/dev/null", folder), 0);
	settings_in(settings, folder);
	assert_ok(server_open_store(settings, &v, &e), &e);
	assert_ok(store_write(v->store, put_all, NULL, &e), &e);
	server_drop(&v);
}
