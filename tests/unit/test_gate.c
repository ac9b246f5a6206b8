// SPDX-License-Identifier: Apache-2.0
/* From a verdict to what is done on the host: who is accepted, who loses a driver, and who is left alone. */
#include "spdm_script.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/collector/gate.h"
#include "agent/collector/hold.h"
#include "agent/judged.h"
#include "common/file.h"

#define NVME "1b36:0010/-/0"
#define NIC  "15b3:1021/00000000deadbeef/0"

/* ---- digests ---- */
/* three blocks, not in order: 3 firmware "ab" raw, 0xfd manifest raw, 1 version "x" raw */
static const u8 record[] = { 0x03, 0x01, 0x05, 0x00, 0x81, 0x02, 0x00, 'a', 'b',
			     0xfd, 0x01, 0x04, 0x00, 0x84, 0x01, 0x00, 'm', 0x01,
			     0x01, 0x04, 0x00, 0x86, 0x01, 0x00, 'x' };
static const u8 stable[] = { 0x01, 0x86, 0x01, 0x00, 'x', 0x03, 0x81, 0x02, 0x00, 'a', 'b' };

static void talk(struct script *s, struct device_evidence *d, struct bytes blocks)
{
	script_start(s, 0x12);
	s->record = blocks;
	s->n_blocks = 3;
	script_finish(s);
	*d = (struct device_evidence){ .vca = buf_copy(write_done(&s->rq.vca)),
				       .chain = buf_copy(write_done(&s->rq.chain)),
				       .measurements = buf_copy(write_done(&s->rq.measurements)) };
}

static void digests_are_of_the_bytes_that_are_sent(void **state)
{
	struct script *s = calloc(1, sizeof(*s));
	struct digest expected = sha256_of(BYTES(stable));
	struct device_evidence d;
	struct gate_evidence is, other;
	u8 changed[sizeof(record)];
	const char *why;

	(void)state;
	talk(s, &d, BYTES(record));
	assert_int_equal(gate_digests(&d, &is, &why), 0);
	assert_memory_equal(is.meas_digest, expected.at, sizeof(is.meas_digest));
	expected = sha256_of(s->certs);
	assert_memory_equal(is.chain_digest, expected.at, sizeof(is.chain_digest));
	d.measurements->w.len--;
	assert_int_equal(gate_digests(&d, &other, &why), -EBADMSG);
	assert_non_null(why);
	device_evidence_clear(&d);

	memcpy(changed, record, sizeof(record));
	changed[16] = 'n'; /* the manifest may change */
	talk(s, &d, BYTES(changed));
	assert_int_equal(gate_digests(&d, &other, &why), 0);
	assert_memory_equal(&is, &other, sizeof(is));
	device_evidence_clear(&d);
	changed[7]++; /* the firmware may not */
	talk(s, &d, BYTES(changed));
	assert_int_equal(gate_digests(&d, &other, &why), 0);
	assert_memory_equal(is.chain_digest, other.chain_digest, sizeof(is.chain_digest));
	assert_memory_not_equal(is.meas_digest, other.meas_digest, sizeof(is.meas_digest));
	device_evidence_clear(&d);
	free(s);
}

/* ---- what is done ---- */
static void a_device_is_accepted_once_and_only_as_it_was_judged(void **state)
{
	enum { AFF = DEVICE_AFFIRMED, CON = DEVICE_CONTRAINDICATED };
	static const struct {
		int standing;
		u64 id;
		u32 generation, state;
		bool accepted_before, other_firmware;
		enum gate_step step;
	} rows[] = {
		{ AFF, 7, 5, ASSAY_STATE_EVIDENCE, false, false, GATE_ACCEPT },
		{ AFF, 7, 5, ASSAY_STATE_ACCEPTED, false, false,
		  GATE_ACCEPT }, /* of somebody else */
		{ AFF, 7, 5, ASSAY_STATE_ACCEPTED, true, false, GATE_DONE },
		{ AFF, 7, 6, ASSAY_STATE_ACCEPTED, true, false, GATE_DONE }, /* read anew since */
		{ AFF, 7, 5, ASSAY_STATE_CHECKING, true, false, GATE_DONE },
		{ AFF, 7, 5, ASSAY_STATE_EVIDENCE, true, false,
		  GATE_ACCEPT }, /* it was forgotten */
		{ AFF, 7, 5, ASSAY_STATE_ACCEPTED, true, true, GATE_ACCEPT },
		{ AFF, 7, 6, ASSAY_STATE_EVIDENCE, false, false, GATE_ANEW },
		{ AFF, 8, 5, ASSAY_STATE_ACCEPTED, true, false, GATE_ANEW }, /* exchanged */
		{ CON, 7, 5, ASSAY_STATE_EVIDENCE, false, false, GATE_DONE },
		{ CON, 7, 6, ASSAY_STATE_ACCEPTED, false, false, GATE_FORGET },
		{ CON, 7, 5, ASSAY_STATE_CHECKING, true, false, GATE_FORGET },
		{ CON, 7, 5, ASSAY_STATE_COLLECTING, true, false, GATE_FORGET },
		{ CON, 8, 5, ASSAY_STATE_ACCEPTED, true, false, GATE_ANEW },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gate_device d = { .id = 7,
					 .generation = 5,
					 .was_accepted = rows[i].accepted_before };
		struct netlink_status now = { .id = rows[i].id,
					      .generation = rows[i].generation,
					      .state = rows[i].state };

		d.is.meas_digest[31] = rows[i].other_firmware;
		if (gate_step_of(&d, (enum device_standing)rows[i].standing, &now) != rows[i].step)
			fail_msg("row %zu", i);
	}
}

/* ---- sysfs ---- */
static void put_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_ok(file_write(path, bytes_text(text), 0600, &e), &e);
}

static void assert_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	OWNED(buf) b = NULL;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	b = file_bytes(path);
	assert_non_null(b);
	assert_bytes_equal(buf_bytes(b), bytes_text(text));
}

static void make_folder(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void remove_all(const char *folder)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

static void a_device_is_held_before_its_driver_is_taken_away(void **state)
{
	char folder[] = "/tmp/assay-gate.XXXXXX";
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(folder));
	make_folder(folder, "0000:01:00.0");
	/* no file to hold it with: the driver goes all the same, and that it can come back is an error */
	make_folder(folder, "0000:01:00.0/driver");
	put_file(folder, "0000:01:00.0/driver/unbind", "");
	assert_int_equal(hold_set(folder, "0000:01:00.0", &e), E_IO);
	assert_non_null(strstr(e.text, "driver_override"));
	assert_file(folder, "0000:01:00.0/driver/unbind", "0000:01:00.0");

	e = (struct err){ 0 };
	put_file(folder, "0000:01:00.0/driver_override", "(null)\n");
	put_file(folder, "0000:01:00.0/driver/unbind", "");
	assert_ok(hold_set(folder, "0000:01:00.0", &e), &e);
	assert_file(folder, "0000:01:00.0/driver/unbind", "0000:01:00.0");

	/* held and unbound already: nothing is written */
	put_file(folder, "0000:01:00.0/driver_override", "assay-hold\n");
	remove_all(strcat(strcpy((char[128]){ 0 }, folder), "/0000:01:00.0/driver"));
	assert_ok(hold_set(folder, "0000:01:00.0", &e), &e);
	assert_file(folder, "0000:01:00.0/driver_override", "assay-hold\n");
	remove_all(folder);
}

static void only_what_was_held_is_let_go(void **state)
{
	char root[] = "/tmp/assay-gate.XXXXXX", folder[64];
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(root));
	make_folder(root, "devices");
	put_file(root, "drivers_probe", "");
	snprintf(folder, sizeof(folder), "%s/devices", root);
	make_folder(folder, "0000:01:00.0");
	put_file(folder, "0000:01:00.0/driver_override", "vfio-pci\n"); /* somebody else's */
	assert_false(hold_is_set(folder, "0000:01:00.0"));
	assert_ok(hold_let(folder, "0000:01:00.0", &e), &e);
	assert_file(folder, "0000:01:00.0/driver_override", "vfio-pci\n");
	assert_file(root, "drivers_probe", "");

	put_file(folder, "0000:01:00.0/driver_override", "assay-hold\n");
	make_folder(folder, "0000:01:00.0/driver"); /* bound, whatever the override says */
	assert_true(hold_is_set(folder, "0000:01:00.0"));
	assert_ok(hold_let(folder, "0000:01:00.0", &e), &e);
	assert_file(root, "drivers_probe", "");

	remove_all(strcat(strcpy((char[128]){ 0 }, folder), "/0000:01:00.0/driver"));
	assert_ok(hold_let(folder, "0000:01:00.0", &e), &e);
	assert_file(root, "drivers_probe", "0000:01:00.0");
	assert_false(hold_is_set(folder, "0000:01:00.0"));
	remove_all(root);
}

static void what_the_module_was_told_is_read(void **state)
{
	char folder[] = "/tmp/assay-gate.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(hold_option(folder), 0);
	make_folder(folder, "assay_spdm");
	make_folder(folder, "assay_spdm/parameters");
	put_file(folder, "assay_spdm/parameters/hold", "N\n");
	assert_int_equal(hold_option(folder), 'N');
	put_file(folder, "assay_spdm/parameters/hold", "Y\n");
	assert_int_equal(hold_option(folder), 'Y');
	remove_all(folder);
}

static void what_leaves_memory_open_is_named(void **state)
{
	char folder[] = "/tmp/assay-gate.XXXXXX";
	const char *address = "0000:01:00.0";

	(void)state;
	assert_non_null(mkdtemp(folder));
	make_folder(folder, address);
	assert_string_equal(hold_gap(folder, address), "no IOMMU translates its DMA");
	make_folder(folder, "0000:01:00.0/iommu_group");
	make_folder(folder, "0000:01:00.0/iommu_group/devices");
	put_file(folder, "0000:01:00.0/iommu_group/type", "identity\n");
	assert_string_equal(hold_gap(folder, address), "the IOMMU passes its DMA through");
	put_file(folder, "0000:01:00.0/iommu_group/type", "DMA-FQ\n");
	put_file(folder, "0000:01:00.0/iommu_group/devices/0000:01:00.0", "");
	put_file(folder, "0000:01:00.0/iommu_group/devices/0000:01:00.1", "");
	assert_null(hold_gap(folder, address));
	put_file(folder, "0000:01:00.0/iommu_group/devices/0000:02:00.0", "");
	assert_non_null(strstr(hold_gap(folder, address), "ACS"));
	remove_all(folder);
}

/* ---- the way of a verdict ---- */
static int parse(struct bytes b, struct device_verdicts *v, struct err *e)
{
	u8 *copy = heap_copy(b);
	int rc = verdicts_parse((struct bytes){ copy, b.len }, v, e);

	free(copy);
	return rc;
}

static void verdicts_arrive_as_they_were_written(void **state)
{
	struct device_verdicts *v = calloc(2, sizeof(*v)), *got = v + 1;
	struct writer w;
	struct err e = { 0 };
	u8 *room = malloc(VERDICTS_MAX);
	char label[LABEL_MAX + 1];

	(void)state;
	memset(v->ctx, 0xc7, sizeof(v->ctx));
	for (unsigned int i = 0; i < DEVICES_MAX; i++) {
		snprintf(label, sizeof(label), "1b36:0010/%016x/%u", i, 0);
		assert_ok(verdicts_add(v, i % 2 ? DEVICE_AFFIRMED : DEVICE_CONTRAINDICATED,
				       bytes_text(label), &e),
			  &e);
	}
	w = writer_on(room, VERDICTS_MAX);
	verdicts_write(v, &w);
	assert_false(w.full);
	assert_ok(parse(write_done(&w), got, &e), &e);
	assert_memory_equal(v, got, sizeof(*v));
	assert_int_equal(verdicts_add(v, DEVICE_AFFIRMED, bytes_text(NVME), &e), E_LIMIT);
	for (size_t n = 0; n < 32 + 2 * (2 + 28); n++) {
		bool between = n == 32 || n == 32 + (2 + 28);

		if (!parse((struct bytes){ room, n }, got, &e) != between)
			fail_msg("cut at %zu", n);
	}
	free(room);
	free(v);
}

static void a_verdict_that_says_what_none_may_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *why;
	} rows[] = {
		{ "\0\15" NVME, 15, "standing 0" },
		{ "\3\15" NVME, 15, "standing 3" },
		{ "\1\4../a", 6, "label" },
		{ "\1\0", 2, "label" },
		{ "\1\15" NVME "\2\15" NVME, 30, "stands twice" },
	};
	struct device_verdicts *v = calloc(1, sizeof(*v));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		u8 room[64] = { 0 };
		struct err e = { 0 };

		memcpy(room + 32, rows[i].bytes, rows[i].len);
		assert_int_equal(parse((struct bytes){ room, 32 + rows[i].len }, v, &e), E_FORMAT);
		if (!strstr(e.text, rows[i].why))
			fail_msg("row %zu: %s", i, e.text);
	}
	free(v);
}

#define ROW(label, status)	 "{\"label\":\"" label "\",\"status\":\"" status "\"}"
#define REASON(device, tier)	 "{\"device\":\"" device "\",\"tier\":\"" tier "\"}"
#define ANSWER(devices, reasons) "{\"devices\":[" devices "],\"reasons\":[" reasons "]}"

static void the_servers_answer_names_who_is_affirmed_and_who_is_refused(void **state)
{
	static const struct {
		const char *json, *nvme, *nic; /* 'a', 'c' or '-' */
	} rows[] = {
		{ ANSWER(ROW(NVME, "affirming") "," ROW(NIC, "affirming"), ""), "a", "a" },
		{ ANSWER(ROW(NVME, "affirming") "," ROW(NIC, "contraindicated"),
			 REASON(NIC, "contraindicated")),
		  "a", "c" },
		{ ANSWER(ROW(NVME, "warning") "," ROW(NIC, "none"), REASON(NVME, "warning")), "-",
		  "-" },
		/* the host itself: nobody is bound for what it says */
		{ ANSWER(ROW(NVME, "affirming") "," ROW(NIC, "contraindicated"),
			 REASON("host", "contraindicated")),
		  "-", "c" },
		{ ANSWER(ROW(NVME, "affirming") "," ROW(NIC, "affirming"),
			 REASON("host", "warning")),
		  "a", "a" },
		{ ANSWER(ROW(NVME, "affirming") "," ROW(NIC, "affirming"), "{}"), "-", "-" },
	};
	struct device_verdicts *v = calloc(1, sizeof(*v));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *j = json_loads(rows[i].json, 0, NULL);
		char got[2] = { '-', '-' };
		struct err e = { 0 };

		assert_non_null(j);
		assert_ok(judged_read(j, v, &e), &e);
		for (size_t k = 0; k < v->n; k++)
			got[strcmp(v->at[k].label, NVME) != 0] =
				v->at[k].standing == DEVICE_AFFIRMED ? 'a' : 'c';
		if (got[0] != rows[i].nvme[0] || got[1] != rows[i].nic[0])
			fail_msg("row %zu: %.2s", i, got);
		json_decref(j);
	}
	free(v);
}

static void an_answer_that_is_none_accepts_nobody(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"devices\":[]}",
		"{\"devices\":{},\"reasons\":[]}",
		ANSWER("{\"label\":\"" NVME "\"}", ""),
		ANSWER("{\"status\":\"affirming\"}", ""),
		ANSWER("{\"label\":7,\"status\":\"affirming\"}", ""),
		ANSWER(ROW("../x", "affirming"), ""),
		ANSWER(ROW(NVME, "affirming") "," ROW(NVME, "contraindicated"), ""),
	};
	struct device_verdicts *v = calloc(1, sizeof(*v));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *j = json_loads(rows[i], 0, NULL);
		struct err e = { 0 };

		assert_non_null(j);
		if (judged_read(j, v, &e) != E_FORMAT)
			fail_msg("row %zu was taken", i);
		json_decref(j);
	}
	free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_of_the_bytes_that_are_sent),
		cmocka_unit_test(a_device_is_accepted_once_and_only_as_it_was_judged),
		cmocka_unit_test(a_device_is_held_before_its_driver_is_taken_away),
		cmocka_unit_test(only_what_was_held_is_let_go),
		cmocka_unit_test(what_the_module_was_told_is_read),
		cmocka_unit_test(what_leaves_memory_open_is_named),
		cmocka_unit_test(verdicts_arrive_as_they_were_written),
		cmocka_unit_test(a_verdict_that_says_what_none_may_is_refused),
		cmocka_unit_test(the_servers_answer_names_who_is_affirmed_and_who_is_refused),
		cmocka_unit_test(an_answer_that_is_none_accepts_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
