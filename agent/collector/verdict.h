/* SPDX-License-Identifier: Apache-2.0 */
/* What the server said of each device, as the network half tells the collector. Pure. */
#ifndef ASSAY_COLLECTOR_VERDICT_H
#define ASSAY_COLLECTOR_VERDICT_H

#include "common/bytes.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/writer.h"

enum device_standing { DEVICE_AFFIRMED = 1, DEVICE_CONTRAINDICATED = 2 };

struct device_verdict {
	enum device_standing standing;
	char label[LABEL_MAX + 1];
};

/** struct device_verdicts - of one round; a device of any other standing is not in it. */
struct device_verdicts {
	u8 ctx[32]; /* of the collection that was judged */
	size_t n;
	struct device_verdict at[DEVICES_MAX];
};
enum { VERDICTS_MAX = 32 + DEVICES_MAX * (2 + LABEL_MAX) };

/** verdicts_write - ctx ‖ (u8 standing ‖ u8 length ‖ label) ... into a writer of VERDICTS_MAX bytes. */
void verdicts_write(const struct device_verdicts *v, struct writer *w);
/** verdicts_parse - refuses an unknown standing, what is no label, and a label that stands twice. */
int verdicts_parse(struct bytes argument, struct device_verdicts *out, struct err *e);
/** verdicts_add - E_LIMIT, E_FORMAT as verdicts_parse(). */
int verdicts_add(struct device_verdicts *v, enum device_standing standing, struct bytes label,
		 struct err *e);

#endif
