// SPDX-License-Identifier: Apache-2.0
/* What a lease hangs on: the counter that ends it, and the key that it is wrapped to. SPEC: RULES 18 */
#include "proto/lease.h"
#include "proto/tpm_template.h"
#include "verify_run.h"

static int counter_says(struct run *r, struct verified_lease *l, struct err *e)
{
	const struct eat_lease *said = &r->t->lease;
	u8 name[COUNTER_NAME_LEN];

	lease_counter_name(said->counter, name);
	if (check_counted(r, said->counted, said->counted_sig, BYTES(name), said->counter,
			  &l->value, e))
		return (int)e->code;
	l->counter = said->counter;
	l->counted = true;
	return 0;
}

/* K has the same attributes and is another thing: only the qualified name tells which hierarchy a primary is of. */
static int parent_is_srk(struct run *r, struct verified_lease *l, struct err *e)
{
	const struct eat_lease *said = &r->t->lease;
	u8 name[TPM_NAME_MAX], qualified[TPM_NAME_MAX];
	struct bytes name_bytes = { name, 0 };
	struct tpm_attest a;

	if (tpm_public_parse(said->parent, &l->parent, e) ||
	    tpm_template_check(TEMPLATE_SRK_ECC_P256, &l->parent, e) ||
	    open_attest(r, said->certify, said->certify_sig, &a, NULL, e))
		return err_while(e, "storage key of a lease");
	name_bytes.len = tpm_public_name(&l->parent, name);
	if (a.type != TPM_ST_ATTEST_CERTIFY)
		return err_set(e, E_POLICY,
			       "the attestation of a lease's storage key is not a certification");
	if (!bytes_equal(a.name, name_bytes) ||
	    !bytes_equal(a.qualified_name,
			 (struct bytes){ qualified,
					 tpm_qualified_name(TPM_RH_OWNER, name_bytes, qualified) }))
		return err_set(e, E_BINDING, "a lease's storage key is not this TPM's SRK");
	if (!digest_equals(&r->bind, a.extra_data))
		return err_set(e, E_BINDING,
			       "the certification of a lease's storage key binds other evidence");
	if (a.clock.reset_count != r->v->quote.clock.reset_count ||
	    a.clock.restart_count != r->v->quote.clock.restart_count)
		return err_set(e, E_FRESHNESS,
			       "a lease's storage key was certified in another boot");
	l->asked = true;
	return 0;
}

void check_lease(struct run *r, struct err *e)
{
	struct verified_lease *l = &r->v->lease;

	if (r->t->lease.counter &&
	    (counter_says(r, l, e) || (r->t->lease.parent.len && parent_is_srk(r, l, e)))) {
		*l = (struct verified_lease){ 0 };
		check_failed(r, NULL, CHECK_LEASE, e->text);
	}
	check_passed(&r->v->checks, CHECK_LEASE);
}
