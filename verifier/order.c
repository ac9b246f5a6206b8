// SPDX-License-Identifier: Apache-2.0
#include "order.h"

#include <stdlib.h>

static int by_from(const void *a, const void *b)
{
	const struct feeds *x = a, *y = b;

	return x->from != y->from ? (x->from < y->from ? -1 : 1)
				  : (x->to > y->to) - (x->to < y->to);
}

/* Where the edges of @at begin: they are sorted by where they start. */
static size_t edges_of(const struct feeds *edges, size_t n_edges, u32 at)
{
	size_t lo = 0, hi = n_edges;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (edges[mid].from < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/*
 * Take away whatever nothing that is left leads to, again and again; what stays is in a circle or behind
 * one. @gone: what is not looked at, and gets true for what was taken away.
 */
static void strip(size_t n, const struct feeds *edges, size_t n_edges, u32 *pending, bool *gone,
		  u32 *taken, size_t *n_taken)
{
	*n_taken = 0;
	for (size_t i = 0; i < n; i++)
		pending[i] = 0;
	for (size_t k = 0; k < n_edges; k++)
		if (!gone[edges[k].from] && !gone[edges[k].to])
			pending[edges[k].to]++;
	for (size_t i = 0; i < n; i++)
		if (!gone[i] && !pending[i])
			taken[(*n_taken)++] = (u32)i;
	for (size_t done = 0; done < *n_taken; done++)
		for (size_t k = edges_of(edges, n_edges, taken[done]);
		     k < n_edges && edges[k].from == taken[done]; k++)
			if (!gone[edges[k].to] && !--pending[edges[k].to])
				taken[(*n_taken)++] = edges[k].to;
	for (size_t i = 0; i < *n_taken; i++)
		gone[taken[i]] = true;
}

/* The same the other way round leaves what is in a circle, or between two. */
static int strip_backwards(size_t n, const struct feeds *edges, size_t n_edges, u32 *pending,
			   bool *gone, u32 *taken, struct err *e)
{
	struct feeds *turned = calloc(n_edges + 1, sizeof(*turned));
	size_t n_taken;

	if (!turned)
		return err_set(e, E_MEMORY, "no memory to order %zu rules", n);
	for (size_t k = 0; k < n_edges; k++)
		turned[k] = (struct feeds){ edges[k].to, edges[k].from };
	qsort(turned, n_edges, sizeof(*turned), by_from);
	strip(n, turned, n_edges, pending, gone, taken, &n_taken);
	free(turned);
	return 0;
}

int order_find(size_t n, struct feeds *edges, size_t n_edges, u32 *order, size_t *n_ordered,
	       bool *refused, struct err *e)
{
	u32 *pending = calloc(n + 1, sizeof(*pending));
	bool *gone = calloc(n + 1, sizeof(*gone));
	size_t n_taken;
	int rc = 0;

	if (!pending || !gone)
		rc = err_set(e, E_MEMORY, "no memory to order %zu rules", n);
	if (!rc && n_edges)
		qsort(edges, n_edges, sizeof(*edges), by_from);
	if (!rc)
		strip(n, edges, n_edges, pending, gone, order, &n_taken);
	if (!rc && n_taken < n)
		rc = strip_backwards(n, edges, n_edges, pending, gone, order, e);
	for (size_t i = 0; !rc && i < n; i++)
		refused[i] = gone[i] = !gone[i];
	if (!rc)
		strip(n, edges, n_edges, pending, gone, order, n_ordered);
	free(pending);
	free(gone);
	return rc;
}
