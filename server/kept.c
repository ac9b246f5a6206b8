// SPDX-License-Identifier: Apache-2.0
#include "kept.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/clock.h"

struct kept {
	pthread_mutex_t lock;
	unsigned long long moves;
	long long made_s, age_s;
	struct buf *answer;
};

struct kept *kept_new(long long age_s)
{
	struct kept *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->age_s = age_s;
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

void kept_drop(struct kept **k)
{
	if (!k || !*k)
		return;
	buf_drop(&(*k)->answer);
	free(*k);
	*k = NULL;
}

void kept_moved(struct kept *k)
{
	pthread_mutex_lock(&k->lock);
	k->moves++;
	buf_drop(&k->answer);
	pthread_mutex_unlock(&k->lock);
}

struct buf *kept_get(struct kept *k, unsigned long long *since)
{
	struct buf *copy = NULL;
	long long age;

	pthread_mutex_lock(&k->lock);
	*since = k->moves;
	age = clock_now_s() - k->made_s;
	if (k->answer && age >= 0 && age < k->age_s)
		copy = buf_copy(buf_bytes(k->answer));
	pthread_mutex_unlock(&k->lock);
	return copy;
}

void kept_put(struct kept *k, unsigned long long since, struct bytes answer)
{
	pthread_mutex_lock(&k->lock);
	if (k->moves == since) {
		buf_drop(&k->answer);
		k->answer = buf_copy(answer);
		k->made_s = clock_now_s();
	}
	pthread_mutex_unlock(&k->lock);
}
