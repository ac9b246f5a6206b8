// SPDX-License-Identifier: Apache-2.0
#include "netlink.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "../pci_config.h"
#include "family.h"

/* ---- family "assay" ---- */
struct list {
	const char *pci_folder;
	struct source_device *at;
	size_t n, max;
	bool full;
};

static void list_add(struct list *l, const char *name)
{
	struct source_device *d;
	struct pci_look look = { 0 };
	struct err ignored = { 0 };

	if (l->n == l->max) {
		l->full = true;
		return;
	}
	/* A function that cannot be read is in the list all the same: collect() says why. */
	pci_look(l->pci_folder, name, &look, &ignored);
	d = &l->at[l->n++];
	*d = (struct source_device){ .source = &source_netlink,
				     .identity = look.identity,
				     .pci_folder = l->pci_folder };
	snprintf(d->address, sizeof(d->address), "%s", name);
}

static int take_listed(void *user, struct bytes payload, const char **why)
{
	struct list *l = user;
	struct netlink_status s;

	if (netlink_parse_status(payload, &s, why))
		return -EBADMSG;
	/* a dump that was interrupted may say a device twice */
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->at[i].address, s.name))
			return 0;
	list_add(l, s.name);
	return 0;
}

static int list_assay(struct family_client *c, struct list *l, struct err *e)
{
	struct family_answer a = { .interrupted = true };

	for (int i = 0; a.interrupted && i < FAMILY_TRIES; i++) {
		struct family_request rq =
			family_request(c->assay, ASSAY_CMD_STATUS, "STATUS of all devices", true);

		rq.take = take_listed;
		rq.user = l;
		if (family_ask(c, &rq, &a, e))
			return (int)e->code;
	}
	return a.error ? family_refused(&a, "STATUS of all devices", e) : 0;
}

int netlink_status_now(const char *address, struct netlink_status *out, struct err *e)
{
	struct family_client c = { 0 };
	int rc = family_open(&c, e);

	if (!rc && !c.assay)
		rc = err_set(e, E_NOTFOUND, "family %s is not there", ASSAY_FAMILY_NAME);
	if (!rc)
		rc = family_status(&c, address, out, e);
	family_close(&c);
	return rc;
}

/* What changes a device's standing; the kernel compares once more, under its lock. */
static int change(struct family_client *c, struct family_request *rq, struct err *e)
{
	struct family_answer a;

	if (family_ask(c, rq, &a, e))
		return (int)e->code;
	if (!a.error)
		return 0;
	family_refused(&a, rq->what, e);
	if (netlink_wants_anew(a.error))
		e->code = E_AGAIN;
	return (int)e->code;
}

int netlink_accept(const struct netlink_acceptance *a, struct err *e)
{
	struct family_client c = { 0 };
	int rc = family_open(&c, e);

	if (!rc) {
		struct family_request rq =
			family_request(c.assay, ASSAY_CMD_ACCEPT, "ACCEPT", false);

		family_put_u64(&rq, ASSAY_A_DEV_ID, a->id);
		family_put_u32(&rq, ASSAY_A_GENERATION, a->generation);
		family_put_u8(&rq, ASSAY_A_SLOT, a->slot);
		family_put(&rq, ASSAY_A_CHAIN_DIGEST,
			   (struct bytes){ a->chain_digest, ASSAY_DIGEST_LEN });
		family_put(&rq, ASSAY_A_MEAS_DIGEST,
			   (struct bytes){ a->meas_digest, ASSAY_DIGEST_LEN });
		family_put_u32(&rq, ASSAY_A_ON_FAIL, a->on_fail);
		rc = change(&c, &rq, e);
	}
	family_close(&c);
	return rc;
}

int netlink_forget(u64 id, struct err *e)
{
	struct family_client c = { 0 };
	int rc = family_open(&c, e);

	if (!rc) {
		struct family_request rq =
			family_request(c.assay, ASSAY_CMD_FORGET, "FORGET", false);

		family_put_u64(&rq, ASSAY_A_DEV_ID, id);
		rc = change(&c, &rq, e);
	}
	family_close(&c);
	return rc;
}

/* ---- family "device-evidence" ---- */

/*
 * Where the kernel does not say in sysfs which mailbox speaks CMA (6.12 does not), the family is asked: it
 * knows a device or has none of that name.
 */
static int serves(struct family_client *c, const char *name, const struct pci_look *look, bool *yes,
		  struct err *e)
{
	struct netlink_evidence ev = { .mask = 1U << DEVICE_EVIDENCE_TYPE_VCA };
	struct family_answer a = { 0 };
	int rc = 0;

	*yes = look->has_cma;
	if (!look->kernel_says_cma && look->has_doe) {
		rc = family_read(c, name, NULL, &ev, &a, e);
		*yes = !rc && a.error != ENODEV;
	}
	if (!rc && (a.error == EPERM || a.error == EACCES))
		rc = family_refused(&a, "READ", e);
	netlink_evidence_clear(&ev);
	return rc;
}

static int list_evidence(struct family_client *c, struct list *l, struct err *e)
{
	struct dirent **names = NULL;
	int n = scandir(l->pci_folder, &names, NULL, alphasort), rc = 0;

	if (n < 0)
		return err_set(e, E_IO, "list PCI functions in %s: %s", l->pci_folder,
			       strerror(errno));
	for (int i = 0; i < n; i++) {
		struct pci_look look;
		struct err ignored = { 0 };
		bool yes = false;

		if (!rc && pci_address_valid(names[i]->d_name) &&
		    !pci_look(l->pci_folder, names[i]->d_name, &look, &ignored))
			rc = serves(c, names[i]->d_name, &look, &yes, e);
		if (!rc && yes)
			list_add(l, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return rc;
}

int netlink_devices(const char *pci_folder, struct source_device *out, size_t max, size_t *n,
		    struct err *e)
{
	struct list l = { .pci_folder = pci_folder, .at = out, .max = max };
	struct family_client c = { 0 };
	int rc = family_open(&c, e);

	*n = 0;
	if (!rc && c.assay)
		rc = list_assay(&c, &l, e);
	else if (!rc && c.evidence)
		rc = list_evidence(&c, &l, e);
	family_close(&c);
	if (!rc && l.full)
		rc = err_set(e, E_LIMIT, "more than %zu devices with CMA", max);
	if (rc)
		return err_while(e, "devices of the kernel");
	*n = l.n;
	return 0;
}

struct visit {
	void (*each)(void *user, const struct netlink_status *s);
	void *user;
};

static int take_visit(void *user, struct bytes payload, const char **why)
{
	const struct visit *v = user;
	struct netlink_status s;

	if (netlink_parse_status(payload, &s, why))
		return -EBADMSG;
	v->each(v->user, &s);
	return 0;
}

int netlink_statuses(void (*each)(void *user, const struct netlink_status *s), void *user,
		     struct err *e)
{
	struct visit v = { each, user };
	struct family_client c = { 0 };
	struct family_answer a = { 0 };
	int rc = family_open(&c, e);

	if (!rc && !c.assay)
		rc = err_set(e, E_NOTFOUND, "family %s is not there", ASSAY_FAMILY_NAME);
	if (!rc) {
		struct family_request rq =
			family_request(c.assay, ASSAY_CMD_STATUS, "STATUS of all devices", true);

		rq.take = take_visit;
		rq.user = &v;
		rc = family_ask(&c, &rq, &a, e);
	}
	family_close(&c);
	if (!rc && a.error)
		rc = family_refused(&a, "STATUS of all devices", e);
	return rc;
}

/* ---- LOG ---- */
static int take_log(void *user, struct bytes payload, const char **why)
{
	return netlink_log_take(user, payload, why);
}

int netlink_log(struct buf **out, struct err *e)
{
	struct family_answer a = { .interrupted = true };
	struct netlink_log log = { 0 };
	struct family_client c = { 0 };
	int rc = family_open(&c, e);

	for (int i = 0; !rc && c.assay && a.interrupted && i < FAMILY_TRIES; i++) {
		struct family_request rq = family_request(c.assay, ASSAY_CMD_LOG, "LOG", true);

		netlink_log_clear(&log);
		rq.take = take_log;
		rq.user = &log;
		rc = family_ask(&c, &rq, &a, e);
		if (!rc && a.error)
			rc = family_refused(&a, "LOG", e);
	}
	if (!rc && c.assay && a.interrupted)
		rc = err_set(e, E_DEVICE, "LOG changed during each of %d dumps", FAMILY_TRIES);
	family_close(&c);
	if (!rc) {
		*out = log.bytes ? TAKE(log.bytes) : buf_new(1);
		rc = *out ? 0 : family_no_memory(e);
	}
	netlink_log_clear(&log);
	return rc;
}
