// SPDX-License-Identifier: Apache-2.0
/* Bad input: device submodules that are another's, moved, gone, doubled, old or changed. */
#include "refusal.h"

#include <stdio.h>

#include "agent/collector/source.h"
#include "common/file.h"

/* ---- device submodules ---- */
static struct eat_submodule *submodule(struct forged *t, const char *label)
{
	for (size_t i = 0; i < t->n_subs; i++)
		if (bytes_equal(t->subs[i].label, bytes_text(label)))
			return &t->subs[i];
	fail_msg("no submodule %s", label);
	return NULL;
}

static void sign_again(struct forged *t)
{
	buf_drop(&t->token);
	forge_sign(t, t->cnf);
}

/* Host-b is honest and so is its device; host-a shows it as its own. */
static void a_device_submodule_of_another_host_is_refused(void **state)
{
	struct fixture *f = *state;
	struct forged a, b;

	honest(f, &f->a, &a);
	honest(f, &f->b, &b);
	submodule(&a, a.labels[1])->value = buf_bytes(b.device_values[1]); /* after the quote */
	sign_again(&a);
	refused(&a, "QUOTE_BINDS NONCE_BOUND IDENTITY KEY_KNOWN K_CERTIFIED",
		"the device has another key than when it was enrolled: it was swapped");
	forged_clear(&a);

	forge_begin(&f->s, &f->a, &a);
	forge_collect(&a);
	device_evidence_clear(&a.evidence[1]);
	a.evidence[1] = b.evidence[1]; /* before it: the quote binds the lie */
	b.evidence[1] = (struct device_evidence){ 0 };
	forge_rest(&a);
	refused(&a, "NONCE_BOUND IDENTITY KEY_KNOWN",
		"the device signed the nonce made for it and this session");
	forged_clear(&a);
	forged_clear(&b);
}

static void device_submodules_in_another_order_are_refused(void **state)
{
	struct fixture *f = *state;
	struct eat_submodule *x, *y, kept;
	struct forged t;

	honest(f, &f->a, &t);
	x = submodule(&t, t.labels[0]);
	y = submodule(&t, t.labels[1]);
	kept = *x;
	*x = *y;
	*y = kept; /* label and value together: the same map, written in another order */
	sign_again(&t);
	turned_away(&t, buf_bytes(t.token), 400, "map keys not in order");
	forged_clear(&t);

	honest(f, &f->a, &t);
	x = submodule(&t, t.labels[0]);
	y = submodule(&t, t.labels[1]);
	kept = *x;
	x->value = y->value;
	y->value = kept.value; /* the labels stay in order, the values change places */
	sign_again(&t);
	refused(&t, "QUOTE_BINDS NONCE_BOUND IDENTITY KEY_KNOWN K_CERTIFIED",
		"the quote binds other evidence");
	forged_clear(&t);
}

static void a_device_submodule_that_was_taken_out_is_missed(void **state)
{
	struct fixture *f = *state;
	struct forged t;
	size_t kept = 0;

	honest(f, &f->a, &t);
	for (size_t i = 0; i < t.n_subs; i++)
		if (!bytes_equal(t.subs[i].label, bytes_text(t.labels[1])))
			t.subs[kept++] = t.subs[i];
	t.n_subs = kept;
	sign_again(&t);
	refused(&t, "QUOTE_BINDS DEVICES_PRESENT K_CERTIFIED",
		"0000:02:00.0 has CMA and no evidence");
	forged_clear(&t);

	forge_begin(&f->s, &f->a, &t); /* by the host itself: the quote binds one device */
	forge_collect(&t);
	device_evidence_clear(&t.evidence[1]);
	t.evidence[1] = (struct device_evidence){ 0 };
	forge_rest(&t);
	refused(&t, "DEVICES_PRESENT", "0000:02:00.0 has CMA and no evidence");
	forged_clear(&t);

	forge_begin(&f->s, &f->a, &t); /* and the function is hidden as well */
	forge_collect(&t);
	device_evidence_clear(&t.evidence[1]);
	t.evidence[1] = (struct device_evidence){ 0 };
	t.n_functions = 1;
	forge_rest(&t);
	refused(&t, "INVENTORY", "1b36:0010 at 0000:02:00.0 is missing");
	forged_clear(&t);
}

static void a_device_submodule_that_stands_twice_is_refused(void **state)
{
	struct fixture *f = *state;
	struct forged t;
	struct eat_submodule *one;

	honest(f, &f->a, &t);
	one = submodule(&t, t.labels[0]);
	memmove(one + 1, one, (size_t)(&t.subs[t.n_subs] - one) * sizeof(*one));
	t.n_subs++;
	sign_again(&t);
	turned_away(&t, buf_bytes(t.token), 400, "map key twice");
	forged_clear(&t);

	forge_begin(&f->s, &f->a, &t); /* one device under two labels */
	forge_collect(&t);
	device_evidence_clear(&t.evidence[1]);
	forge_collect_one(&f->s, 0, 0, t.labels[1], &t.context, &t.evidence[1]);
	forge_rest(&t);
	refused(&t, "IDENTITY KEY_KNOWN KEYS_DISTINCT", "answer with one key");
	forged_clear(&t);
}

/* Equal devices have their labels by the order on the bus: the key tells what was exchanged for what. */
static void devices_that_changed_places_are_said_to_be_moved(void **state)
{
	struct fixture *f = *state;
	struct forged t;
	char said[160];

	for (int i = 0; i < 2; i++) {
		forge_begin(&f->s, &f->a, &t);
		forge_collect(&t);
		for (int k = 0; k < 2; k++) {
			device_evidence_clear(&t.evidence[k]);
			forge_collect_one(&f->s, 1 - k, 0, t.labels[k], &t.context, &t.evidence[k]);
		}
		forge_rest(&t);
		snprintf(said, sizeof(said), "the device was moved: its key was enrolled as %s",
			 t.labels[i]);
		refused(&t, "IDENTITY KEY_KNOWN", said);
		forged_clear(&t);
	}
}

static void device_evidence_of_another_session_is_refused(void **state)
{
	struct fixture *f = *state;
	struct forged before, t;

	honest(f, &f->a, &before);
	released(&before);
	forge_begin(&f->s, &f->a, &t);
	forge_collect(&t);
	device_evidence_clear(&t.evidence[0]);
	t.evidence[0] = before.evidence[0];
	before.evidence[0] = (struct device_evidence){ 0 };
	forge_rest(&t);
	refused(&t, "NONCE_BOUND", "the device signed the nonce made for it and this session");
	forged_clear(&t);
	forged_clear(&before);
}

/* The file source says what it is, and nothing that it gives is fresh. */
static void saved_evidence_is_seen_to_be_old(void **state)
{
	struct fixture *f = *state;
	struct source_device d = { .source = &source_file };
	struct forged before, t;
	struct err e = { 0 };

	honest(f, &f->a, &before);
	snprintf(d.address, sizeof(d.address), "%.80s/saved.token", f->s.folder);
	assert_ok(file_write(d.address, buf_bytes(before.token), 0600, &e), &e);
	forge_begin(&f->s, &f->a, &t);
	forge_collect(&t);
	snprintf(d.label, sizeof(d.label), "%s", t.labels[0]);
	device_evidence_clear(&t.evidence[0]);
	source_collect(&d, &t.context, &t.evidence[0]);
	assert_string_equal(t.evidence[0].failure, "");
	forge_rest(&t);
	refused(&t, "NONCE_BOUND", "the device signed the nonce made for it and this session");
	forged_clear(&t);
	forged_clear(&before);
}

/* A live relay: the evidence is fresh and genuine, and the device sits in another host. */
static void a_device_that_answers_for_two_hosts_is_refused_on_both(void **state)
{
	struct fixture *f = *state;
	struct forge_host c;
	struct forged t;
	long status;

	forge_host_make(&c, "host-c", 0); /* its "devices" are those of host-a */
	forge_host_enrol(&f->s, &c);
	honest(f, &c, &t);
	refused(&t, "KEY_KNOWN",
		"the same key was seen on host host-a: relay, clone or unannounced move");
	forged_clear(&t);
	honest(f, &f->a, &t);
	refused(&t, "KEY_KNOWN", "the same key was seen on host host-c");
	for (int i = 0; i < 2; i++) { /* until an operator has looked into it */
		char body[128];

		snprintf(body, sizeof(body), "{\"device\":\"%s\"}", t.labels[i]);
		json_decref(forge_call(&f->s, "POST", "/api/v1/hosts/host-c/forget-device",
				       "application/json", true, bytes_text(body), &status));
		assert_int_equal(status, 200);
	}
	forged_clear(&t);
	forge_host_clear(&c);
}

static void a_chain_of_another_slot_is_refused(void **state)
{
	struct fixture *f = *state;
	struct device_evidence second;
	struct forged t;

	forge_begin(&f->s, &f->a, &t);
	forge_collect(&t);
	forge_collect_one(&f->s, 0, 1, t.labels[0], &t.context, &second);
	buf_drop(&t.evidence[0].chain);
	t.evidence[0].chain = TAKE(second.chain);
	device_evidence_clear(&second);
	forge_rest(&t);
	refused(&t, "GRAMMAR", "CERTIFICATE is not the chain object's portion");
	forged_clear(&t);
}

static void a_measurement_changed_by_one_bit_is_refused(void **state)
{
	struct fixture *f = *state;

	for (int bit = 0; bit < 8; bit++) {
		struct forged t;

		forge_begin(&f->s, &f->a, &t);
		forge_collect(&t);
		/* request 37 bytes; header 8, block header 4, DMTF header 3: in the digest */
		t.evidence[0].measurements->w.at[37 + 8 + 7 + 5] ^= (u8)(1 << bit);
		forge_rest(&t);
		refused(&t, "SIGNATURE", "the leaf's key made the signatures");
		forged_clear(&t);
	}
}

static void unsigned_measurements_are_refused(void **state)
{
	struct fixture *f = *state;
	struct forged t;

	forge_begin(&f->s, &f->a, &t);
	forge_collect(&t);
	t.evidence[0].measurements->w.at[2] = 0; /* Param1 of the request: no signature asked */
	forge_rest(&t);
	refused(&t, "GRAMMAR", "measurements are unsigned (GET_MEASUREMENTS Param1)");
	forged_clear(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		REFUSAL(a_device_submodule_of_another_host_is_refused),
		REFUSAL(device_submodules_in_another_order_are_refused),
		REFUSAL(a_device_submodule_that_was_taken_out_is_missed),
		REFUSAL(a_device_submodule_that_stands_twice_is_refused),
		REFUSAL(devices_that_changed_places_are_said_to_be_moved),
		REFUSAL(device_evidence_of_another_session_is_refused),
		REFUSAL(saved_evidence_is_seen_to_be_old),
		REFUSAL(a_device_that_answers_for_two_hosts_is_refused_on_both),
		REFUSAL(a_chain_of_another_slot_is_refused),
		REFUSAL(a_measurement_changed_by_one_bit_is_refused),
		REFUSAL(unsigned_measurements_are_refused),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
