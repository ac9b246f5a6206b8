/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files that read a CoRIM: corim.c from its bytes on, corim_envelope.c around it, corim_map.c, and
 * corim_place.c, which knows where they are; then what is inside: tags, triples, values.
 */
#ifndef ASSAY_CORIM_READ_H
#define ASSAY_CORIM_READ_H

#include "corim.h"

enum { CORIM_PATH_MAX = 16 };

/*
 * Where the reader is. corim_leave() after a failure does nothing, so that the path of the fault stays.
 */
struct corim_place {
	struct cbor c;
	struct corim *out;
	size_t tag;    /* index into out->tags */
	bool evidence; /* concise evidence: what a device says of itself, in nearly the same form */
	size_t n_files, path_bytes; /* of all CoSWIDs so far */
	size_t depth;
	struct corim_step {
		const char *name;
		long long index; /* -1: a name alone; a name "" takes [index] alone */
	} path[CORIM_PATH_MAX];
	char why[200]; /* when c.r.why is no literal */
};

/* corim_place.c */
void corim_enter(struct corim_place *p, const char *name, long long index);
void corim_leave(struct corim_place *p);
/** corim_path - "tags[0].triples.0[1].env", without a dot at its end. Return: @out. */
const char *corim_path(const struct corim_place *p, char *out, size_t size);

/** corim_place_error - what failed, where: "CoRIM: tags[0]: ...". A bare name of a field says that its value is wrong. */
int corim_place_error(const struct corim_place *p, const char *what, struct err *e);
/** corim_room - @at grown by @more zeroed items of @size; @at as it was after a failure, which p->c then tells. */
void *corim_room(struct corim_place *p, void *at, size_t have, size_t more, size_t size,
		 size_t max);

/* corim.c */
/** corim_narrow - several validities may speak of one CoRIM: it holds where all of them do. @not_after 0: not given. */
void corim_narrow(struct corim *out, long long not_before, long long not_after);
/** corim_narrow_by - the validity that is read next. */
void corim_narrow_by(struct corim *out, struct cbor *c, const char *field);

/* corim_envelope.c */
/**
 * corim_open_envelope - what out->bytes begins with: COSE_Sign1, whose headers go to @out, or nothing.
 * @shapes: of corim_read(). @detached: stands at the end of out->bytes, or is empty.
 * @payload: gets the CoRIM inside, not yet looked at; it points into out->bytes.
 */
int corim_open_envelope(struct corim *out, unsigned int shapes, struct bytes detached,
			struct bytes *payload, struct err *e);

/* corim_map.c */
void corim_take_map(struct corim_place *p);

/* corim_tags.c */
/** corim_take_id - text or 16 bytes; @out gets printable ASCII or a UUID. */
void corim_take_id(struct cbor *c, char *out, size_t size, const char *field);
void corim_take_comid(struct corim_place *p);
void corim_take_cotl(struct corim_place *p);
/** corim_take_validity - { ?0 not-before, 1 not-after }, tag 1 epoch times. */
void corim_take_validity(struct cbor *c, long long *not_before, long long *not_after,
			 const char *field);

/* coswid.c */
void coswid_take(struct corim_place *p);
/** coswid_take_evidence - an evidence-entry; its files are added to @out. */
void coswid_take_evidence(struct corim_place *p, struct corim_files *out);
void coswid_files_clear(struct corim_files *f);

/* corim_software.c */
/** corim_take_software, corim_take_ev_software - one coswid-triple, of a CoMID or of concise evidence. */
void corim_take_software(struct corim_place *p);
void corim_take_ev_software(struct corim_place *p);
/** corim_link_software - when all is read: reference (or evidence) triples of what was taken. */
void corim_link_software(struct corim_place *p);
void corim_software_clear(struct corim_software *s);

/* corim_value.c */
void corim_take_env(struct corim_place *p, struct corim_env *env);
/** corim_take_digests - digests-type into m->digests. */
void corim_take_digests(struct cbor *c, struct corim_mval *m);
/** corim_take_measurements - [ + measurement-map ], allocated; @may_be_empty: [ * ]. */
void corim_take_measurements(struct corim_place *p, struct corim_triple *t, bool may_be_empty);
/** corim_take_keys - [ + crypto-key ] as an encoded item; each one of a known kind. */
struct bytes corim_take_keys(struct corim_place *p, const char *field);

/* corim_triples.c */
void corim_take_triples(struct corim_place *p);
/** corim_take_ev_triples - those of concise evidence: evidence goes where reference values would. */
void corim_take_ev_triples(struct corim_place *p);
void corim_triple_clear(struct corim_triple *t);

#endif
