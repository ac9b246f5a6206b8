// SPDX-License-Identifier: Apache-2.0
#include "ima_judge.h"

#include <stdlib.h>

#include "refs_files.h"

/* ---- rules ---- */
int ima_rules_add(struct ima_prefixes *p, const char *value, struct err *e)
{
	size_t n = strlen(value);

	if (p->n == IMA_PREFIXES_MAX || !n || n >= IMA_PREFIX_MAX)
		return err_set(e, E_CONFIG, "at most %d paths of 1 to %d characters",
			       IMA_PREFIXES_MAX, IMA_PREFIX_MAX - 1);
	memcpy(p->at[p->n++], value, n + 1);
	return 0;
}

/* A folder's name is not the beginning of another's: "/opt" is not "/optional". */
static bool below(const char *prefix, struct bytes path)
{
	size_t n = strlen(prefix);

	if (n && prefix[n - 1] == '*')
		return path.len >= n - 1 && !memcmp(path.at, prefix, n - 1);
	return path.len >= n && !memcmp(path.at, prefix, n) &&
	       (path.len == n || prefix[n - 1] == '/' || path.at[n] == '/');
}

static bool below_any(const struct ima_prefixes *p, struct bytes path)
{
	for (size_t i = 0; path.len && i < p->n; i++)
		if (below(p->at[i], path))
			return true;
	return false;
}

static void add_prefixes(struct hasher *h, const struct ima_prefixes *p)
{
	u8 n = (u8)p->n;

	hasher_add(h, (struct bytes){ &n, 1 });
	for (size_t i = 0; i < p->n; i++)
		hasher_add(h, (struct bytes){ (const u8 *)p->at[i], strlen(p->at[i]) + 1 });
}

static struct digest rules_digest(const struct ima_rules *r, bool learned_affirms)
{
	u8 head[] = { 1, (u8)r->mode, r->unknown_warns, (u8)r->changed, learned_affirms };
	struct digest none = { 0 };
	OWNED(hasher)
	h = hasher_new(DIGEST_SHA256);

	if (!h)
		return none;
	hasher_add(h, BYTES(head));
	add_prefixes(h, &r->excluded);
	add_prefixes(h, &r->refused);
	add_prefixes(h, &r->required);
	for (size_t i = 0; i < r->signers.n; i++)
		hasher_add(h, BYTES(r->signers.at[i].key_hash));
	return hasher_end(h);
}

static const char *const fault_texts[IMA_FAULT_COUNT] = {
#define X(id, text) text,
	IMA_FAULTS(X)
#undef X
};

const char *ima_fault_text(enum ima_fault f)
{
	return fault_texts[f];
}

bool ima_fault_refuses(const struct ima_rules *r, enum ima_fault f)
{
	switch (f) {
	case IMA_LEARNED:
		return false;
	case IMA_REFUSED:
		return true;
	case IMA_CHANGED:
		return r->changed == IMA_CHANGED_REFUSES;
	default:
		return !r->unknown_warns;
	}
}

/* ---- one list ---- */
struct judging {
	const struct ima_rules *rules;
	bool learned_affirms;
	const struct verified_view *v;
	const struct refs *refs;
	long long now_s;
	struct corim_env host;
	u8 instance[64];
	struct authority by;
	struct ima_state *s;
};

static void judging_on(struct judging *j)
{
	struct writer w = writer_on(j->instance, sizeof(j->instance));
	u8 hash[32];

	cbor_put_tag(&w, 550);
	cbor_put_bytes(&w, BYTES(j->v->token->ueid));
	j->host = (struct corim_env){ .vendor = bytes_text(IMA_VENDOR),
				      .model = bytes_text(IMA_MODEL),
				      .instance = write_done(&w) };
	if (j->v->ak && authority_hash(j->v->ak, hash))
		authority_add(&j->by, hash);
}

static const struct ref *reference(const struct judging *j, enum digest_alg alg,
				   struct bytes digest, struct bytes path, bool by_path)
{
	struct file_sought sought = { .host = &j->host,
				      .digest = { corim_alg_of(alg), digest },
				      .path = path,
				      .by_path = by_path,
				      .by = &j->by,
				      .now_s = j->now_s };

	return sought.digest.alg ? refs_file(j->refs, &sought) : NULL;
}

static void remember_voucher(struct ima_state *s, const struct ref *ref)
{
	const u8 *digest = refs_digest(ref);
	u32 tag = (u32)ref->triple->tag;

	for (size_t i = 0; i < s->n_vouchers; i++)
		if (s->vouchers[i].tag == tag && !memcmp(s->vouchers[i].corim, digest, 32))
			return;
	s->crowded |= s->n_vouchers == IMA_VOUCHERS_MAX;
	if (s->crowded)
		return;
	s->vouchers[s->n_vouchers].tag = tag;
	memcpy(s->vouchers[s->n_vouchers++].corim, digest, 32);
}

static void found(struct judging *j, u64 number, const struct ima_entry *entry,
		  enum ima_fault fault, enum ima_signed signature)
{
	struct bytes path = fault == IMA_UNREADABLE ? entry->template_name : entry->path;
	struct ima_finding *f;

	j->s->count[fault]++;
	if (j->s->n == IMA_FINDINGS_MAX ||
	    (fault == IMA_CHANGED &&
	     (j->rules->changed == IMA_CHANGED_IGNORED || j->s->count[fault] > IMA_CHANGED_MAX)))
		return;
	f = &j->s->at[j->s->n++];
	*f = (struct ima_finding){ .entry = number, .fault = fault, .signature = signature };
	f->verity = entry->verity;
	f->buffer = entry->buffer.len > 0;
	f->cut = path.len > sizeof(f->path);
	f->path_len = (u16)(f->cut ? sizeof(f->path) : path.len);
	if (f->path_len)
		memcpy(f->path, path.at, f->path_len);
	if (entry->alg != DIGEST_NONE && entry->digest.len == digest_len(entry->alg)) {
		f->digest.alg = entry->alg;
		memcpy(f->digest.at, entry->digest.at, entry->digest.len);
	}
}

/* PCR 0 to 9 as they were when IMA began; with SHA-1 the kernel takes 0 to 7. */
static bool is_boot_aggregate(const struct judging *j, const struct ima_entry *entry)
{
	const struct eat *t = j->v->token;
	u32 last = entry->alg == DIGEST_SHA1 ? 7 : 9, wanted = (2u << last) - 1;
	struct bytes pieces[10];
	struct digest d;

	for (size_t i = 0; i < t->n_banks; i++) {
		if (tpm_digest_alg(t->banks[i].alg) != entry->alg ||
		    (t->banks[i].pcrs & wanted) != wanted)
			continue;
		memcpy(pieces, t->banks[i].value, (last + 1) * sizeof(pieces[0]));
		d = digest_of(entry->alg, pieces, last + 1);
		return digest_equals(&d, entry->digest);
	}
	return false;
}

static void judge_known(struct judging *j, u64 number, const struct ima_entry *entry)
{
	enum ima_signed signature = IMA_NOT_SIGNED;
	const struct ref *ref = NULL;
	bool learned;

	if (!entry->path.len) {
		found(j, number, entry, IMA_UNREADABLE, signature);
		return;
	}
	if (bytes_equal(entry->path, bytes_text("boot_aggregate"))) {
		if (!is_boot_aggregate(j, entry))
			found(j, number, entry, IMA_AGGREGATE, signature);
		return;
	}
	/* the digest of fs-verity is none of a file's content, and a buffer is no file */
	if (!entry->verity)
		ref = reference(j, entry->alg, entry->digest, entry->path, entry->buffer.len > 0);
	learned = ref && corim_is_learned(ref->corim) && !j->learned_affirms;
	if (ref && !learned) {
		remember_voucher(j->s, ref);
		return;
	}
	signature = ima_signature_check(&j->rules->signers, entry);
	if (signature != IMA_SIGNED)
		found(j, number, entry, learned ? IMA_LEARNED : IMA_UNKNOWN, signature);
}

static void judge_entry(struct judging *j, u64 number, const struct ima_entry *entry)
{
	const struct ima_rules *r = j->rules;

	for (size_t i = 0; i < r->required.n; i++)
		if (entry->path.len && !entry->violation && below(r->required.at[i], entry->path))
			j->s->required_seen |= 1u << i;
	if (below_any(&r->refused, entry->path))
		found(j, number, entry, IMA_REFUSED, IMA_NOT_SIGNED);
	/*
	 * What the file held, no digest says; and all ones were extended, whatever stands in the entry. So its
	 * path is the host's word, and leaves nothing out. A template's name is not extended either: under a
	 * made-up one a path would be hidden from those that policy refuses.
	 */
	if (entry->violation)
		found(j, number, entry, IMA_CHANGED, IMA_NOT_SIGNED);
	else if (r->refused.n && !entry->path.len)
		found(j, number, entry, IMA_UNREADABLE, IMA_NOT_SIGNED);
	else if (r->mode == IMA_MODE_KNOWN && !below_any(&r->excluded, entry->path))
		judge_known(j, number, entry);
}

static int judge_entries(struct judging *j, struct err *e)
{
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_entry entry;
	u64 number = j->v->ima.first;
	int rc = -1;

	if (!c)
		return err_set(e, E_MEMORY, "no memory for an IMA list");
	ima_cursor_on(c, j->v->ima.entries, IMA_BINARY);
	while ((rc = ima_next(c, &entry, e)) > 0)
		judge_entry(j, number++, &entry);
	free(c);
	return rc ? (int)e->code : 0;
}

int ima_judge(const struct ima_rules *rules, bool learned_affirms, const struct verified_view *v,
	      const struct refs *refs, long long now_s, const struct ima_state *before,
	      struct ima_state **out, struct err *e)
{
	struct judging j = { .rules = rules,
			     .learned_affirms = learned_affirms,
			     .v = v,
			     .refs = refs,
			     .now_s = now_s };
	struct digest digest = rules_digest(rules, learned_affirms);
	struct ima_state *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(e, E_MEMORY, "no memory for an IMA list");
	if (v->ima.first && before)
		*s = *before;
	s->place = v->ima.place;
	memcpy(s->rules, digest.at, sizeof(s->rules));
	j.s = s;
	judging_on(&j);
	if (rules->mode != IMA_MODE_OFF && judge_entries(&j, e)) {
		free(s);
		return (int)e->code;
	}
	*out = s;
	return 0;
}

/* ---- a state ---- */
/* Nobody held it then: does somebody now? */
static bool would_be_known(const struct judging *j, const struct ima_finding *f)
{
	const struct ref *ref;

	if ((f->fault != IMA_UNKNOWN && f->fault != IMA_LEARNED) || f->cut || f->verity)
		return false;
	ref = reference(j, f->digest.alg, digest_bytes(&f->digest),
			(struct bytes){ f->path, f->path_len }, f->buffer);
	return ref && (f->fault == IMA_UNKNOWN || !corim_is_learned(ref->corim));
}

bool ima_state_holds(const struct ima_state *s, const struct ima_rules *rules, bool learned_affirms,
		     const struct verified_view *v, const struct refs *refs, long long now_s)
{
	struct judging j = { .rules = rules,
			     .learned_affirms = learned_affirms,
			     .v = v,
			     .refs = refs,
			     .now_s = now_s };
	struct digest digest = rules_digest(rules, learned_affirms);

	if (!digest_equals(&digest, BYTES(s->rules)))
		return false;
	for (size_t i = 0; i < s->n_vouchers; i++)
		if (!refs_vouches(refs, s->vouchers[i].corim, s->vouchers[i].tag, now_s))
			return false;
	judging_on(&j);
	for (size_t i = 0; i < s->n; i++)
		if (would_be_known(&j, &s->at[i]))
			return false;
	return true;
}

bool ima_state_keepable(const struct ima_state *s, const struct ima_rules *rules)
{
	for (int i = 0; i < IMA_FAULT_COUNT; i++)
		if (s->count[i] && ima_fault_refuses(rules, (enum ima_fault)i))
			return false;
	return !s->crowded;
}
