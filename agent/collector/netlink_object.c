// SPDX-License-Identifier: Apache-2.0
/* What comes in chunks: evidence, and the log of the PCR. */
#include "netlink_attr.h"
#include "netlink_message.h"

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
	struct netlink_attr a;

	netlink_command(payload, &r);
	while (netlink_next_attr(&r, &a)) {
		if (a.type == ASSAY_A_VAL)
			add(o, a.value, &r);
		else if (a.type == ASSAY_A_LENGTH && o->bytes)
			reader_fail(&r, "LENGTH stands twice");
		else if (a.type == ASSAY_A_LENGTH)
			begin(o, netlink_attr_u32(&r, &a, "LENGTH"), max, &r);
	}
	return netlink_result(&r, why);
}

/* ---- LOG ---- */
enum { LOG_PCR = 1, LOG_COUNT = 2, LOG_ENTRY = 4, LOG_ALL = 7 };

struct log_message {
	unsigned int has;
	u32 pcr;
	u64 count;
	struct bytes data;
};

static struct bytes log_data(struct reader *r, const struct netlink_attr *nest)
{
	struct reader inner = reader_on(nest->value);
	struct bytes data = BYTES_NONE;
	struct netlink_attr a;

	while (netlink_next_attr(&inner, &a)) {
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

static void log_attr(struct reader *r, const struct netlink_attr *a, struct log_message *m)
{
	unsigned int is = 0;

	if (a->type == ASSAY_A_TPM_PCR) {
		m->pcr = netlink_attr_u32(r, a, "TPM_PCR");
		is = LOG_PCR;
	} else if (a->type == ASSAY_A_TPM_LOG_COUNT) {
		m->count = netlink_attr_u64(r, a, "TPM_LOG_COUNT");
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
	struct netlink_attr a;

	netlink_command(payload, &r);
	while (netlink_next_attr(&r, &a))
		log_attr(&r, &a, &m);
	if (!r.why)
		check_order(&r, &m, log);
	if (!r.why)
		log_add(&r, log, &m);
	return netlink_result(&r, why);
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

static void head_u32(struct reader *r, const struct netlink_attr *a, bool *has, u32 *out,
		     const char *field)
{
	if (*has)
		reader_fail(r, field); /* one head a message */
	*has = true;
	*out = netlink_attr_u32(r, a, field);
}

static struct head read_head(struct reader r, const char **why)
{
	struct head h = { 0 };
	struct netlink_attr a;

	while (netlink_next_attr(&r, &a)) {
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
	struct netlink_attr a;

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
	while (netlink_next_attr(&r, &a))
		if (a.type == DEVICE_EVIDENCE_A_OBJECT_VAL)
			add(&ev->object[ev->type], a.value, &r);
	return netlink_result(&r, why);
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
