// SPDX-License-Identifier: Apache-2.0
/* Certificates, revocation lists and SPDM chains, for `assay inspect`. */
#include <stdio.h>

#include "common/text.h"
#include "common/x509_tell.h"
#include "inspect.h"
#include "proto/dice.h"
#include "proto/spdm_bare.h"

struct telling {
	struct inspection *in;
	char path[60]; /* of the certificate */
};

static void say_row(void *user, size_t depth, const char *label, const char *value)
{
	struct telling *t = user;
	char path[360];

	snprintf(path, sizeof(path), "%s.%s", t->path, label);
	inspect_say_at(t->in, depth + 1, path, label, value);
}

/* ---- what DICE says of the firmware ---- */
static void say_text(struct telling *t, const char *label, struct bytes b)
{
	char text[600];

	if (b.len)
		say_row(t, 1, label, text_visible(b, text, sizeof(text)));
}

static void say_number(struct telling *t, const char *label, u64 n)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	say_row(t, 1, label, text);
}

static void say_hex(struct telling *t, const char *label, struct bytes b)
{
	char hex[513];

	say_row(t, 1, label, hex_write(b.len > 256 ? bytes_slice(b, 0, 256) : b, hex));
}

static const char *hash_name(long long alg)
{
	return alg == 1	  ? "FWID sha256"
	       : alg == 7 ? "FWID sha384"
	       : alg == 8 ? "FWID sha512"
			  : "FWID";
}

static void show_tcb_info(struct telling *t, const struct dice_tcb_info *info)
{
	char flags[40];

	say_text(t, "vendor", info->env.vendor);
	say_text(t, "model", info->env.model);
	if (info->mval.has_version)
		say_text(t, "version", info->mval.version);
	if (info->mval.has_svn)
		say_number(t, "SVN", info->mval.svn);
	if (info->env.has_layer)
		say_number(t, "layer", info->env.layer);
	if (info->env.has_index)
		say_number(t, "index", info->env.index);
	for (size_t i = 0; i < info->mval.n_digests; i++)
		say_hex(t, hash_name(info->mval.digests[i].alg), info->mval.digests[i].bytes);
	if (info->mval.flags_known) {
		snprintf(flags, sizeof(flags), "0x%03x of 0x%03x", info->mval.flags,
			 info->mval.flags_known);
		say_row(t, 1, "flags, as CoRIM has them", flags);
	}
	if (info->mval.has_raw)
		say_hex(t, "vendor info", info->mval.raw);
}

static void show_dice(struct telling *t, struct bytes der)
{
	struct dice_tcb_info infos[DICE_INFOS_MAX];
	OWNED(cert) c = NULL;
	struct err e = { 0 };
	char why[340];
	int n;

	if (cert_parse(der, &c, &e))
		return; /* told as a fault */
	n = dice_tcb_infos(c, infos, &e);
	if (n < 0) {
		snprintf(why, sizeof(why), "not as TCG defines it: %.300s", e.text);
		say_row(t, 0, "TcbInfo", why);
	}
	for (int i = 0; i < n; i++) {
		say_row(t, 0, "TcbInfo",
			n > 1 && i ? "one more" : "of the firmware above this key");
		show_tcb_info(t, &infos[i]);
	}
	if (cert_oddity(c))
		say_row(t, 0, "not strictly DER", cert_oddity(c));
}

void inspect_x509(struct inspection *in, const char *path, struct bytes b)
{
	OWNED(x509_file) f = NULL;
	struct err e = { 0 };
	char label[40], size[40];

	x509_file_split(b, &f,
			&e); /* what stands before a fault is shown; the fault is told already */
	for (size_t i = 0; f && i < f->n; i++) {
		bool list = f->at[i].kind == X509_REVOCATIONS;
		struct telling t = { .in = in };

		snprintf(t.path, sizeof(t.path), "%scertificates[%zu]", path, i);
		snprintf(label, sizeof(label), "%s %zu", list ? "revocation list" : "certificate",
			 i);
		snprintf(size, sizeof(size), "%zu bytes", f->at[i].der.len);
		inspect_say_at(in, 0, t.path, label, size);
		x509_tell(f->at[i].kind, f->at[i].der, say_row, &t);
		if (!list)
			show_dice(&t, f->at[i].der);
	}
}

void inspect_chain(struct inspection *in)
{
	struct spdm_bare_chain c;
	struct err e = { 0 };
	char hex[2 * DIGEST_MAX + 1], value[2 * DIGEST_MAX + 100];

	if (spdm_bare_chain_parse(in->bytes, &c, &e))
		return;
	snprintf(value, sizeof(value), "%zu", in->bytes.len);
	inspect_say_at(in, 0, "chain.Length", "Length", value);
	snprintf(value, sizeof(value), "%s:%s, %s", digest_name(c.alg),
		 hex_write(c.parts.root_hash, hex),
		 c.has_root ? "the first certificate's" : "of none in the chain");
	inspect_say_at(in, 0, "chain.RootHash", "RootHash", value);
	inspect_x509(in, "chain.", c.parts.certificates);
}
