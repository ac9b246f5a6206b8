// SPDX-License-Identifier: Apache-2.0
/* A datagram of netlink messages: each goes to every reader, and as a dump they become evidence. */
#include "fuzz.h"

#include "agent/collector/netlink_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes whole = { copy, size };
	struct reader r = reader_on(whole);
	struct netlink_evidence ev = { .mask = 0x3ff };
	struct netlink_object o = { 0 };
	struct netlink_log log = { 0 };
	struct netlink_message m;
	struct netlink_status s;
	struct netlink_uevent u;
	struct netlink_signature sig;
	char text[NETLINK_TEXT_MAX], name[NETLINK_FAMILY_MAX];
	const char *why;
	int error;

	netlink_parse_uevent(whole, &u, &why);
	while (netlink_next(&r, &m)) {
		netlink_parse_error(&m, &error, text, &why);
		netlink_parse_signature(m.payload, &sig, &why);
		netlink_parse_family(m.payload, name, &why);
		netlink_object_take(&o, SPDM_TRANSCRIPT_MAX, m.payload, &why);
		netlink_evidence_take(&ev, m.payload, &why);
		netlink_log_take(&log, m.payload, &why);
		if (!netlink_parse_status(m.payload, &s, &why) && s.has_digests)
			planted_bug(whole, s.nonce[0] != s.nonce[31]);
	}
	netlink_evidence_done(&ev, &why);
	netlink_evidence_clear(&ev);
	netlink_object_clear(&o);
	netlink_log_clear(&log);
	free(copy);
	return 0;
}
