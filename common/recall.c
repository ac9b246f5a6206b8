// SPDX-License-Identifier: Apache-2.0
#include "recall.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 4 };

struct slot {
	u8 key[32];
	u64 used; /* 0: empty */
	void *thing;
};

struct recall {
	pthread_mutex_t lock;
	void *(*share)(void *thing);
	void (*drop)(void *thing);
	u64 clock;
	size_t n_sets;
	struct slot slots[];
};

struct recall *recall_new(size_t max, void *(*share)(void *thing), void (*drop)(void *thing))
{
	size_t n_sets = (max + WAYS - 1) / WAYS;
	struct recall *r = calloc(1, sizeof(*r) + n_sets * WAYS * sizeof(struct slot));

	if (!r)
		return NULL;
	pthread_mutex_init(&r->lock, NULL);
	r->share = share;
	r->drop = drop;
	r->n_sets = n_sets;
	return r;
}

void recall_drop(struct recall **rp)
{
	struct recall *r = rp ? *rp : NULL;

	if (!r)
		return;
	for (size_t i = 0; i < r->n_sets * WAYS; i++)
		if (r->slots[i].used)
			r->drop(r->slots[i].thing);
	pthread_mutex_destroy(&r->lock);
	free(r);
	*rp = NULL;
}

/* The key is a hash: its bytes are spread well enough as they are. */
static struct slot *set_of(struct recall *r, const u8 key[32])
{
	u64 n;

	memcpy(&n, key, sizeof(n));
	return &r->slots[n % r->n_sets * WAYS];
}

static struct slot *slot_with(struct slot *set, const u8 key[32])
{
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].used && !memcmp(set[i].key, key, 32))
			return &set[i];
	return NULL;
}

static struct slot *least_used(struct slot *set)
{
	struct slot *s = set;

	for (size_t i = 1; i < WAYS; i++)
		if (set[i].used < s->used)
			s = &set[i];
	return s;
}

void *recall_find(struct recall *r, const u8 key[32])
{
	struct slot *s;
	void *thing = NULL;

	if (!r)
		return NULL;
	pthread_mutex_lock(&r->lock);
	s = slot_with(set_of(r, key), key);
	if (s) {
		s->used = ++r->clock;
		thing = r->share(s->thing);
	}
	pthread_mutex_unlock(&r->lock);
	return thing;
}

void recall_keep(struct recall *r, const u8 key[32], void *thing)
{
	void *mine = r ? r->share(thing) : NULL, *old = NULL;
	struct slot *set, *s;

	if (!mine)
		return;
	pthread_mutex_lock(&r->lock);
	set = set_of(r, key);
	s = slot_with(set, key);
	if (!s)
		s = least_used(set);
	if (s->used)
		old = s->thing;
	memcpy(s->key, key, 32);
	s->thing = mine;
	s->used = ++r->clock;
	pthread_mutex_unlock(&r->lock);
	if (old)
		r->drop(old);
}
