/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a moment of the clock that nobody sets. */
#ifndef ASSAY_SERVER_MONOTONIC_H
#define ASSAY_SERVER_MONOTONIC_H

#include <pthread.h>

#include "common/clock.h"

/** monotonic_cond_init - @c for monotonic_wait(). */
static inline void monotonic_cond_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

/** monotonic_wait - until somebody signals @c, or the clock_monotonic_ms() @until_ms. @lock is held, before and after. */
static inline void monotonic_wait(pthread_cond_t *c, pthread_mutex_t *lock, long long until_ms)
{
	struct timespec t = { until_ms / 1000, until_ms % 1000 * 1000000 };

	pthread_cond_timedwait(c, lock, &t);
}

#endif
