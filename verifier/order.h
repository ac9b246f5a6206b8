/* SPDX-License-Identifier: Apache-2.0 */
/* What has to come first: a topological order of things that feed each other, circles left out. */
#ifndef ASSAY_ORDER_H
#define ASSAY_ORDER_H

#include "common/err.h"
#include "common/port.h"

/** struct feeds - @from has to be done before @to. */
struct feeds {
	u32 from, to;
};

/**
 * order_find - of @n things by their @edges, which are sorted here.
 * @order: @n numbers; gets those that are in no circle, each after all that feed it.
 * @refused: @n flags; gets true for what stands in a circle, or between two.
 * Return: 0 and *@n_ordered, or E_MEMORY.
 */
int order_find(size_t n, struct feeds *edges, size_t n_edges, u32 *order, size_t *n_ordered,
	       bool *refused, struct err *e);

#endif
