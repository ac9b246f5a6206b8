// SPDX-License-Identifier: Apache-2.0
/* What a TPM holds of a disk, against a real TPM implementation: when it opens, and when never again. */
#include "rig.h"

#include "agent/tpm_disk.h"
#include "common/file.h"

#include <stdio.h>
#include <unistd.h>

enum { INDEX = 0x01810001 };

struct fixture {
	struct rig_tpm sw;
	char folder[256];
	struct tpm *tpm;
	struct tpm_key *k;
	u8 l[32];
};

static int start_tpm(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e = { 0 };

	rig_folder(f->folder);
	rig_tpm_start(&f->sw, f->folder);
	assert_ok(tpm_open(f->sw.tcti, &f->tpm, &e), &e);
	assert_ok(tpm_key_make(f->tpm, TEMPLATE_K, &f->k, &e), &e);
	assert_ok(random_bytes(f->l, sizeof(f->l), &e), &e);
	*state = f;
	return 0;
}

static int stop_tpm(void **state)
{
	struct fixture *f = *state;

	tpm_key_drop(&f->k);
	tpm_drop(&f->tpm);
	rig_tpm_stop(&f->sw);
	rig_folder_remove(f->folder);
	free(f);
	return 0;
}

static void reset(struct fixture *f)
{
	struct err e = { 0 };

	tpm_key_drop(&f->k);
	tpm_drop(&f->tpm);
	rig_tpm_reset(&f->sw);
	assert_ok(tpm_open(f->sw.tcti, &f->tpm, &e), &e);
	assert_ok(tpm_key_make(f->tpm, TEMPLATE_K, &f->k, &e), &e);
}

static void cap(struct fixture *f)
{
	struct digest value = sha256_of(bytes_text("end of the boot phase"));
	struct err e = { 0 };
	bool zero;

	assert_ok(tpm_cap(f->tpm, &value, &e), &e);
	assert_ok(tpm_cap_is_zero(f->tpm, &zero, &e), &e);
	assert_false(zero);
}

static void opens(struct fixture *f, const struct tpm_half *h, u64 epoch)
{
	OWNED(secret) got = NULL;
	struct err e = { 0 };

	assert_ok(tpm_half_open(f->tpm, f->k, h, INDEX, epoch, NULL, &got, &e), &e);
	assert_int_equal(got->len, sizeof(f->l));
	assert_memory_equal(got->at, f->l, sizeof(f->l));
}

static void stays_shut(struct fixture *f, const struct tpm_half *h, u64 epoch, const char *why)
{
	OWNED(secret) got = NULL;
	struct err e = { 0 };

	assert_refused(tpm_half_open(f->tpm, f->k, h, INDEX, epoch, NULL, &got, &e), &e, E_POLICY,
		       why);
	assert_null(got);
}

static void a_half_opens_in_every_boot_until_its_end(void **state)
{
	struct fixture *f = *state;
	struct tpm_half h = { 0 };
	struct err e = { 0 };
	u64 n;
	bool zero;

	assert_ok(tpm_counter_make(f->tpm, INDEX, &n, &e), &e);
	assert_ok(tpm_half_seal(f->tpm, f->k, f->l, INDEX, n, NULL, &h, &e), &e);
	for (int boot = 0; boot < 2; boot++) {
		assert_ok(tpm_cap_is_zero(f->tpm, &zero, &e), &e);
		assert_true(zero);
		opens(f, &h, n);
		opens(f, &h, n);
		cap(f);
		stays_shut(f, &h, n, "TPM2_Unseal");
		reset(f);
	}
	tpm_half_clear(&h);
}

static void before_the_counter_goes_on_both_epochs_open_and_after_it_the_new_one_alone(void **state)
{
	struct fixture *f = *state;
	struct tpm_half old = { 0 }, new = { 0 };
	struct err e = { 0 };
	u64 n, now;

	assert_ok(tpm_counter_make(f->tpm, INDEX, &n, &e), &e);
	assert_ok(tpm_half_seal(f->tpm, f->k, f->l, INDEX, n, NULL, &old, &e), &e);
	assert_ok(tpm_half_seal(f->tpm, f->k, f->l, INDEX, n + 1, NULL, &new, &e), &e);
	opens(f, &old, n);
	opens(f, &new, n + 1);
	assert_ok(tpm_counter_up(f->tpm, INDEX, &e), &e);
	assert_ok(tpm_counter_read(f->tpm, INDEX, &now, &e), &e);
	assert_int_equal(now, n + 1);
	stays_shut(f, &old, n, "TPM2_");
	opens(f, &new, n + 1);
	reset(f);
	stays_shut(f, &old, n, "TPM2_");
	opens(f, &new, n + 1);
	tpm_half_clear(&old);
	tpm_half_clear(&new);
}

static void a_counter_is_made_on_a_running_host_and_goes_on_in_the_boot_phase_alone(void **state)
{
	struct fixture *f = *state;
	struct tpm_half h = { 0 };
	struct err e = { 0 };
	u64 n, now;

	cap(f);
	assert_ok(tpm_counter_make(f->tpm, INDEX, &n, &e), &e);
	assert_ok(tpm_half_seal(f->tpm, f->k, f->l, INDEX, n, NULL, &h, &e), &e);
	stays_shut(f, &h, n, "TPM2_Unseal");
	assert_refused(tpm_counter_up(f->tpm, INDEX, &e), &e, E_POLICY, "TPM2_NV_Increment");
	assert_ok(tpm_counter_read(f->tpm, INDEX, &now, &e), &e);
	assert_int_equal(now, n);
	reset(f);
	opens(f, &h, n);
	assert_ok(tpm_counter_up(f->tpm, INDEX, &e), &e);
	stays_shut(f, &h, n, "TPM2_");
	tpm_half_clear(&h);
}

static void a_counter_that_was_removed_begins_behind_where_it_ended(void **state)
{
	struct fixture *f = *state;
	struct tpm_half h = { 0 };
	struct err e = { 0 };
	u64 n, again;

	assert_ok(tpm_counter_make(f->tpm, INDEX, &n, &e), &e);
	assert_ok(tpm_half_seal(f->tpm, f->k, f->l, INDEX, n, NULL, &h, &e), &e);
	assert_refused(tpm_counter_make(f->tpm, INDEX, &again, &e), &e, E_CONFLICT,
		       "in use already");
	assert_ok(tpm_counter_remove(f->tpm, INDEX, &e), &e);
	assert_refused(tpm_counter_read(f->tpm, INDEX, &again, &e), &e, E_NOTFOUND, "no counter");
	assert_ok(tpm_counter_make(f->tpm, INDEX, &again, &e), &e);
	assert_true(again > n);
	stays_shut(f, &h, n, "TPM2_");
	tpm_half_clear(&h);
}

/* Defined, and then the power went: it is not in use, and not to be lost either. */
static void a_counter_that_was_never_counted_up_is_made_whole(void **state)
{
	static const char *const define[] = { "tpm2_nvdefine",
					      "-C",
					      "o",
					      "-s",
					      "8",
					      "-L",
					      NULL,
					      "-a",
					      "policywrite|authread|no_da|nt=1",
					      "0x1810001",
					      NULL };
	const char *argv[ARRAY_LEN(define)];
	struct fixture *f = *state;
	struct digest policy = tpm_counter_policy();
	struct err e = { 0 };
	char path[300];
	u64 n, now;

	snprintf(path, sizeof(path), "%s/policy", f->folder);
	assert_ok(file_write(path, digest_bytes(&policy), 0600, &e), &e);
	memcpy(argv, define, sizeof(define));
	argv[6] = path;
	tpm_key_drop(&f->k);
	tpm_drop(&f->tpm); /* one user at a time */
	assert_int_equal(rig_tpm_tool(&f->sw, argv), 0);
	assert_ok(tpm_open(f->sw.tcti, &f->tpm, &e), &e);
	assert_refused(tpm_counter_read(f->tpm, INDEX, &n, &e), &e, E_POLICY,
		       "not a counter of ours");
	e = (struct err){ 0 };
	assert_ok(tpm_counter_make(f->tpm, INDEX, &n, &e), &e);
	assert_ok(tpm_counter_read(f->tpm, INDEX, &now, &e), &e);
	assert_int_equal(now, n);
	assert_ok(tpm_key_make(f->tpm, TEMPLATE_K, &f->k, &e), &e);
}

/* TPMS_ATTEST of type NV ends with the index' name, an offset and the content. SPEC: TCG TPM 2.0 Part 2 10.12.7 */
static void a_certificate_of_the_counter_tells_its_name_and_value(void **state)
{
	struct fixture *f = *state;
	struct digest extra = sha256_of(bytes_text("what it is for"));
	OWNED(tpm_key) ak = NULL;
	OWNED(buf) attest = NULL;
	OWNED(buf) signature = NULL;
	OWNED(pubkey) key = NULL;
	struct tpm_signature sig;
	struct tpm_public area;
	struct err e = { 0 };
	struct bytes signed_bytes;
	u8 end[2 + COUNTER_NAME_LEN + 2 + 2 + COUNTER_LEN], name[COUNTER_NAME_LEN];
	struct writer w = writer_on(end, sizeof(end));
	u64 n;

	assert_ok(tpm_counter_make(f->tpm, INDEX, &n, &e), &e);
	assert_ok(tpm_key_make(f->tpm, TEMPLATE_AK_ECC_P256, &ak, &e), &e);
	assert_ok(tpm_counter_certify(f->tpm, ak, INDEX, &extra, &attest, &signature, &e), &e);
	tpm_counter_name(INDEX, name);
	write_be16(&w, COUNTER_NAME_LEN);
	write_bytes(&w, BYTES(name));
	write_be16(&w, 0);
	write_be16(&w, COUNTER_LEN);
	write_be64(&w, n);
	assert_true(attest->w.len > sizeof(end));
	assert_memory_equal(attest->w.at + attest->w.len - sizeof(end), end, sizeof(end));
	assert_non_null(memmem(attest->w.at, attest->w.len, extra.at, 32));
	assert_ok(tpm_public_parse(buf_bytes(ak->pub), &area, &e), &e);
	assert_ok(tpm_public_key(&area, &key, &e), &e);
	assert_ok(tpm_signature_parse(buf_bytes(signature), key, &sig, &e), &e);
	signed_bytes = buf_bytes(attest);
	assert_ok(pubkey_verify(key, sig.scheme, sig.hash, &signed_bytes, 1,
				(struct bytes){ sig.raw, sig.len }, &e),
		  &e);
}

static void what_somebody_else_defined_there_is_no_counter_of_ours(void **state)
{
	static const struct {
		const char *attributes, *why;
	} others[] = {
		{ "ownerread|ownerwrite|authread|authwrite|nt=1", "not a counter of ours" },
		{ "ownerread|ownerwrite", "not a counter of ours" },
	};
	struct fixture *f = *state;
	char index[16];

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct err e = { 0 };
		u64 n;

		tpm_key_drop(&f->k);
		tpm_drop(&f->tpm); /* one user at a time */
		snprintf(index, sizeof(index), "0x%x", INDEX);
		assert_int_equal(rig_tpm_tool(&f->sw, (const char *const[]){ "tpm2_nvdefine", "-C",
									     "o", "-s", "8", "-a",
									     others[i].attributes,
									     index, NULL }),
				 0);
		assert_ok(tpm_open(f->sw.tcti, &f->tpm, &e), &e);
		assert_refused(tpm_counter_read(f->tpm, INDEX, &n, &e), &e, E_POLICY,
			       others[i].why);
		assert_refused(tpm_counter_up(f->tpm, INDEX, &e), &e, E_POLICY, others[i].why);
		assert_ok(tpm_counter_remove(f->tpm, INDEX, &e), &e);
		assert_ok(tpm_key_make(f->tpm, TEMPLATE_K, &f->k, &e), &e);
	}
}

static void an_index_outside_of_the_range_is_usage(void **state)
{
	static const u32 outside[] = { 0x01c00002, 0x017fffff, 0, 0xffffffff };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
		struct err e = { 0 };
		u64 n;

		assert_refused(tpm_counter_make(f->tpm, outside[i], &n, &e), &e, E_USAGE, "range");
		assert_refused(tpm_counter_remove(f->tpm, outside[i], &e), &e, E_USAGE, "range");
	}
}

/* The header is attacker's input: what it offers has to be sealed to this counter, for this epoch. */
static void a_half_that_was_tampered_with_is_refused(void **state)
{
	struct fixture *f = *state;
	struct tpm_half h = { 0 }, other = { 0 };
	struct err e = { 0 };
	OWNED(secret) got = NULL;
	u64 n, m;

	assert_ok(tpm_counter_make(f->tpm, INDEX, &n, &e), &e);
	assert_ok(tpm_counter_make(f->tpm, INDEX + 1, &m, &e), &e);
	assert_ok(tpm_half_seal(f->tpm, f->k, f->l, INDEX, n, NULL, &h, &e), &e);
	assert_ok(tpm_half_seal(f->tpm, f->k, f->l, INDEX + 1, m, NULL, &other, &e), &e);
	stays_shut(f, &other, m, "sealed to something else");
	stays_shut(f, &h, n + 1, "sealed to something else");
	for (size_t i = 0; i < h.public_2b->w.len; i++) {
		struct err why = { 0 };

		h.public_2b->w.at[i] ^= 1;
		assert_int_not_equal(tpm_half_open(f->tpm, f->k, &h, INDEX, n, NULL, &got, &why),
				     0);
		assert_null(got);
		h.public_2b->w.at[i] ^= 1;
	}
	for (size_t i = 0; i < h.private_2b->w.len; i += 7) {
		struct err why = { 0 };

		h.private_2b->w.at[i] ^= 1;
		assert_int_not_equal(tpm_half_open(f->tpm, f->k, &h, INDEX, n, NULL, &got, &why),
				     0);
		assert_null(got);
		h.private_2b->w.at[i] ^= 1;
	}
	h.private_2b->w.len--;
	assert_refused(tpm_half_open(f->tpm, f->k, &h, INDEX, n, NULL, &got, &e), &e, E_FORMAT,
		       "well-formed");
	h.private_2b->w.len++;
	opens(f, &h, n);
	tpm_half_clear(&h);
	tpm_half_clear(&other);
}

static void a_half_of_another_machine_does_not_open(void **state)
{
	struct fixture *f = *state, *other;
	void *another = NULL;
	struct tpm_half h = { 0 };
	OWNED(secret) got = NULL;
	struct err e = { 0 };
	u64 n, m;

	start_tpm(&another);
	other = another;
	assert_ok(tpm_counter_make(f->tpm, INDEX, &n, &e), &e);
	assert_ok(tpm_counter_make(other->tpm, INDEX, &m, &e), &e);
	assert_int_equal(n, m);
	assert_ok(tpm_half_seal(f->tpm, f->k, f->l, INDEX, n, NULL, &h, &e), &e);
	assert_refused(tpm_half_open(other->tpm, other->k, &h, INDEX, n, NULL, &got, &e), &e, E_TPM,
		       "TPM2_Load");
	tpm_half_clear(&h);
	stop_tpm(&another);
}

static void a_listener_on_the_bus_sees_no_half(void **state)
{
	struct fixture *f = *state;
	struct tpm_half h = { 0 };
	OWNED(buf) seen = NULL;
	struct err e = { 0 };
	char tcti[400], capture[400];
	u64 n;

	snprintf(tcti, sizeof(tcti), "pcap:%s", f->sw.tcti);
	snprintf(capture, sizeof(capture), "%s/bus.pcap", f->folder);
	setenv("TCTI_PCAP_FILE", capture, 1);
	tpm_key_drop(&f->k);
	tpm_drop(&f->tpm);
	assert_ok(tpm_open(tcti, &f->tpm, &e), &e);
	assert_ok(tpm_key_make(f->tpm, TEMPLATE_K, &f->k, &e), &e);
	assert_ok(tpm_counter_make(f->tpm, INDEX, &n, &e), &e);
	assert_ok(tpm_half_seal(f->tpm, f->k, f->l, INDEX, n, NULL, &h, &e), &e);
	opens(f, &h, n);
	tpm_key_drop(&f->k);
	tpm_drop(&f->tpm);
	unsetenv("TCTI_PCAP_FILE");
	assert_ok(file_read(capture, 1 << 20, &seen, &e), &e);
	/* the capture holds what was sent: the sealed form is there, what is sealed is not */
	assert_non_null(memmem(seen->w.at, seen->w.len, h.private_2b->w.at, h.private_2b->w.len));
	assert_null(memmem(seen->w.at, seen->w.len, f->l, sizeof(f->l)));
	tpm_half_clear(&h);
	assert_ok(tpm_open(f->sw.tcti, &f->tpm, &e), &e);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, start_tpm, stop_tpm)
		T(a_half_opens_in_every_boot_until_its_end),
		T(before_the_counter_goes_on_both_epochs_open_and_after_it_the_new_one_alone),
		T(a_counter_is_made_on_a_running_host_and_goes_on_in_the_boot_phase_alone),
		T(a_counter_that_was_removed_begins_behind_where_it_ended),
		T(a_counter_that_was_never_counted_up_is_made_whole),
		T(a_certificate_of_the_counter_tells_its_name_and_value),
		T(what_somebody_else_defined_there_is_no_counter_of_ours),
		T(an_index_outside_of_the_range_is_usage),
		T(a_half_that_was_tampered_with_is_refused),
		T(a_half_of_another_machine_does_not_open),
		T(a_listener_on_the_bus_sees_no_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
