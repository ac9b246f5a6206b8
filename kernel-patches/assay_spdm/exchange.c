// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/pci-doe.h> /* needs pci.h before it */
#include <linux/random.h>

#include "assay_spdm.h"
#include "compat.h"

struct conversation *conversation_new(const struct spdm_requester_config *config)
{
	struct conversation *c = kvzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return NULL;
	c->rq.config = *config;
	get_random_bytes(c->rq.config.context, SPDM_CONTEXT_LEN);
	c->rq.vca = writer_on(c->vca, sizeof(c->vca));
	c->rq.chain = writer_on(c->chain, sizeof(c->chain));
	c->rq.challenge = writer_on(c->challenge, sizeof(c->challenge));
	c->rq.measurements = writer_on(c->measurements, sizeof(c->measurements));
	spdm_requester_start(&c->rq);
	return c;
}

void conversation_drop(struct conversation *c)
{
	kvfree(c);
}

static int may_talk(struct spdm_dev *dev, const char **why)
{
	guard(mutex)(&dev->lock);
	*why = dev->silent ? "device is in quarantine" : NULL;
	return dev->dying ? -ENODEV : dev->silent ? -ENXIO : 0;
}

int converse(struct spdm_dev *dev, struct conversation *c, unsigned int seconds, const char **why)
{
	ktime_t end;
	int rc;

	guard(mutex)(&dev->exchange_lock);
	end = ktime_add_ms(ktime_get(), (u64)seconds * MSEC_PER_SEC);
	while (!spdm_requester_done(&c->rq)) {
		struct bytes request = spdm_requester_next(&c->rq);

		rc = may_talk(dev, why);
		if (rc)
			return rc;
		if (ktime_after(ktime_get(), end)) {
			*why = "device takes too long";
			return -ETIMEDOUT;
		}
		rc = pci_doe(dev->mb, PCI_VENDOR_ID_PCI_SIG, DOE_CMA_SPDM, request.at, request.len,
			     c->response, sizeof(c->response));
		if (rc < 0) {
			*why = "device does not answer over DOE";
			return rc == -EAGAIN ? -EIO : rc;
		}
		rc = spdm_requester_take(&c->rq, (struct bytes){ c->response, (size_t)rc }, why);
		if (rc == -EAGAIN)
			fsleep(c->rq.wait_us);
		else if (rc)
			return rc;
	}
	return 0;
}
