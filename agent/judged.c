// SPDX-License-Identifier: Apache-2.0
#include "judged.h"

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool is_device(const json_t *devices, const char *label)
{
	const json_t *row;
	size_t i;

	json_array_foreach(devices, i, row)
	{
		const char *of = text_of(row, "label");

		if (of && !strcmp(of, label))
			return true;
	}
	return false;
}

/* A reason that is of no device is of the host. One that says too little counts as such. */
static bool host_is_contraindicated(const json_t *reasons, const json_t *devices)
{
	const json_t *row;
	size_t i;

	json_array_foreach(reasons, i, row)
	{
		const char *tier = text_of(row, "tier"), *device = text_of(row, "device");

		if ((!tier || !strcmp(tier, "contraindicated")) &&
		    (!device || !is_device(devices, device)))
			return true;
	}
	return false;
}

int judged_read(const json_t *answer, struct device_verdicts *out, struct err *e)
{
	const json_t *devices = json_object_get(answer, "devices"), *row;
	const json_t *reasons = json_object_get(answer, "reasons");
	bool affirms;
	size_t i;

	*out = (struct device_verdicts){ 0 };
	if (!json_is_array(devices) || !json_is_array(reasons))
		return err_set(e, E_FORMAT, "server's answer has no devices or no reasons");
	affirms = !host_is_contraindicated(reasons, devices);
	json_array_foreach(devices, i, row)
	{
		const char *label = text_of(row, "label"), *status = text_of(row, "status");
		int rc = 0;

		if (!label || !status)
			return err_set(e, E_FORMAT, "server's answer: device %zu", i);
		if (!strcmp(status, "contraindicated"))
			rc = verdicts_add(out, DEVICE_CONTRAINDICATED, bytes_text(label), e);
		else if (affirms && !strcmp(status, "affirming"))
			rc = verdicts_add(out, DEVICE_AFFIRMED, bytes_text(label), e);
		if (rc)
			return rc;
	}
	return 0;
}
