// SPDX-License-Identifier: Apache-2.0
/*
 * Is what netlink-ask printed of READ good evidence? evidence-verify ROOT.pem NONCE <OUTPUT
 * Form, nonce, signature, chain digest, leaf and path are checked, as the verifier does; prints the
 * generation, or the reason and exits with 2.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/text.h"
#include "kernel-patches/assay_spdm/device_evidence.h"
#include "proto/spdm_evidence.h"

enum { LINE_SIZE = 1 << 18 };

struct object {
	u8 at[LINE_SIZE / 2];
	size_t len, length;
};
static struct object objects[DEVICE_EVIDENCE_TYPE_MAX + 1];
static unsigned int generation, slot;

static void fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(2);
}

static u32 number_of(const char *hex)
{
	u8 b[4] = { 0 };

	if (!hex_read(hex, b, sizeof(b)))
		fail("not a u32");
	return (u32)b[0] | (u32)b[1] << 8 | (u32)b[2] << 16 | (u32)b[3] << 24;
}

static void take_value(struct object *o, const char *hex)
{
	size_t n = strlen(hex) / 2;

	if (n > sizeof(o->at) - o->len || !hex_read(hex, o->at + o->len, n))
		fail("object too long or not hex");
	o->len += n;
}

/* A message of READ: "1 NR:HEX NR:HEX ..."; one without a type goes on with the object before it. */
static void read_objects(void)
{
	static char line[LINE_SIZE];
	struct object *now = NULL;

	while (fgets(line, sizeof(line), stdin)) {
		char *save = NULL;

		strtok_r(line, " \n", &save);
		for (char *part; (part = strtok_r(NULL, " \n", &save));) {
			unsigned int nr = (unsigned int)atoi(part);
			const char *hex = strchr(part, ':') + 1;

			if (nr == DEVICE_EVIDENCE_A_OBJECT_TYPE) {
				if (number_of(hex) > DEVICE_EVIDENCE_TYPE_MAX)
					fail("type");
				now = &objects[number_of(hex)];
			} else if (nr == DEVICE_EVIDENCE_A_OBJECT_GENERATION) {
				if (generation && generation != number_of(hex))
					fail("objects of two generations");
				generation = number_of(hex);
			} else if (nr == DEVICE_EVIDENCE_A_OBJECT_LENGTH && now) {
				now->length = number_of(hex);
			} else if (nr == DEVICE_EVIDENCE_A_OBJECT_VAL && now) {
				take_value(now, hex);
			}
		}
	}
	for (unsigned int type = 0; type <= DEVICE_EVIDENCE_TYPE_MAX; type++) {
		if (objects[type].len != objects[type].length)
			fail("object is not as long as it says");
		if (type <= DEVICE_EVIDENCE_TYPE_CERT7 && objects[type].len)
			slot = type;
	}
}

static struct bytes bytes_of(unsigned int type)
{
	return (struct bytes){ objects[type].at, objects[type].len };
}

int main(int argc, char **argv)
{
	OWNED(trust_store) roots = trust_store_new();
	OWNED(spdm_evidence) ev = NULL;
	struct err e = { 0 };
	u8 nonce[32];

	if (argc != 3 || !hex_read(argv[2], nonce, sizeof(nonce)))
		fail("usage: evidence-verify ROOT.pem NONCE");
	read_objects();
	if (trust_store_add_file(roots, argv[1], &e) ||
	    spdm_evidence_parse(bytes_of(DEVICE_EVIDENCE_TYPE_VCA), bytes_of(slot),
				bytes_of(DEVICE_EVIDENCE_TYPE_MEASUREMENTS), BYTES_NONE, (u8)slot,
				roots, &ev, &e) ||
	    spdm_evidence_check_nonces(ev, nonce, nonce, &e) ||
	    spdm_evidence_check_signatures(ev, &e) || spdm_evidence_check_chain_digest(ev, &e) ||
	    spdm_evidence_check_leaf(ev, &e) ||
	    spdm_evidence_check_path(ev, roots, CERT_TIME_IGNORE, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 2;
	}
	printf("%u\n", generation);
	return 0;
}
