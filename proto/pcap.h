/* SPDX-License-Identifier: Apache-2.0 */
/* Classic pcap files, both byte orders. SPEC: draft-ietf-opsawg-pcap */
#ifndef ASSAY_PCAP_H
#define ASSAY_PCAP_H

#include "common/err.h"
#include "common/reader.h"

enum { LINKTYPE_MCTP = 291, LINKTYPE_PCI_DOE = 292, PCAP_PACKETS_MAX = 65536 };

struct pcap {
	u32 link_type;
	bool swapped;
	struct reader r;
	size_t frame; /* number of the next packet, from 0 */
};
int pcap_open(struct bytes file, struct pcap *out, struct err *e);
/** pcap_next - Return: 1 and a packet, 0 at the end, -1 with @e. */
int pcap_next(struct pcap *p, struct bytes *packet, struct err *e);

#endif
