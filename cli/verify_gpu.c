// SPDX-License-Identifier: Apache-2.0
/* A GPU's report, and the vendor's reference values for it. */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "common/clock.h"
#include "common/file.h"
#include "swid_load.h"
#include "verifier/nvidia_rim.h"

static int read_report(const char *path, struct buf **out, struct err *e)
{
	OWNED(buf) b = NULL;

	if (file_read(path, 1024 * 1024, &b, e))
		return (int)e->code;
	if (!nvidia_report_is(buf_bytes(b)))
		return err_set(e, E_FORMAT, "%s is neither an SPDM 1.1 report nor hex", path);
	return nvidia_report_raw(buf_bytes(b), out, e) ? err_while(e, "%s", path) : 0;
}

/* ---- against the manifests ---- */
struct manifests {
	struct swid *at[CLI_RIMS_MAX];
	size_t n;
};

static int read_manifests(const struct cli *c, long long at, struct manifests *m, struct err *e)
{
	OWNED(trust_store) roots = trust_store_new();
	const struct swid_module *swid;

	if (!roots)
		return err_set(e, E_MEMORY, "no memory for roots");
	if (swid_load(swid_module_path, &swid, e) ||
	    trust_store_add_file(roots, c->option[OPT_RIM_ROOT], e))
		return (int)e->code;
	for (; m->n < c->n_rims; m->n++) {
		OWNED(buf) b = NULL;

		if (file_read(c->rim[m->n], SWID_MAX, &b, e))
			return (int)e->code;
		if (swid->verify(buf_bytes(b), roots, at, &m->at[m->n], e))
			return err_while(e, "%s", c->rim[m->n]);
	}
	return 0;
}

static void drop_manifests(struct manifests *m)
{
	for (size_t i = 0; i < m->n; i++)
		swid_drop(&m->at[i]);
}

/* One of several as text: the first, and how many more there are. */
static const char *wanted(const struct swid_entry *entry, char out[2 * SWID_HASH_LEN + 32])
{
	hex_write((struct bytes){ entry->hash[0], SWID_HASH_LEN }, out);
	if (entry->n > 1)
		snprintf(out + 2 * SWID_HASH_LEN, 32, " or %zu more", entry->n - 1);
	return out;
}

static const char *found_text(const struct nvidia_rim_row *r, char out[2 * SWID_HASH_LEN + 1])
{
	if (r->found.len == SWID_HASH_LEN)
		return hex_write(r->found, out);
	snprintf(out, 2 * SWID_HASH_LEN + 1,
		 r->result == NVIDIA_RIM_MISSING ? "no block" : "%zu bytes", r->found.len);
	return out;
}

static json_t *rows_json(const struct nvidia_rim_verdict *v)
{
	json_t *rows = json_array();
	char want[2 * SWID_HASH_LEN + 32], found[2 * SWID_HASH_LEN + 1];

	for (size_t i = 0; i < v->n; i++) {
		const struct nvidia_rim_row *r = &v->at[i];
		json_t *all = json_array();

		for (size_t a = 0; a < r->entry->n; a++)
			json_array_append_new(
				all,
				json_string(hex_write(
					(struct bytes){ r->entry->hash[a], SWID_HASH_LEN }, want)));
		json_array_append_new(rows,
				      json_pack("{s:s, s:i, s:i, s:s, s:s, s:o, s:s}", "manifest",
						r->rim == v->driver ? "driver" : "vbios", "index",
						(int)r->entry->index, "block",
						(int)r->entry->index + 1, "name", r->entry->name,
						"result", nvidia_rim_result_name(r->result),
						"wanted", all, "found", found_text(r, found)));
	}
	return rows;
}

static void print_rows(const struct nvidia_rim_verdict *v)
{
	char want[2 * SWID_HASH_LEN + 32], found[2 * SWID_HASH_LEN + 1];

	for (size_t i = 0; i < v->n; i++) {
		const struct nvidia_rim_row *r = &v->at[i];

		if (r->result == NVIDIA_RIM_MATCH)
			continue;
		printf("%s: %s index %u (%s): wanted %s, found %s\n",
		       nvidia_rim_result_name(r->result), r->rim == v->driver ? "driver" : "VBIOS",
		       r->entry->index, cli_safe(r->entry->name), wanted(r->entry, want),
		       found_text(r, found));
	}
	printf("reference values: %zu match, %zu do not, %zu not compared (video decoder off)\n",
	       v->n_match, v->n_mismatch, v->n_skipped);
	for (int i = 0; i < 2; i++) {
		const struct swid *rim = i ? v->vbios : v->driver;

		printf("%s manifest: version %s, %zu of %zu entries active, signed by %s\n",
		       i ? "VBIOS" : "driver", cli_safe(rim->version), rim->n_active, rim->n,
		       cli_safe(cert_subject(rim->signers->at[0])));
	}
}

static void print_gpu(const struct nvidia_gpu *g, bool appraised)
{
	printf("verified: driver %s, VBIOS %s, %u measurement blocks, FWID %s; revocation is not "
	       "checked%s\n",
	       g->driver, g->vbios, g->measurements.n_blocks,
	       g->fwid == NVIDIA_FWID_MATCHES ? "matches the leaf" : "absent",
	       appraised ? "" : ", and nothing was appraised");
}

static json_t *gpu_json(const struct nvidia_gpu *g, const char *appraisal)
{
	return json_pack("{s:s, s:s, s:i, s:s, s:s}", "driver", g->driver, "vbios", g->vbios,
			 "blocks", g->measurements.n_blocks, "fwid",
			 g->fwid == NVIDIA_FWID_MATCHES ? "matches" : "absent", "appraisal",
			 appraisal);
}

static int appraise_gpu(struct cli *c, const struct nvidia_gpu *g, long long at)
{
	static const char hint[] = "the manifests have to be of the report's driver and VBIOS "
				   "versions, and be read while their signers are valid (--at)";
	struct nvidia_rim_verdict *v = calloc(1, sizeof(*v));
	struct manifests m = { 0 };
	struct err e = { 0 };
	int code = 0;

	if (!v)
		err_set(&e, E_MEMORY, "no memory for a verdict");
	else if (!read_manifests(c, at, &m, &e))
		nvidia_rim_hold(g, (const struct swid *const *)m.at, m.n, v, &e);
	if (!v || (e.code && !v->n)) {
		code = cli_fail(c, &e, err_exit_code(&e) == 2 ? hint : NULL);
	} else {
		code = e.code ? err_exit_code(&e) : 0;
		if (c->json) {
			json_t *j = gpu_json(g, e.code ? "mismatch" : "match");

			json_object_set_new(j, "rows", rows_json(v));
			cli_json("verify", !code, j);
		} else {
			print_gpu(g, true);
			print_rows(v);
		}
	}
	drop_manifests(&m);
	free(v);
	return code;
}

int verify_gpu(struct cli *c, const char *path)
{
	OWNED(buf) report = NULL;
	OWNED(buf) pem = NULL;
	OWNED(cert_list) chain = NULL;
	OWNED(trust_store) roots = trust_store_new();
	const char *when = c->option[OPT_AT];
	long long at = clock_now_s();
	struct nvidia_gpu g;
	struct err e = { 0 };
	u8 nonce[32];

	if (!c->option[OPT_CHAIN] || !c->option[OPT_ROOT] || !c->option[OPT_NONCE] ||
	    !hex_read(c->option[OPT_NONCE], nonce, 32) || (when && !clock_read_utc(when, &at)) ||
	    !c->n_rims != !c->option[OPT_RIM_ROOT] || c->n_rims > CLI_RIMS_MAX)
		return cli_usage();
	if (read_report(path, &report, &e) ||
	    file_read(c->option[OPT_CHAIN], 1024 * 1024, &pem, &e) ||
	    cert_list_from_pem(buf_bytes(pem), &chain, &e) ||
	    trust_store_add_file(roots, c->option[OPT_ROOT], &e) ||
	    nvidia_gpu_verify(buf_bytes(report), chain, roots, nonce, at, &g, &e))
		return cli_fail(c, &e, NULL);
	if (c->n_rims)
		return appraise_gpu(c, &g, at);
	if (c->json)
		cli_json("verify", true, gpu_json(&g, "not done"));
	else
		print_gpu(&g, false);
	return 0;
}
