// SPDX-License-Identifier: Apache-2.0
#include "netlink_message.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>

enum { ATTR_HEAD = 4, ALIGN = 4, TYPE_BITS = 0x3fff };

/* ---- host order ---- */
static u16 host16(struct reader *r, const char *field)
{
	struct bytes b = read_bytes(r, 2, field);
	u16 v = 0;

	if (b.len)
		memcpy(&v, b.at, sizeof(v));
	return v;
}

static u32 host32(struct reader *r, const char *field)
{
	struct bytes b = read_bytes(r, 4, field);
	u32 v = 0;

	if (b.len)
		memcpy(&v, b.at, sizeof(v));
	return v;
}

static u64 host64(struct reader *r, const char *field)
{
	struct bytes b = read_bytes(r, 8, field);
	u64 v = 0;

	if (b.len)
		memcpy(&v, b.at, sizeof(v));
	return v;
}

/* What follows is aligned; the last one's padding may be missing. */
static void skip_padding(struct reader *r, size_t len)
{
	size_t padding = (ALIGN - len % ALIGN) % ALIGN;

	read_bytes(r, padding < r->left.len ? padding : r->left.len, "padding");
}

bool netlink_next(struct reader *r, struct netlink_message *out)
{
	u32 len;

	if (r->why || !r->left.len)
		return false;
	len = host32(r, "nlmsg_len");
	out->type = host16(r, "nlmsg_type");
	out->flags = host16(r, "nlmsg_flags");
	out->seq = host32(r, "nlmsg_seq");
	host32(r, "nlmsg_pid");
	if (!r->why && len < NLMSG_HDRLEN)
		reader_fail(r, "nlmsg_len");
	out->payload = r->why ? BYTES_NONE : read_bytes(r, len - NLMSG_HDRLEN, "nlmsg_len");
	skip_padding(r, len);
	return !r->why;
}

/* ---- attributes ---- */
struct attr {
	u16 type;
	struct bytes value;
};

static bool next_attr(struct reader *r, struct attr *out)
{
	u16 len;

	if (r->why || !r->left.len)
		return false;
	len = host16(r, "nla_len");
	out->type = host16(r, "nla_type") & TYPE_BITS;
	if (!r->why && len < ATTR_HEAD)
		reader_fail(r, "nla_len");
	out->value = r->why ? BYTES_NONE : read_bytes(r, (size_t)len - ATTR_HEAD, "nla_len");
	skip_padding(r, len);
	return !r->why;
}

/* Each fails @r, the reader of all attributes, when the value has not the size of its type. */
static u8 attr_u8(struct reader *r, const struct attr *a, const char *field)
{
	struct reader v = reader_on(a->value);
	u8 got = read_u8(&v, field);

	if (read_done(&v))
		reader_fail(r, field);
	return got;
}

static u32 attr_u32(struct reader *r, const struct attr *a, const char *field)
{
	struct reader v = reader_on(a->value);
	u32 got = host32(&v, field);

	if (read_done(&v))
		reader_fail(r, field);
	return got;
}

static u64 attr_u64(struct reader *r, const struct attr *a, const char *field)
{
	struct reader v = reader_on(a->value);
	u64 got = host64(&v, field);

	if (read_done(&v))
		reader_fail(r, field);
	return got;
}

static void attr_bytes(struct reader *r, const struct attr *a, u8 *out, size_t len,
		       const char *field)
{
	if (a->value.len != len)
		reader_fail(r, field);
	else
		memcpy(out, a->value.at, len);
}

/* With its NUL, and no other in it. */
static void attr_text(struct reader *r, const struct attr *a, char *out, size_t size,
		      const char *field)
{
	if (!a->value.len || a->value.len > size ||
	    memchr(a->value.at, 0, a->value.len) != a->value.at + a->value.len - 1)
		reader_fail(r, field);
	else
		memcpy(out, a->value.at, a->value.len);
}

static int result(const struct reader *r, const char **why)
{
	*why = r->why;
	return r->why ? -EBADMSG : 0;
}

u8 netlink_command(struct bytes payload, struct reader *attrs)
{
	u8 cmd;

	*attrs = reader_on(payload);
	cmd = read_u8(attrs, "cmd");
	read_u8(attrs, "version");
	host16(attrs, "reserved");
	return cmd;
}

int netlink_parse_error(const struct netlink_message *m, int *error, char text[NETLINK_TEXT_MAX],
			const char **why)
{
	struct reader r = reader_on(m->payload);
	struct attr a;

	text[0] = 0;
	*error = (int)host32(&r, "error");
	if (m->type == NLMSG_ERROR) {
		u32 len = host32(&r, "nlmsg_len of the request");

		read_bytes(&r, NLMSG_HDRLEN - sizeof(len), "head of the request");
		if (!r.why && len < NLMSG_HDRLEN)
			reader_fail(&r, "nlmsg_len of the request");
		if (!r.why && *error && !(m->flags & NLM_F_CAPPED)) {
			read_bytes(&r, len - NLMSG_HDRLEN, "request");
			skip_padding(&r, len);
		}
	}
	while (m->flags & NLM_F_ACK_TLVS && next_attr(&r, &a))
		if (a.type == NLMSGERR_ATTR_MSG)
			attr_text(&r, &a, text, NETLINK_TEXT_MAX, "text of the error");
	if (!r.why && *error > 0)
		reader_fail(&r, "error");
	return result(&r, why);
}

/* ---- family "assay" ---- */
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

static void take_status(struct reader *r, const struct attr *a, struct netlink_status *s,
			unsigned int *has)
{
	char subsystem[ASSAY_NAME_MAX + 1] = "";

	switch (a->type) {
	case ASSAY_A_DEV_ID:
		s->id = attr_u64(r, a, "DEV_ID");
		*has |= HAS_ID;
		break;
	case ASSAY_A_SUBSYS:
		attr_text(r, a, subsystem, sizeof(subsystem), "SUBSYS");
		if (strcmp(subsystem, "pci"))
			reader_fail(r, "SUBSYS");
		*has |= HAS_SUBSYS;
		break;
	case ASSAY_A_DEV_NAME:
		attr_text(r, a, s->name, sizeof(s->name), "DEV_NAME");
		if (!pci_address_valid(s->name))
			reader_fail(r, "DEV_NAME");
		*has |= HAS_NAME;
		break;
	case ASSAY_A_GENERATION:
		s->generation = attr_u32(r, a, "GENERATION");
		break;
	case ASSAY_A_STATE:
		s->state = attr_u32(r, a, "STATE");
		*has |= HAS_STATE;
		break;
	case ASSAY_A_CAUSE:
		s->cause = attr_u32(r, a, "CAUSE");
		s->has_cause = true;
		break;
	case ASSAY_A_ERROR:
		s->error = (int)attr_u32(r, a, "ERROR");
		break;
	case ASSAY_A_WHY:
		attr_text(r, a, s->why, sizeof(s->why), "WHY");
		break;
	case ASSAY_A_SEQ:
		s->seq = attr_u64(r, a, "SEQ");
		*has |= HAS_SEQ;
		break;
	default:
		break;
	}
}

static void take_evidence(struct reader *r, const struct attr *a, struct netlink_status *s,
			  unsigned int *digests)
{
	switch (a->type) {
	case ASSAY_A_SLOT:
		s->slot = attr_u8(r, a, "SLOT");
		break;
	case ASSAY_A_SLOT_MASK:
		s->slots = attr_u8(r, a, "SLOT_MASK");
		break;
	case ASSAY_A_SPDM_VERSION:
		s->version = attr_u8(r, a, "SPDM_VERSION");
		break;
	case ASSAY_A_NONCE:
		attr_bytes(r, a, s->nonce, sizeof(s->nonce), "NONCE");
		s->has_nonce = true;
		break;
	case ASSAY_A_CHAIN_DIGEST:
		attr_bytes(r, a, s->chain_digest, sizeof(s->chain_digest), "CHAIN_DIGEST");
		*digests |= 1;
		break;
	case ASSAY_A_MEAS_DIGEST:
		attr_bytes(r, a, s->meas_digest, sizeof(s->meas_digest), "MEAS_DIGEST");
		*digests |= 2;
		break;
	default:
		break;
	}
}

enum { GUARD_COVERAGE = 1, GUARD_PREVENTS = 2, GUARD_HOLD = 4, GUARD_ALL = 7 };

static void take_guard(struct reader *r, const struct attr *a, struct netlink_status *s,
		       unsigned int *guard)
{
	switch (a->type) {
	case ASSAY_A_COVERAGE:
		s->coverage = attr_u32(r, a, "COVERAGE");
		*guard |= GUARD_COVERAGE;
		break;
	case ASSAY_A_PREVENTS:
		s->prevents = attr_u32(r, a, "PREVENTS");
		*guard |= GUARD_PREVENTS;
		break;
	case ASSAY_A_HOLD:
		s->hold = attr_u32(r, a, "HOLD");
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
	struct attr a;

	*out = (struct netlink_status){ 0 };
	netlink_command(payload, &r);
	while (next_attr(&r, &a)) {
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
	return result(&r, why);
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

/* ---- objects in chunks ---- */
void netlink_object_clear(struct netlink_object *o)
{
	buf_drop(&o->bytes);
	o->length = 0;
}

bool netlink_object_done(const struct netlink_object *o)
{
	return o->bytes && o->bytes->w.len == o->length;
}

static void begin(struct netlink_object *o, u32 length, size_t max, struct reader *r)
{
	if (length > max) {
		reader_fail(r, "LENGTH is over its limit");
		return;
	}
	o->length = length;
	o->bytes = buf_new(length ? length : 1);
	if (!o->bytes)
		reader_fail(r, "no memory");
}

static void add(struct netlink_object *o, struct bytes value, struct reader *r)
{
	if (!o->bytes)
		reader_fail(r, "VAL before LENGTH");
	else if (value.len > o->length - o->bytes->w.len)
		reader_fail(r, "VAL is longer than LENGTH");
	else
		write_bytes(&o->bytes->w, value);
	if (o->bytes && o->bytes->w.full)
		reader_fail(r, "no memory");
}

int netlink_object_take(struct netlink_object *o, size_t max, struct bytes payload,
			const char **why)
{
	struct reader r;
	struct attr a;

	netlink_command(payload, &r);
	while (next_attr(&r, &a)) {
		if (a.type == ASSAY_A_VAL)
			add(o, a.value, &r);
		else if (a.type == ASSAY_A_LENGTH && o->bytes)
			reader_fail(&r, "LENGTH stands twice");
		else if (a.type == ASSAY_A_LENGTH)
			begin(o, attr_u32(&r, &a, "LENGTH"), max, &r);
	}
	return result(&r, why);
}

/* ---- LOG ---- */
enum { LOG_PCR = 1, LOG_COUNT = 2, LOG_ENTRY = 4, LOG_ALL = 7 };

struct log_message {
	unsigned int has;
	u32 pcr;
	u64 count;
	struct bytes data;
};

static struct bytes log_data(struct reader *r, const struct attr *nest)
{
	struct reader inner = reader_on(nest->value);
	struct bytes data = BYTES_NONE;
	struct attr a;

	while (next_attr(&inner, &a)) {
		if (a.type != ASSAY_LOG_A_DATA)
			continue;
		if (data.len)
			reader_fail(&inner, "DATA stands twice");
		data = a.value;
	}
	if (inner.why)
		reader_fail(r, inner.why);
	else if (!data.len || data.len > DEVICE_LOG_ENTRY_MAX)
		reader_fail(r, "DATA");
	return data;
}

static void log_attr(struct reader *r, const struct attr *a, struct log_message *m)
{
	unsigned int is = 0;

	if (a->type == ASSAY_A_TPM_PCR) {
		m->pcr = attr_u32(r, a, "TPM_PCR");
		is = LOG_PCR;
	} else if (a->type == ASSAY_A_TPM_LOG_COUNT) {
		m->count = attr_u64(r, a, "TPM_LOG_COUNT");
		is = LOG_COUNT;
	} else if (a->type == ASSAY_A_TPM_LOG_ENTRY) {
		m->data = log_data(r, a);
		is = LOG_ENTRY;
	}
	if (m->has & is)
		reader_fail(r, "one entry a message");
	m->has |= is;
}

static void check_order(struct reader *r, const struct log_message *m,
			const struct netlink_log *log)
{
	if (m->has != LOG_ALL)
		reader_fail(r, !(m->has & LOG_PCR)     ? "TPM_PCR is missing"
			       : !(m->has & LOG_COUNT) ? "TPM_LOG_COUNT is missing"
						       : "TPM_LOG_ENTRY is missing");
	else if (m->pcr >= TPM_PCRS || (log->bytes && log->bytes->w.at[0] != m->pcr))
		reader_fail(r, "TPM_PCR");
	else if (m->count != log->count + 1)
		reader_fail(r, "TPM_LOG_COUNT");
	else if (m->count > DEVICE_LOG_ENTRIES_MAX)
		reader_fail(r, "more entries than a log may have");
}

static void log_add(struct reader *r, struct netlink_log *log, const struct log_message *m)
{
	if (!log->bytes) {
		log->bytes = buf_new(1 + DEVICE_LOG_MAX);
		if (log->bytes)
			write_u8(&log->bytes->w, (u8)m->pcr);
	}
	if (log->bytes) {
		write_be32(&log->bytes->w, (u32)m->data.len);
		write_bytes(&log->bytes->w, m->data);
	}
	if (!log->bytes || log->bytes->w.full)
		reader_fail(r, "no memory");
	log->count = m->count;
}

int netlink_log_take(struct netlink_log *log, struct bytes payload, const char **why)
{
	struct log_message m = { 0 };
	struct reader r;
	struct attr a;

	netlink_command(payload, &r);
	while (next_attr(&r, &a))
		log_attr(&r, &a, &m);
	if (!r.why)
		check_order(&r, &m, log);
	if (!r.why)
		log_add(&r, log, &m);
	return result(&r, why);
}

void netlink_log_clear(struct netlink_log *log)
{
	buf_drop(&log->bytes);
	log->count = 0;
}

/* ---- family "device-evidence" ---- */
struct head {
	bool has_type, has_generation, has_length;
	u32 type, generation, length;
};

static void head_u32(struct reader *r, const struct attr *a, bool *has, u32 *out, const char *field)
{
	if (*has)
		reader_fail(r, field); /* one head a message */
	*has = true;
	*out = attr_u32(r, a, field);
}

static struct head read_head(struct reader r, const char **why)
{
	struct head h = { 0 };
	struct attr a;

	while (next_attr(&r, &a)) {
		if (a.type == DEVICE_EVIDENCE_A_OBJECT_TYPE)
			head_u32(&r, &a, &h.has_type, &h.type, "TYPE");
		else if (a.type == DEVICE_EVIDENCE_A_OBJECT_GENERATION)
			head_u32(&r, &a, &h.has_generation, &h.generation, "GENERATION");
		else if (a.type == DEVICE_EVIDENCE_A_OBJECT_LENGTH)
			head_u32(&r, &a, &h.has_length, &h.length, "LENGTH");
	}
	*why = r.why;
	return h;
}

static size_t evidence_max(u32 type)
{
	return type <= DEVICE_EVIDENCE_TYPE_CERT7 ? SPDM_CHAIN_MAX : SPDM_TRANSCRIPT_MAX;
}

static void begin_object(struct netlink_evidence *ev, const struct head *h, struct reader *r)
{
	if (!h->has_generation || !h->has_length)
		reader_fail(r, h->has_generation ? "LENGTH is missing" : "GENERATION is missing");
	else if (h->type >= EVIDENCE_OBJECTS || !(ev->mask & 1U << h->type))
		reader_fail(r, "TYPE was not asked for");
	else if (ev->begun && h->generation != ev->generation)
		reader_fail(r, "GENERATION changed");
	else if (ev->begun && !netlink_object_done(&ev->object[ev->type]))
		reader_fail(r, "TYPE before the last object was whole");
	else if (ev->begun && h->type <= ev->type)
		reader_fail(r, "TYPE is out of order");
	if (r->why)
		return;
	ev->begun = true;
	ev->type = h->type;
	ev->generation = h->generation;
	begin(&ev->object[h->type], h->length, evidence_max(h->type), r);
}

int netlink_evidence_take(struct netlink_evidence *ev, struct bytes payload, const char **why)
{
	struct reader r;
	struct head h;
	struct attr a;

	netlink_command(payload, &r);
	h = read_head(r, why);
	if (*why)
		return -EBADMSG;
	if (h.has_type)
		begin_object(ev, &h, &r);
	else if (h.has_generation || h.has_length)
		reader_fail(&r, "TYPE is missing");
	else if (!ev->begun)
		reader_fail(&r, "VAL before TYPE");
	while (next_attr(&r, &a))
		if (a.type == DEVICE_EVIDENCE_A_OBJECT_VAL)
			add(&ev->object[ev->type], a.value, &r);
	return result(&r, why);
}

int netlink_evidence_done(const struct netlink_evidence *ev, const char **why)
{
	bool whole = ev->begun && netlink_object_done(&ev->object[ev->type]);

	*why = whole ? NULL : ev->begun ? "VAL is shorter than LENGTH" : "no object came";
	return whole ? 0 : -EBADMSG;
}

void netlink_evidence_clear(struct netlink_evidence *ev)
{
	for (size_t i = 0; i < EVIDENCE_OBJECTS; i++)
		netlink_object_clear(&ev->object[i]);
	*ev = (struct netlink_evidence){ .mask = ev->mask };
}

/* ---- uevents ---- */
/* The next NUL-terminated string. */
static struct bytes next_string(struct reader *r)
{
	const u8 *end = r->left.len ? memchr(r->left.at, 0, r->left.len) : NULL;
	struct bytes got;

	if (!end) {
		reader_fail(r, "string without an end");
		return BYTES_NONE;
	}
	got = read_bytes(r, (size_t)(end - r->left.at), "string");
	read_u8(r, "string");
	return got;
}

static void value_of(struct reader *r, struct bytes line, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);
	struct bytes value;

	if (!bytes_equal(bytes_slice(line, 0, len), bytes_text(key)))
		return;
	value = bytes_slice(line, len, line.len - len);
	if (value.len >= size)
		reader_fail(r, key);
	else if (value.len)
		memcpy(out, value.at, value.len);
	if (value.len < size)
		out[value.len] = 0;
}

int netlink_parse_uevent(struct bytes message, struct netlink_uevent *out, const char **why)
{
	struct reader r = reader_on(message);
	struct bytes first = next_string(&r);

	*out = (struct netlink_uevent){ 0 };
	if (!r.why && (!first.len || !memchr(first.at, '@', first.len)))
		reader_fail(&r, "action@devpath");
	while (!r.why && r.left.len) {
		struct bytes line = next_string(&r);

		value_of(&r, line, "ACTION=", out->action, sizeof(out->action));
		/* those of other subsystems may be longer than ours: they are not read */
		if (bytes_equal(line, bytes_text("SUBSYSTEM=pci")))
			memcpy(out->subsystem, "pci", 4);
		value_of(&r, line, "PCI_SLOT_NAME=", out->name, sizeof(out->name));
	}
	if (!r.why && out->name[0] && !pci_address_valid(out->name))
		reader_fail(&r, "PCI_SLOT_NAME");
	return result(&r, why);
}

/* ---- family "spdm", group "sig" ---- */
enum { SIG_DEVICE = 1, SIG_RSP_CODE = 2, SIG_SLOT = 3, SIG_PATH_MAX = 1024 };

/* /devices/pci0000:00/0000:00:03.0: the last part is the address */
static void take_path(struct reader *r, const struct attr *a, char *name)
{
	char path[SIG_PATH_MAX];
	const char *last;

	path[0] = 0;
	attr_text(r, a, path, sizeof(path), "DEVICE");
	last = strrchr(path, '/');
	if (!last || !pci_address_valid(last + 1))
		reader_fail(r, "DEVICE");
	else
		memcpy(name, last + 1, strlen(last + 1) + 1);
}

int netlink_parse_signature(struct bytes payload, struct netlink_signature *out, const char **why)
{
	struct reader r;
	struct attr a;

	*out = (struct netlink_signature){ 0 };
	netlink_command(payload, &r);
	while (next_attr(&r, &a)) {
		if (a.type == SIG_DEVICE)
			take_path(&r, &a, out->name);
		else if (a.type == SIG_RSP_CODE)
			out->code = attr_u8(&r, &a, "RSP_CODE");
		else if (a.type == SIG_SLOT)
			out->slot = attr_u8(&r, &a, "SLOT");
	}
	return result(&r, why);
}

int netlink_parse_family(struct bytes payload, char name[NETLINK_FAMILY_MAX], const char **why)
{
	struct reader r;
	struct attr a;

	name[0] = 0;
	netlink_command(payload, &r);
	while (next_attr(&r, &a))
		if (a.type == CTRL_ATTR_FAMILY_NAME)
			attr_text(&r, &a, name, NETLINK_FAMILY_MAX, "FAMILY_NAME");
	if (!r.why && !name[0])
		reader_fail(&r, "FAMILY_NAME is missing");
	return result(&r, why);
}
