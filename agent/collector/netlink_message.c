// SPDX-License-Identifier: Apache-2.0
#include "netlink_message.h"

#include "netlink_attr.h"

static size_t hex_digits(const char *text)
{
	return strspn(text, "0123456789abcdef");
}

bool pci_address_valid(const char *name)
{
	size_t domain = hex_digits(name);

	if (domain < 4 || domain > 8 || strlen(name + domain) != 8)
		return false;
	name += domain;
	return name[0] == ':' && hex_digits(name + 1) == 2 && name[3] == ':' &&
	       hex_digits(name + 4) == 2 && name[6] == '.' && name[7] >= '0' && name[7] <= '7';
}

enum { HAS_ID = 1, HAS_SUBSYS = 2, HAS_NAME = 4, HAS_STATE = 8, HAS_SEQ = 16, HAS_ALL = 31 };

static void take_status(struct reader *r, const struct netlink_attr *a, struct netlink_status *s,
			unsigned int *has)
{
	char subsystem[ASSAY_NAME_MAX + 1] = "";

	switch (a->type) {
	case ASSAY_A_DEV_ID:
		s->id = netlink_attr_u64(r, a, "DEV_ID");
		*has |= HAS_ID;
		break;
	case ASSAY_A_SUBSYS:
		netlink_attr_text(r, a, subsystem, sizeof(subsystem), "SUBSYS");
		if (strcmp(subsystem, "pci"))
			reader_fail(r, "SUBSYS");
		*has |= HAS_SUBSYS;
		break;
	case ASSAY_A_DEV_NAME:
		netlink_attr_text(r, a, s->name, sizeof(s->name), "DEV_NAME");
		if (!pci_address_valid(s->name))
			reader_fail(r, "DEV_NAME");
		*has |= HAS_NAME;
		break;
	case ASSAY_A_GENERATION:
		s->generation = netlink_attr_u32(r, a, "GENERATION");
		break;
	case ASSAY_A_STATE:
		s->state = netlink_attr_u32(r, a, "STATE");
		*has |= HAS_STATE;
		break;
	case ASSAY_A_CAUSE:
		s->cause = netlink_attr_u32(r, a, "CAUSE");
		s->has_cause = true;
		break;
	case ASSAY_A_ERROR:
		s->error = (int)netlink_attr_u32(r, a, "ERROR");
		break;
	case ASSAY_A_WHY:
		netlink_attr_text(r, a, s->why, sizeof(s->why), "WHY");
		break;
	case ASSAY_A_SEQ:
		s->seq = netlink_attr_u64(r, a, "SEQ");
		*has |= HAS_SEQ;
		break;
	default:
		break;
	}
}

static void take_evidence(struct reader *r, const struct netlink_attr *a, struct netlink_status *s,
			  unsigned int *digests)
{
	switch (a->type) {
	case ASSAY_A_SLOT:
		s->slot = netlink_attr_u8(r, a, "SLOT");
		break;
	case ASSAY_A_SLOT_MASK:
		s->slots = netlink_attr_u8(r, a, "SLOT_MASK");
		break;
	case ASSAY_A_SPDM_VERSION:
		s->version = netlink_attr_u8(r, a, "SPDM_VERSION");
		break;
	case ASSAY_A_NONCE:
		netlink_attr_bytes(r, a, s->nonce, sizeof(s->nonce), "NONCE");
		s->has_nonce = true;
		break;
	case ASSAY_A_CHAIN_DIGEST:
		netlink_attr_bytes(r, a, s->chain_digest, sizeof(s->chain_digest), "CHAIN_DIGEST");
		*digests |= 1;
		break;
	case ASSAY_A_MEAS_DIGEST:
		netlink_attr_bytes(r, a, s->meas_digest, sizeof(s->meas_digest), "MEAS_DIGEST");
		*digests |= 2;
		break;
	default:
		break;
	}
}

enum { GUARD_COVERAGE = 1, GUARD_PREVENTS = 2, GUARD_HOLD = 4, GUARD_ALL = 7 };

static void take_guard(struct reader *r, const struct netlink_attr *a, struct netlink_status *s,
		       unsigned int *guard)
{
	switch (a->type) {
	case ASSAY_A_COVERAGE:
		s->coverage = netlink_attr_u32(r, a, "COVERAGE");
		*guard |= GUARD_COVERAGE;
		break;
	case ASSAY_A_PREVENTS:
		s->prevents = netlink_attr_u32(r, a, "PREVENTS");
		*guard |= GUARD_PREVENTS;
		break;
	case ASSAY_A_HOLD:
		s->hold = netlink_attr_u32(r, a, "HOLD");
		if (s->hold > ASSAY_HOLD_MAX)
			reader_fail(r, "HOLD"); /* nothing that we could say in a token */
		*guard |= GUARD_HOLD;
		break;
	default:
		break;
	}
}

int netlink_parse_status(struct bytes payload, struct netlink_status *out, const char **why)
{
	unsigned int has = 0, digests = 0, guard = 0;
	struct reader r;
	struct netlink_attr a;

	*out = (struct netlink_status){ 0 };
	netlink_command(payload, &r);
	while (netlink_next_attr(&r, &a)) {
		take_status(&r, &a, out, &has);
		take_evidence(&r, &a, out, &digests);
		take_guard(&r, &a, out, &guard);
	}
	if (!r.why && has != HAS_ALL)
		reader_fail(&r, !(has & HAS_ID)	      ? "DEV_ID is missing"
				: !(has & HAS_NAME)   ? "DEV_NAME is missing"
				: !(has & HAS_SUBSYS) ? "SUBSYS is missing"
				: !(has & HAS_STATE)  ? "STATE is missing"
						      : "SEQ is missing");
	if (!r.why && guard && guard != GUARD_ALL)
		reader_fail(&r, !(guard & GUARD_COVERAGE)   ? "COVERAGE is missing"
				: !(guard & GUARD_PREVENTS) ? "PREVENTS is missing"
							    : "HOLD is missing");
	out->has_digests = digests == 3;
	out->has_guard = guard == GUARD_ALL;
	return netlink_result(&r, why);
}

bool netlink_wants_anew(int error)
{
	return error == ESTALE || error == ENODEV || error == EBUSY;
}

const char *netlink_state_name(u32 state)
{
	static const char *const names[] = {
		[ASSAY_STATE_FOUND] = "found",
		[ASSAY_STATE_COLLECTING] = "collecting",
		[ASSAY_STATE_EVIDENCE] = "evidence",
		[ASSAY_STATE_ACCEPTED] = "accepted",
		[ASSAY_STATE_CHECKING] = "checking",
		[ASSAY_STATE_FAILED] = "failed",
		[ASSAY_STATE_UNREACHABLE] = "unreachable",
		[ASSAY_STATE_UNSUPPORTED] = "unsupported",
	};

	return state < ARRAY_LEN(names) ? names[state] : "unknown";
}

const char *netlink_cause_name(u32 cause)
{
	static const char *const names[] = {
		[ASSAY_CAUSE_ADDED] = "added",
		[ASSAY_CAUSE_REMOVED] = "removed",
		[ASSAY_CAUSE_COLLECTED] = "collected",
		[ASSAY_CAUSE_REFUSED] = "refused",
		[ASSAY_CAUSE_RESET] = "reset",
		[ASSAY_CAUSE_AER] = "aer",
		[ASSAY_CAUSE_RESUME] = "resume",
		[ASSAY_CAUSE_D3COLD] = "d3cold",
		[ASSAY_CAUSE_TRIGGER] = "trigger",
		[ASSAY_CAUSE_MISMATCH] = "mismatch",
		[ASSAY_CAUSE_UNREACHABLE] = "unreachable",
		[ASSAY_CAUSE_LOST] = "lost",
		[ASSAY_CAUSE_BOUND_EARLY] = "bound-early",
		[ASSAY_CAUSE_FORGOTTEN] = "forgotten",
	};

	return cause < ARRAY_LEN(names) ? names[cause] : "unknown";
}
