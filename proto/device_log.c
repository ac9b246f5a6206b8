// SPDX-License-Identifier: Apache-2.0
#include "device_log.h"

enum { NAME_MAX_LEN = 31, STATE_DIGEST_LEN = 32 };

static struct bytes take_part(struct reader *r, size_t min, size_t max, const char *field)
{
	u32 len = read_be32(r, field);

	if (!r->why && (len < min || len > max))
		reader_fail(r, field);
	return read_bytes(r, len, field);
}

struct device_log_entry device_log_next(struct reader *log)
{
	struct device_log_entry out = { .whole = take_part(log, 1, DEVICE_LOG_ENTRY_MAX,
							   "device log: entry") };
	struct reader r = reader_on(out.whole);
	struct bytes label;

	if (log->why)
		return out;
	label = take_part(&r, 1, DEVICE_LOG_ENTRY_MAX, "device log: label");
	out.address = take_part(&r, 1, NAME_MAX_LEN, "device log: address");
	out.chain_digest =
		take_part(&r, STATE_DIGEST_LEN, STATE_DIGEST_LEN, "device log: chain digest");
	out.meas_digest = take_part(&r, STATE_DIGEST_LEN, STATE_DIGEST_LEN,
				    "device log: measurements digest");
	if (!r.why && !bytes_equal(label, bytes_text("assay/device-state/1")))
		reader_fail(&r, "device log: label");
	if (read_done(&r))
		reader_fail(log, r.why);
	return out;
}

static void extend(struct digest *pcr, struct bytes entry)
{
	struct digest d = digest_of(pcr->alg, &entry, 1);
	struct bytes both[] = { digest_bytes(pcr), digest_bytes(&d) };

	*pcr = digest_of(pcr->alg, both, 2);
}

int device_log_replay(struct bytes log, enum digest_alg alg, struct digest *pcr, struct err *e)
{
	struct reader r = reader_on(log);
	size_t n = 0;

	*pcr = (struct digest){ .alg = alg };
	while (r.left.len && !r.why) {
		struct device_log_entry entry = device_log_next(&r);

		if (++n > DEVICE_LOG_ENTRIES_MAX)
			return err_set(e, E_LIMIT, "device log: more than %d entries",
				       DEVICE_LOG_ENTRIES_MAX);
		if (!r.why)
			extend(pcr, entry.whole);
	}
	return r.why ? err_set(e, E_FORMAT, "%s", r.why) : 0;
}

struct bytes device_log_before(struct bytes log, const struct digest *quoted)
{
	struct reader r = reader_on(log);
	struct digest pcr = { .alg = quoted ? quoted->alg : DIGEST_SHA256 };

	while (quoted && !r.why && !digest_equals(&pcr, digest_bytes(quoted))) {
		struct device_log_entry entry = { 0 };

		if (!r.left.len)
			return log;
		entry = device_log_next(&r);
		if (!r.why)
			extend(&pcr, entry.whole);
	}
	return quoted && !r.why ? bytes_slice(log, 0, log.len - r.left.len) : log;
}

bool device_log_last(struct bytes log, struct bytes address, struct device_log_entry *out)
{
	struct reader r = reader_on(log);
	bool found = false;

	while (r.left.len && !r.why) {
		struct device_log_entry entry = device_log_next(&r);

		if (r.why || !bytes_equal(entry.address, address))
			continue;
		*out = entry;
		found = true;
	}
	return found;
}
