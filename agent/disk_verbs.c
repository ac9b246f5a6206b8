// SPDX-License-Identifier: Apache-2.0
#include "disk_verbs.h"

#include "common/file.h"

bool disk_verb_is(unsigned int verb)
{
	return verb >= AGENT_DISK_NEW && verb <= AGENT_DISK_STAGE;
}

static int run(struct disk *d, unsigned int verb, struct bytes argument, struct disk_message *out,
	       struct err *e)
{
	static int (*const verbs[])(struct disk * d, const struct disk_message *m,
				    struct disk_message *out, struct err *e) = {
		[AGENT_DISK_NEW] = disk_new,	 [AGENT_DISK_GET] = disk_get,
		[AGENT_DISK_PROVE] = disk_prove, [AGENT_DISK_STORED] = disk_stored,
		[AGENT_DISK_STAGE] = disk_stage, [AGENT_DISK_FORGET] = disk_forget_volume,
	};
	OWNED(secret) hold = NULL;
	struct disk_message *m = disk_message_new(&hold);

	if (verb == AGENT_DISK_FORGET && !argument.len) {
		disk_forget(d);
		return 0;
	}
	if (!m)
		return err_set(e, E_MEMORY, "no locked memory for a key");
	return disk_message_parse(argument, m, e) ? (int)e->code : verbs[verb](d, m, out, e);
}

int disk_verb(struct disk *d, unsigned int verb, struct bytes argument, int *fd, struct err *e)
{
	OWNED(secret) hold = NULL;
	OWNED(secret) room = secret_new(DISK_MESSAGE_MAX);
	struct disk_message *out = disk_message_new(&hold);
	struct writer w;
	int rc;

	if (!out || !room)
		return err_set(e, E_MEMORY, "no locked memory for a key");
	rc = run(d, verb, argument, out, e);
	if (rc)
		return rc;
	w = writer_on(room->at, room->len);
	disk_message_write(out, &w);
	if (w.full)
		return err_set(e, E_INTERNAL, "a message about a disk is too long");
	*fd = memfd_from("assay-disk", write_done(&w), e);
	return *fd < 0 ? (int)e->code : 0;
}
