// SPDX-License-Identifier: Apache-2.0
#include "pcap.h"

#define PCAP_MAGIC    0xa1b2c3d4u
#define PCAP_MAGIC_NS 0xa1b23c4du

static u32 read_word(struct pcap *p, const char *field)
{
	return p->swapped ? read_be32(&p->r, field) : read_le32(&p->r, field);
}

int pcap_open(struct bytes file, struct pcap *out, struct err *e)
{
	struct pcap p = { .r = reader_on(file) };
	struct bytes magic = bytes_slice(file, 0, 4);
	struct reader le = reader_on(magic), be = reader_on(magic);
	u32 little = read_le32(&le, "magic"), big = read_be32(&be, "magic");

	if (little != PCAP_MAGIC && little != PCAP_MAGIC_NS && big != PCAP_MAGIC &&
	    big != PCAP_MAGIC_NS)
		return err_set(e, E_FORMAT, "not a pcap file");
	p.swapped = big == PCAP_MAGIC || big == PCAP_MAGIC_NS;
	read_bytes(&p.r, 20, "pcap header");
	p.link_type = read_word(&p, "link type") & 0xffff;
	if (p.r.why)
		return err_set(e, E_FORMAT, "pcap: %s", p.r.why);
	*out = p;
	return 0;
}

int pcap_next(struct pcap *p, struct bytes *packet, struct err *e)
{
	u32 len;

	if (!p->r.left.len)
		return 0;
	if (p->frame >= PCAP_PACKETS_MAX) {
		err_set(e, E_LIMIT, "pcap has more than %d packets", PCAP_PACKETS_MAX);
		return -1;
	}
	read_bytes(&p->r, 8, "packet time");
	len = read_word(p, "packet length");
	read_bytes(&p->r, 4, "original length");
	*packet = read_bytes(&p->r, len, "packet");
	if (p->r.why) {
		err_set(e, E_FORMAT, "pcap packet %zu: %s", p->frame, p->r.why);
		return -1;
	}
	p->frame++;
	return 1;
}
