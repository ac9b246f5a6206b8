// SPDX-License-Identifier: Apache-2.0
/*
 * A lease against a real TPM implementation: when it opens, and what the TPM itself says when it does not. The bytes are
 * recorded when the lease is given; a thief of them has the TPM too and asks it in his own words, in every later boot.
 */
#include "rig.h"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

#include "agent/tpm_disk.h"
#include "agent/tpm_lease.h"
#include "common/clock.h"
#include "proto/tpm_wrap.h"

#include <stdio.h>
#include <unistd.h>

enum { INDEX = 0x01810007, RELEASE_PCRS = 0xdbff, K = 2, HOUR_MS = 3600000 };

struct fixture {
	struct rig_tpm sw;
	char folder[256];
	struct tpm *tpm;
	struct tpm_key *salt;
	u8 s[32];
	struct lease_terms terms;
	struct buf *kept; /* as it stands in a header */
	struct err e;
};

static void open_tpm(struct fixture *f)
{
	assert_ok(tpm_open(f->sw.tcti, &f->tpm, &f->e), &f->e);
	assert_ok(tpm_key_make(f->tpm, TEMPLATE_K, &f->salt, &f->e), &f->e);
}

static void close_tpm(struct fixture *f)
{
	tpm_key_drop(&f->salt);
	tpm_drop(&f->tpm);
}

static struct tpm_clock clock_of(struct fixture *f)
{
	OWNED(tpm_key) ak = NULL;
	struct tpm_quoted q = { 0 };
	struct digest extra = sha256_of(BYTES(f->s));
	struct tpm_attest a;
	struct tpm_clock clock;

	assert_ok(tpm_key_make(f->tpm, TEMPLATE_AK_ECC_P256, &ak, &f->e), &f->e);
	assert_ok(tpm_quote(f->tpm, ak, &extra, &q, &f->e), &f->e);
	assert_ok(tpm_attest_parse(buf_bytes(q.attest), &a, &f->e), &f->e);
	clock = a.clock;
	tpm_quoted_clear(&q);
	return clock;
}

/* PCRs are zeros in this TPM, as long as nobody extends one. */
static struct digest pcrs_of_a_boot(void)
{
	static const u8 zeros[14][32];

	return sha256_of(BYTES(zeros));
}

/* As a server does it: it knows the SRK's public area, the counts and the PCRs. */
static void grant(struct fixture *f, u32 boots, u64 ms)
{
	OWNED(tpm_key) srk = NULL;
	OWNED(buf) public_2b = buf_new(TPM_STRUCT_MAX);
	OWNED(buf) private_2b = buf_new(TPM_STRUCT_MAX);
	OWNED(buf) secret_2b = buf_new(TPM_STRUCT_MAX);
	static const u8 uuid[16] = { 1 };
	struct tpm_clock now = clock_of(f);
	struct digest pcrs = pcrs_of_a_boot(), policy;
	struct tpm_public parent;

	f->terms = (struct lease_terms){ .counter = INDEX,
					 .reset_max = now.reset_count + boots,
					 .clock_max = now.clock_ms + ms,
					 .pcrs = RELEASE_PCRS };
	assert_ok(tpm_lease_counter_make(f->tpm, INDEX, &f->terms.value, &f->e), &f->e);
	assert_ok(tpm_key_make(f->tpm, TEMPLATE_SRK_ECC_P256, &srk, &f->e), &f->e);
	assert_ok(tpm_public_parse(buf_bytes(srk->pub), &parent, &f->e), &f->e);
	policy = lease_policy(&f->terms, digest_bytes(&pcrs));
	assert_ok(tpm_seal_for(&parent, BYTES(f->s), &policy, &public_2b->w, &private_2b->w,
			       &secret_2b->w, &f->e),
		  &f->e);
	buf_drop(&f->kept);
	f->kept = buf_new(LEASE_KEPT_MAX);
	assert_ok(
		tpm_lease_take(f->tpm, srk, &f->terms,
			       &(struct lease_share){ BYTES(uuid), 1, buf_bytes(public_2b),
						      buf_bytes(private_2b), buf_bytes(secret_2b) },
			       &f->kept->w, &f->e),
		&f->e);
}

static int start_tpm(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	rig_folder(f->folder);
	rig_tpm_start(&f->sw, f->folder);
	open_tpm(f);
	assert_ok(random_bytes(f->s, sizeof(f->s), &f->e), &f->e);
	grant(f, K, HOUR_MS);
	*state = f;
	return 0;
}

static int stop_tpm(void **state)
{
	struct fixture *f = *state;

	close_tpm(f);
	buf_drop(&f->kept);
	rig_tpm_stop(&f->sw);
	rig_folder_remove(f->folder);
	free(f);
	return 0;
}

static void reset(struct fixture *f)
{
	close_tpm(f);
	rig_tpm_reset(&f->sw);
	open_tpm(f);
}

static void opens(struct fixture *f, u32 reboots_left)
{
	OWNED(secret) got = NULL;
	struct lease_left left;

	assert_ok(tpm_lease_open(f->tpm, f->salt, INDEX, buf_bytes(f->kept), &got, &left, &f->e),
		  &f->e);
	assert_int_equal(got->len, sizeof(f->s));
	assert_memory_equal(got->at, f->s, sizeof(f->s));
	assert_int_equal(left.reboots, reboots_left);
	assert_true(left.ms > 0 && left.ms <= HOUR_MS);
}

static void stays_shut(struct fixture *f, const char *why)
{
	OWNED(secret) got = NULL;
	struct lease_left left;
	struct err e = { 0 };

	assert_refused(tpm_lease_open(f->tpm, f->salt, INDEX, buf_bytes(f->kept), &got, &left, &e),
		       &e, E_POLICY, why);
	assert_null(got);
}

/* ---- in a thief's words ---- */
enum step { LOADED, RESETS, RESTARTS, CLOCK, PCRS, COUNTER, COMMAND, UNSEALED };
struct thief {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	ESYS_TR srk, object, nv, session;
	u8 got[32];
};

static TSS2_RC load(struct thief *t, const struct lease_kept *k)
{
	static const TPM2B_SENSITIVE_CREATE nothing;
	static const TPM2B_DATA no_info;
	static const TPML_PCR_SELECTION no_pcrs;
	TPM2B_PUBLIC template = { 0 }, pub = { 0 }, *made = NULL;
	TPM2B_PRIVATE private = { 0 };
	TPM2B_CREATION_DATA *data = NULL;
	TPM2B_DIGEST *hash = NULL;
	TPMT_TK_CREATION *ticket = NULL;
	u8 room[512];
	struct writer w = writer_on(room, sizeof(room));
	size_t at = 0, n = 0, m = 0;
	TSS2_RC rc;

	tpm_template_write(TEMPLATE_SRK_ECC_P256, &w);
	assert_int_equal(Tss2_MU_TPMT_PUBLIC_Unmarshal(room, w.len, &at, &template.publicArea), 0);
	assert_int_equal(
		Tss2_MU_TPM2B_PUBLIC_Unmarshal(k->public_2b.at, k->public_2b.len, &n, &pub), 0);
	assert_int_equal(
		Tss2_MU_TPM2B_PRIVATE_Unmarshal(k->private_2b.at, k->private_2b.len, &m, &private),
		0);
	rc = Esys_CreatePrimary(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				ESYS_TR_NONE, &nothing, &template, &no_info, &no_pcrs, &t->srk,
				&made, &data, &hash, &ticket);
	assert_int_equal(rc, 0);
	Esys_Free(made);
	Esys_Free(data);
	Esys_Free(hash);
	Esys_Free(ticket);
	return Esys_Load(t->esys, t->srk, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &private,
			 &pub, &t->object);
}

static TSS2_RC timer(struct thief *t, u64 value, u16 len, u16 offset, TPM2_EO operation)
{
	TPM2B_OPERAND o = { .size = len };
	struct writer w = writer_on(o.buffer, len);

	if (len == 8)
		write_be64(&w, value);
	else
		write_be32(&w, (u32)value);
	return Esys_PolicyCounterTimer(t->esys, t->session, ESYS_TR_NONE, ESYS_TR_NONE,
				       ESYS_TR_NONE, &o, offset, operation);
}

static TSS2_RC pcrs(struct thief *t, u32 set)
{
	TPML_PCR_SELECTION s = {
		.count = 1,
		.pcrSelections = { { .hash = TPM2_ALG_SHA256,
				     .sizeofSelect = 3,
				     .pcrSelect = { (u8)set, (u8)(set >> 8), (u8)(set >> 16) } } }
	};
	TPM2B_DIGEST now = { 0 };

	return Esys_PolicyPCR(t->esys, t->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &now,
			      &s);
}

static TSS2_RC counter(struct thief *t, u32 index, u64 value)
{
	TPM2B_OPERAND o = { .size = 8 };
	struct writer w = writer_on(o.buffer, 8);

	write_be64(&w, value);
	assert_int_equal(Esys_TR_FromTPMPublic(t->esys, index, ESYS_TR_NONE, ESYS_TR_NONE,
					       ESYS_TR_NONE, &t->nv),
			 0);
	return Esys_PolicyNV(t->esys, t->nv, t->nv, t->session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
			     ESYS_TR_NONE, &o, 0, TPM2_EO_EQ);
}

static TSS2_RC unseal(struct thief *t)
{
	TPM2B_SENSITIVE_DATA *data = NULL;
	TSS2_RC rc = Esys_Unseal(t->esys, t->object, t->session, ESYS_TR_NONE, ESYS_TR_NONE, &data);

	if (!rc && data->size == sizeof(t->got))
		memcpy(t->got, data->buffer, sizeof(t->got));
	Esys_Free(data);
	return rc;
}

/* One command after the other, with @terms, until the TPM says no. Return: its code; *@at: to what. */
static TSS2_RC walk(struct thief *t, const struct lease_kept *k, const struct lease_terms *terms,
		    enum step *at)
{
	static const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
	TSS2_RC rc = load(t, k);

	for (*at = LOADED; !rc && *at < UNSEALED;) {
		switch (++*at) {
		case RESETS:
			rc = Esys_StartAuthSession(t->esys, ESYS_TR_NONE, ESYS_TR_NONE,
						   ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
						   TPM2_SE_POLICY, &none, TPM2_ALG_SHA256,
						   &t->session);
			assert_int_equal(rc, 0);
			rc = timer(t, terms->reset_max, 4, 16, TPM2_EO_UNSIGNED_LE);
			break;
		case RESTARTS:
			rc = timer(t, 0, 4, 20, TPM2_EO_EQ);
			break;
		case CLOCK:
			rc = timer(t, terms->clock_max, 8, 8, TPM2_EO_UNSIGNED_LE);
			break;
		case PCRS:
			rc = pcrs(t, terms->pcrs);
			break;
		case COUNTER:
			rc = counter(t, terms->counter, terms->value);
			break;
		case COMMAND:
			rc = Esys_PolicyCommandCode(t->esys, t->session, ESYS_TR_NONE, ESYS_TR_NONE,
						    ESYS_TR_NONE, TPM2_CC_Unseal);
			break;
		default:
			rc = unseal(t);
			break;
		}
	}
	return rc;
}

/* What the TPM says to who has the recorded bytes; @terms: NULL, or those he would rather have. */
static TSS2_RC ask_the_tpm(struct fixture *f, const struct lease_terms *terms, enum step *at)
{
	struct thief t = { .session = ESYS_TR_NONE, .object = ESYS_TR_NONE, .srk = ESYS_TR_NONE };
	struct lease_kept k;
	TSS2_RC rc;

	assert_ok(lease_kept_parse(buf_bytes(f->kept), &k, &f->e), &f->e);
	close_tpm(f); /* one user at a time */
	assert_int_equal(Tss2_TctiLdr_Initialize(f->sw.tcti, &t.tcti), 0);
	assert_int_equal(Esys_Initialize(&t.esys, t.tcti, NULL), 0);
	rc = walk(&t, &k, terms ? terms : &k.terms, at);
	if (!rc)
		assert_memory_equal(t.got, f->s, sizeof(f->s));
	for (ESYS_TR *h = &t.srk; h <= &t.session; h++)
		if (h != &t.nv && *h != ESYS_TR_NONE)
			Esys_FlushContext(t.esys, *h);
	Esys_Finalize(&t.esys);
	Tss2_TctiLdr_Finalize(&t.tcti);
	open_tpm(f);
	return rc;
}

static void the_tpm_refuses(struct fixture *f, const struct lease_terms *terms, enum step want,
			    TSS2_RC code)
{
	enum step at;
	TSS2_RC rc = ask_the_tpm(f, terms, &at);

	if ((rc & 0xfff) != code || at != want)
		fail_msg("step %d: 0x%x, and not step %d: 0x%x", at, rc, want, code);
}

static void the_tpm_opens(struct fixture *f)
{
	enum step at;

	assert_int_equal(ask_the_tpm(f, NULL, &at), 0);
}

/* What Unseal answers when the policy's digest is another: of its first session. */
enum { OTHER_POLICY = TPM2_RC_POLICY_FAIL + TPM2_RC_S + TPM2_RC_1 };

/* ---- scenarios ---- */
static void it_opens_as_many_boots_as_it_is_for_and_no_more(void **state)
{
	struct fixture *f = *state;

	opens(f, K);
	for (u32 boot = 1; boot <= K; boot++) {
		reset(f);
		opens(f, K - boot);
		opens(f, K - boot);
		the_tpm_opens(f);
	}
	reset(f);
	stays_shut(f, "as many reboots");
	the_tpm_refuses(f, NULL, RESETS, TPM2_RC_POLICY);
	/* and another number is another policy */
	f->terms.reset_max += 10;
	the_tpm_refuses(f, &f->terms, UNSEALED, OTHER_POLICY);
}

static void after_a_restart_it_does_not_open(void **state)
{
	struct fixture *f = *state;

	close_tpm(f);
	rig_tpm_restart(&f->sw);
	open_tpm(f);
	stays_shut(f, "restarted without a reset");
	the_tpm_refuses(f, NULL, RESTARTS, TPM2_RC_POLICY);
	reset(f);
	opens(f, K - 1);
}

static void at_its_end_it_does_not_open(void **state)
{
	struct fixture *f = *state;
	long long wait;

	grant(f, K, 1500);
	opens(f, K);
	wait = clock_monotonic_ms() + 1600;
	while (clock_monotonic_ms() < wait)
		usleep(50000);
	stays_shut(f, "its time is over");
	the_tpm_refuses(f, NULL, CLOCK, TPM2_RC_POLICY);
	reset(f);
	the_tpm_refuses(f, NULL, CLOCK, TPM2_RC_POLICY);
	f->terms.clock_max += HOUR_MS;
	the_tpm_refuses(f, &f->terms, UNSEALED, OTHER_POLICY);
}

static void what_was_booted_otherwise_does_not_open_it(void **state)
{
	static const char *const extended[] = { "4:sha256=", "9:sha256=", "15:sha256=" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(extended); i++) {
		char argument[80];

		grant(f, K, HOUR_MS);
		close_tpm(f);
		snprintf(argument, sizeof(argument), "%s%064d", extended[i], 7);
		assert_int_equal(rig_tpm_tool(&f->sw, (const char *const[]){ "tpm2_pcrextend",
									     argument, NULL }),
				 0);
		open_tpm(f);
		stays_shut(f, "what has been booted");
		the_tpm_refuses(f, NULL, UNSEALED, OTHER_POLICY);
		reset(f);
		opens(f, K - 1);
	}
}

static void once_its_counter_has_counted_it_never_opens_again(void **state)
{
	struct fixture *f = *state;
	struct digest value = sha256_of(bytes_text("end of the boot phase"));
	u64 now;

	/* in a running system: that is where an operator's word is heard */
	assert_ok(tpm_cap(f->tpm, &value, &f->e), &f->e);
	assert_ok(tpm_lease_counter_up(f->tpm, INDEX, &f->e), &f->e);
	assert_ok(tpm_lease_counter_read(f->tpm, INDEX, &now, &f->e), &f->e);
	assert_int_equal(now, f->terms.value + 1);
	reset(f);
	stays_shut(f, "revoked");
	the_tpm_refuses(f, NULL, COUNTER, TPM2_RC_POLICY);
	f->terms.value = now;
	the_tpm_refuses(f, &f->terms, UNSEALED, OTHER_POLICY);
	/* and one that is given afterwards does */
	grant(f, K, HOUR_MS);
	opens(f, K);
}

static void a_counter_that_was_removed_does_not_come_back_to_where_it_was(void **state)
{
	struct fixture *f = *state;
	u64 now;

	close_tpm(f);
	assert_int_equal(rig_tpm_tool(&f->sw, (const char *const[]){ "tpm2_nvundefine", "-C", "o",
								     "0x1810007", NULL }),
			 0);
	open_tpm(f);
	assert_ok(tpm_lease_counter_make(f->tpm, INDEX, &now, &f->e), &f->e);
	assert_true(now > f->terms.value);
	stays_shut(f, "revoked");
	the_tpm_refuses(f, NULL, COUNTER, TPM2_RC_POLICY);
}

static void fewer_pcrs_are_another_policy(void **state)
{
	struct fixture *f = *state;
	struct lease_terms fewer = f->terms;

	fewer.pcrs = 1u << CAP_PCR;
	the_tpm_refuses(f, &fewer, UNSEALED, OTHER_POLICY);
	the_tpm_opens(f);
}

/* A header is anybody's: what differs in anything is not even shown to the TPM. */
static void a_kept_lease_that_was_tampered_with_is_refused(void **state)
{
	struct fixture *f = *state;
	struct lease_left left;
	OWNED(secret) got = NULL;
	struct err e = { 0 };

	assert_refused(
		tpm_lease_open(f->tpm, f->salt, INDEX + 1, buf_bytes(f->kept), &got, &left, &e), &e,
		E_POLICY, "another counter");
	for (size_t i = 0; i < f->kept->w.len; i++) {
		struct err why = { 0 };

		f->kept->w.at[i] ^= 1;
		assert_int_not_equal(tpm_lease_open(f->tpm, f->salt, INDEX, buf_bytes(f->kept),
						    &got, &left, &why),
				     0);
		assert_null(got);
		f->kept->w.at[i] ^= 1;
	}
	opens(f, K);
}

static void a_lease_of_another_machine_does_not_open(void **state)
{
	struct fixture *f = *state, *other;
	void *another = NULL;
	struct lease_left left;
	OWNED(secret) got = NULL;
	struct err e = { 0 };

	start_tpm(&another);
	other = another;
	assert_int_not_equal(
		tpm_lease_open(other->tpm, other->salt, INDEX, buf_bytes(f->kept), &got, &left, &e),
		0);
	assert_null(got);
	stop_tpm(&another);
}

static void what_somebody_else_defined_there_is_no_counter_of_leases(void **state)
{
	static const char *const others[] = { "ownerread|ownerwrite|authread|authwrite|no_da|nt=1",
					      "authread|policywrite|no_da|nt=1",
					      "authread|authwrite|no_da" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct err e = { 0 };
		u64 n;

		close_tpm(f);
		assert_int_equal(
			rig_tpm_tool(&f->sw,
				     (const char *const[]){ "tpm2_nvdefine", "-C", "o", "-s", "8",
							    "-a", others[i], "0x1810009", NULL }),
			0);
		open_tpm(f);
		assert_refused(tpm_lease_counter_read(f->tpm, 0x1810009, &n, &e), &e, E_POLICY,
			       "not a counter of ours");
		assert_refused(tpm_lease_counter_make(f->tpm, 0x1810009, &n, &e), &e, E_CONFLICT,
			       "in use already");
		close_tpm(f);
		assert_int_equal(
			rig_tpm_tool(&f->sw, (const char *const[]){ "tpm2_nvundefine", "-C", "o",
								    "0x1810009", NULL }),
			0);
		open_tpm(f);
	}
}

static void a_counter_that_was_never_counted_up_is_made_whole(void **state)
{
	struct fixture *f = *state;
	u64 n;

	close_tpm(f);
	assert_int_equal(
		rig_tpm_tool(&f->sw, (const char *const[]){ "tpm2_nvdefine", "-C", "o", "-s", "8",
							    "-a", "authread|authwrite|no_da|nt=1",
							    "0x1810009", NULL }),
		0);
	open_tpm(f);
	assert_ok(tpm_lease_counter_make(f->tpm, 0x1810009, &n, &f->e), &f->e);
	assert_true(n > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, start_tpm, stop_tpm)
		T(it_opens_as_many_boots_as_it_is_for_and_no_more),
		T(after_a_restart_it_does_not_open),
		T(at_its_end_it_does_not_open),
		T(what_was_booted_otherwise_does_not_open_it),
		T(once_its_counter_has_counted_it_never_opens_again),
		T(a_counter_that_was_removed_does_not_come_back_to_where_it_was),
		T(fewer_pcrs_are_another_policy),
		T(a_kept_lease_that_was_tampered_with_is_refused),
		T(a_lease_of_another_machine_does_not_open),
		T(what_somebody_else_defined_there_is_no_counter_of_leases),
		T(a_counter_that_was_never_counted_up_is_made_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
