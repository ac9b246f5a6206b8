// SPDX-License-Identifier: Apache-2.0
#include "acs_sample.h"

#include <stdio.h>

#include "edn.h"
#include "support.h"

void device_make(struct device *d, const char *values, u8 key)
{
	*d = (struct device){ .by = { .n = 1 } };
	memset(d->by.key[0], key, 32);
	d->ect.env = (struct corim_env){ .vendor = bytes_text("v"), .model = bytes_text("m") };
	d->ect.elements = d->elements;
	d->ect.info = d->info;
	for (const char *at = values; *at;) {
		struct corim_element *el = &d->elements[d->ect.n];

		d->mkeys[d->ect.n] = (u8)(at[0] - '0');
		el->mkey = (struct bytes){ &d->mkeys[d->ect.n], 1 };
		snprintf(d->info[d->ect.n].name, sizeof(d->info[0].name), "element %c", at[0]);
		d->info[d->ect.n].vector = at[1] == '=' ? -1 : TV_EXECUTABLES;
		if (at[1] == '=') {
			el->mval.has_svn = true;
			el->mval.svn = (u64)(at[2] - '0');
			at += 3;
		} else {
			d->digests[d->ect.n] = sha256_of((struct bytes){ (const u8 *)at + 1, 1 });
			el->mval.n_digests = 1;
			el->mval.digests[0] =
				(struct corim_digest){ 1, digest_bytes(&d->digests[d->ect.n]) };
			at += 2;
		}
		d->ect.n++;
		at += *at == ' ';
	}
}

void sample_add(struct refs *refs, const char *id, const char *triples, u8 signer)
{
	OWNED(buf) text = buf_new(65536);
	struct corim *c = NULL;
	struct err e = { 0 };

	write_bytes(&text->w, bytes_text("501({0: \""));
	write_bytes(&text->w, bytes_text(id));
	write_bytes(&text->w, bytes_text("\", 1: [506(<<{1: {0: \"t-"));
	write_bytes(&text->w, bytes_text(id));
	write_bytes(&text->w, bytes_text("\"}, 4: "));
	write_bytes(&text->w, bytes_text(triples));
	write_bytes(&text->w, bytes_text("}>>)]})"));
	write_u8(&text->w, 0);
	OWNED(buf) b = edn((const char *)text->w.at);
	assert_ok(corim_parse(buf_bytes(b), &c, &e), &e);
	c->has_signer_key = true;
	memset(c->signer_key, signer, sizeof(c->signer_key));
	assert_ok(refs_add(refs, c, &e), &e);
}

void sample_add_whole(struct refs *refs, const char *corim)
{
	OWNED(buf) b = edn(corim);
	struct corim *c = NULL;
	struct err e = { 0 };

	assert_ok(corim_parse(buf_bytes(b), &c, &e), &e);
	assert_ok(refs_add(refs, c, &e), &e);
}

struct acs *acs_of(const struct refs *refs, struct device *d, size_t n)
{
	struct acs *a = acs_new();
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++) {
		char text[40];

		snprintf(text, sizeof(text), "560(h'%02x')", 0xd0 + (unsigned int)i);
		OWNED(buf) instance = edn(text);
		assert_ok(acs_add_evidence(a, (int)i, &d[i].ect, buf_bytes(instance), &d[i].by, &e),
			  &e);
	}
	assert_ok(acs_match_references(a, refs, NOW, &e), &e);
	assert_ok(acs_endorse(a, refs, NOW, &e), &e);
	return a;
}
