// SPDX-License-Identifier: Apache-2.0
/* What the reference values that count say of a proposal, on top of the boot that its host showed last. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/text.h"
#include "page.h"
#include "proposals.h"
#include "refvals.h"
#include "verifier/boot_claims.h"
#include "verifier/next_boot.h"

/* The last boot of a host that a quote confirmed. */
struct last_boot {
	struct buf *log, *command_line;
	struct boot_log *parsed;
	struct ect *claims;
};

static void last_boot_clear(struct last_boot *l)
{
	ect_drop(&l->claims);
	boot_log_drop(&l->parsed);
	buf_drop(&l->log);
	buf_drop(&l->command_line);
}

static int take_boot(void *user, const struct db_row *row, struct err *e)
{
	struct last_boot *l = user;

	l->log = buf_copy(row->at[0].bytes);
	l->command_line = buf_copy(row->at[1].bytes);
	return l->log && l->command_line ? 0 : err_set(e, E_MEMORY, "no memory for a boot log");
}

/* @out->claims stays NULL when there is none. */
static int find_last(struct tx *tx, struct bytes ueid, struct last_boot *out, struct err *e)
{
	struct db_value v = DB_B(ueid);

	if (db_run(tx->db,
		   "SELECT log, command_line FROM boots WHERE ueid = $1 ORDER BY time DESC,"
		   " reset_count DESC, restart_count DESC LIMIT 1",
		   &v, 1, take_boot, out, NULL, e))
		return (int)e->code;
	if (!out->log)
		return 0;
	return boot_log_parse(buf_bytes(out->log), &out->parsed, e) ||
			       boot_claims(out->parsed, TPM_ALG_SHA256,
					   buf_bytes(out->command_line), &out->claims, e)
		       ? (int)e->code
		       : 0;
}

static int find_authority(struct tx *tx, const u8 ueid[UEID_LEN], struct authority *by,
			  struct err *e)
{
	OWNED(host) h = NULL;
	OWNED(pubkey) ak = NULL;
	struct tpm_public area;
	u8 hash[32];

	*by = (struct authority){ 0 };
	if (host_find_by_ueid(tx, ueid, &h, e))
		return (int)e->code;
	if (!h->ak_pub || tpm_public_parse(buf_bytes(h->ak_pub), &area, e) ||
	    tpm_public_key(&area, &ak, e)) {
		*e = (struct err){ 0 }; /* nobody's word: values that want somebody's do not hold */
		return 0;
	}
	if (authority_hash(ak, hash))
		authority_add(by, hash);
	return 0;
}

/* ---- as data ---- */
static json_t *digests_json(const struct corim_digest *d, size_t n)
{
	static const struct {
		long long alg;
		const char *name;
	} names[] = { { 1, "sha-256" }, { 7, "sha-384" }, { 8, "sha-512" } };
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			char text[16 + 2 * DIGEST_MAX + 1];

			if (names[k].alg != d[i].alg || d[i].bytes.len > DIGEST_MAX)
				continue;
			snprintf(text, sizeof(text), "%s;", names[k].name);
			hex_write(d[i].bytes, text + strlen(text));
			json_array_append_new(list, json_string(text));
		}
	return list;
}

static json_t *was_json(const struct ect *last, const struct proposal_element *el)
{
	for (size_t i = 0; last && i < last->n; i++) {
		json_t *j;

		if (!bytes_equal(bytes_text(last->info[i].name), el->name))
			continue;
		j = json_pack("{s:o}", "digests",
			      digests_json(last->elements[i].mval.digests,
					   last->elements[i].mval.n_digests));
		if (last->info[i].text)
			json_object_set_new(j, "text", json_string(last->info[i].text));
		return j;
	}
	return NULL;
}

static json_t *element_json(const struct ect *last, const struct proposal_element *el)
{
	json_t *j = json_pack("{s:o, s:o}", "name", text_json(el->name), "digests",
			      digests_json(el->digests, el->n_digests));
	json_t *was = was_json(last, el);

	if (el->text.len) {
		json_object_set_new(j, "text", text_json(el->text));
		json_object_set_new(j, "text_covered", json_boolean(proposal_text_covered(el)));
	}
	if (was)
		json_object_set_new(j, "was", was);
	return j;
}

static json_t *bases_json(struct server *s, const struct next_boot_verdict *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->n_bases; i++) {
		const struct corim *c = v->bases[i].corim;
		struct digest digest = sha256_of(buf_bytes(c->bytes));
		char hex[65];

		/* one whose content came beside it has another digest: it cannot be fetched by it */
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:I, s:b, s:b}", "corim",
					hex_write(digest_bytes(&digest), hex), "id", c->id,
					"triple", (json_int_t)v->bases[i].triple, "learned",
					(int)corim_is_learned(c), "usable",
					(int)refvals_holds(s->refvals, digest.at, clock_now_s())));
	}
	return list;
}

/* ---- as a sentence ---- */
struct sentence {
	char text[700];
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void say(struct sentence *s, const char *format, ...)
{
	va_list args;
	int n;

	if (s->used + 1 >= sizeof(s->text))
		return;
	va_start(args, format);
	n = vsnprintf(s->text + s->used, sizeof(s->text) - s->used, format, args);
	va_end(args);
	if (n > 0)
		s->used += (size_t)n;
}

static void say_refused(struct sentence *s, const struct proposal *p,
			const struct next_boot_verdict *v)
{
	size_t n = 0;

	say(s, "next boot would be refused");
	for (size_t i = 0; i < p->n; i++)
		if (v->parts[i] == NEXT_REFUSED)
			say(s, "%s%.*s", n++ ? ", " : ": no reference value accepts ",
			    (int)p->elements[i].name.len, (const char *)p->elements[i].name.at);
	if (v->n_other)
		say(s, "%s%s", n++ ? ", " : ": no reference value accepts ", v->other);
	if (v->n_other > 1)
		say(s, " and %zu more that this boot had, too", v->n_other - 1);
	for (size_t i = 0; i < p->n_unforeseen; i++)
		say(s, "%s%.*s",
		    i	? ", "
		    : n ? "; nobody can foretell "
			: ": nobody can foretell ",
		    (int)p->unforeseen[i].len, (const char *)p->unforeseen[i].at);
	if (!n && !p->n_unforeseen)
		say(s, ": each part is accepted, but not all of them together");
}

static const char *const parts[] = { [NEXT_NOT_MEASURED] = "not measured",
				     [NEXT_REFUSED] = "refused",
				     [NEXT_SAME] = "same",
				     [NEXT_ACCEPTED] = "accepted" };

static void put_verdict(struct server *s, const struct proposal *p,
			const struct next_boot_verdict *v, bool known, bool whole, json_t *into)
{
	json_t *elements = json_object_get(into, "elements"), *el;
	struct sentence text = { 0 };
	size_t i;

	if (!known)
		say(&text, "no boot of this host has been confirmed yet: nobody knows what its "
			   "firmware measures");
	else if (v->accepted)
		say(&text, "next boot is accepted");
	else
		say_refused(&text, p, v);
	json_object_set_new(into, "next_boot",
			    json_pack("{s:s, s:s}", "status",
				      !known	    ? "unknown"
				      : v->accepted ? "accepted"
						    : "refused",
				      "text", text.text));
	if (!known)
		return;
	json_array_foreach(elements, i, el)
		json_object_set_new(el, "state", json_string(parts[v->parts[i]]));
	if (whole)
		json_object_set_new(into, "bases", bases_json(s, v));
}

static int judge(struct tx *tx, struct server *s, const struct proposal_row *row,
		 const struct proposal *p, bool whole, json_t *into, struct err *e)
{
	struct next_boot_verdict v = { 0 };
	struct last_boot last = { 0 };
	struct authority by;
	struct refs *refs = NULL;
	json_t *elements = json_array(), *unforeseen = json_array();
	int rc = find_last(tx, row->ueid, &last, e) || find_authority(tx, row->ueid.at, &by, e)
			 ? (int)e->code
			 : 0;

	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(elements, element_json(last.claims, &p->elements[i]));
	for (size_t i = 0; i < p->n_unforeseen; i++)
		json_array_append_new(unforeseen, text_json(p->unforeseen[i]));
	json_object_set_new(into, "elements", elements);
	json_object_set_new(into, "unforeseen", unforeseen);
	if (!rc && last.claims) {
		refs = refvals_take(s->refvals);
		rc = next_boot_judge(last.claims, p, &by, refs, clock_now_s(), &v, e);
	}
	if (!rc)
		put_verdict(s, p, &v, last.claims != NULL, whole, into);
	if (refs)
		refvals_give(s->refvals, refs);
	last_boot_clear(&last);
	return rc;
}

int proposal_judged(struct tx *tx, struct server *s, const struct proposal_row *row, bool whole,
		    json_t *into, struct err *e)
{
	struct proposal *p = malloc(sizeof(*p));
	int rc = !p ? err_set(e, E_MEMORY, "no memory for a proposal")
		 : proposal_parse(row->body, p, e) ? (int)e->code
						   : 0;

	if (!rc) {
		json_object_set_new(into, "release", text_json(p->release));
		rc = judge(tx, s, row, p, whole, into, e);
	}
	free(p);
	return rc;
}

/* ---- of one host ---- */
struct choosing {
	const u8 *digest;			/* the one that is asked for, or NULL */
	char release[PROPOSAL_RELEASE_MAX + 1]; /* of the best so far                 */
	struct buf *ueid, *body;
	long long time;
};

static int take_better(void *user, const struct proposal_row *row, struct err *e)
{
	struct choosing *k = user;
	struct proposal *p = malloc(sizeof(*p));
	char release[PROPOSAL_RELEASE_MAX + 1];
	int rc = !p ? err_set(e, E_MEMORY, "no memory for a proposal")
		 : proposal_parse(row->body, p, e) ? (int)e->code
						   : 0;

	if (!rc) {
		snprintf(release, sizeof(release), "%.*s", (int)p->release.len,
			 (const char *)p->release.at);
		/* newest first: of one version the newest stays */
		if (!k->body || (!k->digest && strverscmp(release, k->release) > 0)) {
			buf_drop(&k->ueid);
			buf_drop(&k->body);
			memcpy(k->release, release, sizeof(release));
			k->time = row->time;
			k->ueid = buf_copy(row->ueid);
			k->body = buf_copy(row->body);
			if (!k->ueid || !k->body)
				rc = err_set(e, E_MEMORY, "no memory for a proposal");
		}
	}
	free(p);
	return rc;
}

static int tell_chosen(struct tx *tx, struct server *s, const struct choosing *k, json_t **out,
		       struct err *e)
{
	struct digest digest = sha256_of(buf_bytes(k->body));
	struct proposal_row row = { .ueid = buf_bytes(k->ueid),
				    .body = buf_bytes(k->body),
				    .digest = digest_bytes(&digest) };
	json_t *j = json_object(), *next;
	char hex[65];
	int rc = proposal_judged(tx, s, &row, false, j, e);

	if (!rc) {
		next = json_incref(json_object_get(j, "next_boot"));
		json_object_set_new(next, "release", json_string(k->release));
		json_object_set_new(next, "proposal", json_string(hex_write(row.digest, hex)));
		json_object_set_new(next, "proposed", json_integer(k->time));
		*out = next;
	}
	json_decref(j);
	return rc;
}

int proposals_next_boot(struct tx *tx, struct server *s, const char *host, const u8 *digest,
			json_t **out, struct err *e)
{
	struct choosing k = { .digest = digest };
	int rc = proposal_rows(tx, "", digest, host, take_better, &k, e);

	if (!rc && k.body)
		rc = tell_chosen(tx, s, &k, out, e);
	buf_drop(&k.ueid);
	buf_drop(&k.body);
	return rc;
}
