// SPDX-License-Identifier: Apache-2.0
/* What stands in an event: read as its type says, covered by its digest or not, shown as text. */
#include "support.h"

#include <stdio.h>

#include "boot_script.h"
#include "proto/boot_event.h"
#include "proto/efi_text.h"
#include "proto/tpm_attest.h"

/* Event data in hex, its type, what its digest is of ("" : the data), and what is read. */
struct row {
	u32 type;
	const char *data, *measured;
	enum boot_cover cover;
	const char *malformed; /* or NULL */
	const char *value;
};

#define GLOBAL	 "61dfe48bca93d211aa0d00e098032b8c"
#define SECURITY "cbb219d73a3d9645a3bcdad00e67656f"
#define X509	 "a159c0a5e494a74a87b5ab155c2bf072"
#define SHA256	 "2616c4c14c509240aca941f936934328"
#define OWNER	 "00000000000000000000000000000000"
#define IMAGE	 "0000000000000000 0100000000000000 0000000000000000 "
#define HD                                                                                         \
	"04012a00 01000000 0008000000000000 0000080000000000 e9bef6b810bc724cb34a6db8fd8f772c 02 " \
	"02 "
#define END "7fff0400"

static const struct row rows[] = {
	/* variables: the digest is of the whole; of boot variables, of the value */
	{ EV_EFI_VARIABLE_DRIVER_CONFIG,
	  GLOBAL "0a00000000000000 0100000000000000 53006500630075007200650042006f006f007400 00",
	  "", BOOT_COVERED, NULL, "off" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG,
	  GLOBAL "0a00000000000000 0100000000000000 53006500630075007200650042006f006f007400 01",
	  "", BOOT_COVERED, NULL, "on" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG,
	  GLOBAL "0a00000000000000 0100000000000000 53006500630075007200650042006f006f007400 01",
	  "00", BOOT_CONTRADICTED, NULL, "on" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG,
	  SECURITY "0200000000000000 3900000000000000 64006200" X509
		   "1d000000 00000000 01000000 aa" SHA256 "1d000000 02000000 01000000",
	  "", BOOT_COVERED, NULL, "1 certificate, 0 hashes (broken)" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG,
	  SECURITY "0200000000000000 4c00000000000000 64006200" SHA256
		   "4c000000 00000000 30000000" OWNER OWNER OWNER,
	  "", BOOT_COVERED, NULL, "0 certificates, 1 hash" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG,
	  GLOBAL "0a00000000000000 0000000000000000 53006500630075007200650042006f006f007400", "",
	  BOOT_COVERED, NULL, "off (no such variable)" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG, GLOBAL "0b00000000000000 0100000000000000 5300", "",
	  BOOT_COVERED, "UnicodeNameLength", "" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG, GLOBAL "ffffffffffffffff 0100000000000000 5300", "",
	  BOOT_COVERED, "UnicodeNameLength", "" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG, GLOBAL "0000000000000080 0100000000000000 5300", "",
	  BOOT_COVERED, "UnicodeNameLength", "" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG, GLOBAL "0100000000000000 0200000000000000 5300 01", "",
	  BOOT_COVERED, "VariableDataLength", "" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG, GLOBAL "0100000000000000 0100000000000000 5300 01 00", "",
	  BOOT_COVERED, "bytes after the end", "" },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG, GLOBAL "0100", "aa", BOOT_CONTRADICTED,
	  "UnicodeNameLength", "" },
	{ EV_EFI_VARIABLE_AUTHORITY,
	  "50ab5d6046e00043abb63dd810dd8b23 0900000000000000 0700000000000000"
	  "5300620061007400 4c006500760065006c00 736261742c310a",
	  "", BOOT_COVERED, NULL, "sbat,1" },
	{ EV_EFI_VARIABLE_BOOT,
	  GLOBAL "0900000000000000 0400000000000000 42006f006f0074004f007200640065007200 03001f00",
	  "03001f00", BOOT_COVERED, NULL, "0003,001F" },
	{ EV_EFI_VARIABLE_BOOT,
	  GLOBAL "0900000000000000 0400000000000000 42006f006f0074004f007200640065007200 03001f00",
	  "aa", BOOT_NOT_COVERED, NULL, "0003,001F" },
	{ EV_EFI_VARIABLE_BOOT2,
	  GLOBAL "0800000000000000 4c00000000000000 42006f006f007400 3000300030003300"
		 "01000000 3800 640065006200690061006e000000" HD "04040a00 5c00 6500 0000" END,
	  "", BOOT_COVERED, NULL, "debian: HD(1,GPT,b8f6bee9-bc10-4c72-b34a-6db8fd8f772c)/\\e" },
	{ EV_EFI_VARIABLE_BOOT,
	  GLOBAL "0800000000000000 0a00000000000000 42006f006f007400 3000300030003300"
		 "01000000 ff00 6400 0000",
	  "", BOOT_COVERED, NULL, "d: (broken)" },
	/* images: the digest is of the file, the path is the log's word; shim leaves room behind it */
	{ EV_EFI_BOOT_SERVICES_APPLICATION,
	  IMAGE "1200000000000000 04040e00 5c00 6100 2e00 6500 0000" END, "4d5a", BOOT_NOT_COVERED,
	  NULL, "\\a.e" },
	{ EV_EFI_BOOT_SERVICES_APPLICATION,
	  IMAGE "1200000000000000 04040e00 5c00 6100 2e00 6500 0000" END "0000000000000000", "4d5a",
	  BOOT_NOT_COVERED, NULL, "\\a.e" },
	{ EV_EFI_BOOT_SERVICES_APPLICATION, IMAGE "0000000000000000 0000000000000000", "4d5a",
	  BOOT_NOT_COVERED, NULL, "" },
	{ EV_EFI_BOOT_SERVICES_APPLICATION, IMAGE "ffffffffffffffff 7fff0400", "4d5a",
	  BOOT_NOT_COVERED, "LengthOfDevicePath", "" },
	{ EV_EFI_BOOT_SERVICES_DRIVER, IMAGE "0500000000000000 7fff0400", "4d5a", BOOT_NOT_COVERED,
	  "LengthOfDevicePath", "" },
	{ EV_EFI_BOOT_SERVICES_DRIVER, "00000000", "4d5a", BOOT_NOT_COVERED,
	  "ImageLocationInMemory", "" },
	{ EV_EFI_BOOT_SERVICES_DRIVER,
	  IMAGE "1c00000000000000 02010c00 d041030a 01000000 01010600 0203 0101ff00 0000 04000000",
	  "4d5a", BOOT_NOT_COVERED, NULL, "PciRoot(0x1)/Pci(0x3,0x2)/(broken)" },
	{ EV_EFI_BOOT_SERVICES_DRIVER, IMAGE "0400000000000000 01010300", "4d5a", BOOT_NOT_COVERED,
	  NULL, "(broken)" },
	/* firmware blobs, both forms */
	{ EV_EFI_PLATFORM_FIRMWARE_BLOB, "0000f0ff00000000 0010000000000000", "ff",
	  BOOT_NOT_COVERED, NULL, "4096 bytes at 0xfff00000" },
	{ EV_EFI_PLATFORM_FIRMWARE_BLOB, "0000f0ff00000000 00100000000000", "ff", BOOT_NOT_COVERED,
	  "BlobLength", "" },
	{ EV_EFI_PLATFORM_FIRMWARE_BLOB2, "04 50454900 0000f0ff00000000 0010000000000000", "ff",
	  BOOT_NOT_COVERED, NULL, "PEI: 4096 bytes at 0xfff00000" },
	{ EV_EFI_PLATFORM_FIRMWARE_BLOB2, "ff 50454900 0000f0ff00000000 0010000000000000", "ff",
	  BOOT_NOT_COVERED, "BlobDescription", "" },
	{ EV_S_CRTM_CONTENTS, "426f6f7420477561726400", "ff", BOOT_NOT_COVERED, NULL,
	  "Boot Guard" },
	{ EV_S_CRTM_VERSION, "31002e00300020000000", "", BOOT_COVERED, NULL, "1.0" },
	{ EV_S_CRTM_VERSION, "31002e0031000000", "31002e0030000000", BOOT_NOT_COVERED, NULL,
	  "1.1" },
	/* what has to be the data and is not */
	{ EV_SEPARATOR, "00000000", "", BOOT_COVERED, NULL, "" },
	{ EV_SEPARATOR, "00000000", "ffffffff", BOOT_CONTRADICTED, NULL, "" },
	{ EV_EFI_ACTION, "6162", "", BOOT_COVERED, NULL, "ab" },
	{ EV_ACTION, "616200", "6162", BOOT_COVERED, NULL, "ab" },
	{ EV_EFI_ACTION, "6162", "61", BOOT_CONTRADICTED, NULL, "ab" },
	/* GRUB: what stands behind the prefix */
	{ EV_IPL, "677275625f636d643a206c7300", "6c73", BOOT_COVERED, NULL, "ls" },
	{ EV_IPL, "677275625f636d643a206c7300", "677275625f636d643a206c7300", BOOT_CONTRADICTED,
	  NULL, "ls" },
	{ EV_IPL, "6b65726e656c5f636d646c696e653a20726f00", "726f", BOOT_COVERED, NULL, "ro" },
	{ EV_IPL, "6b65726e656c5f636d646c696e653a20726f00", "7277", BOOT_CONTRADICTED, NULL, "ro" },
	{ EV_IPL, "28686430292f6100", "ff", BOOT_NOT_COVERED, NULL, "(hd0)/a" },
	{ EV_IPL, "72006f000000", "", BOOT_COVERED, NULL, "ro" }, /* systemd-boot */
	/* tags: Linux' digest is of the initrd or the options, others' of the event */
	{ EV_EVENT_TAG, "ec223b8f 0d000000 4c696e757820696e6974726400", "ff", BOOT_NOT_COVERED,
	  NULL, "" },
	{ EV_EVENT_TAG, "ec223b8f 0e000000 4c696e757820696e6974726400", "ff", BOOT_NOT_COVERED,
	  "taggedEventData", "" },
	{ EV_EVENT_TAG, "ec223b8f 0c000000 4c696e757820696e6974726400", "ff", BOOT_NOT_COVERED,
	  "bytes after the end", "" },
	{ EV_EVENT_TAG, "01000000 01000000 61", "", BOOT_COVERED, NULL, "a" },
	{ EV_EFI_GPT_EVENT, "00", "", BOOT_COVERED, "UEFIPartitionHeader", "" },
	{ 0x12345678, "010203", "", BOOT_COVERED, NULL, "" },
};

static void data_are_read_as_their_type_says_and_covered_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct boot_script s = boot_script_new(true);
		OWNED(buf) data = from_hex(rows[i].data);
		OWNED(buf)
		measured = from_hex(rows[i].measured[0] ? rows[i].measured : rows[i].data);
		OWNED(boot_log) log = NULL;
		struct boot_data d;
		struct err e = { 0 };
		char text[512];
		u8 *kept;

		boot_script_event(&s, 7, rows[i].type, buf_bytes(measured), buf_bytes(data));
		kept = heap_copy(buf_bytes(s.log));
		assert_ok(boot_log_parse((struct bytes){ kept, s.log->w.len }, &log, &e), &e);
		boot_event_read(&log->events[1], &d);
		boot_event_value(&log->events[1], &d, text, sizeof(text));
		if (!!d.malformed != !!rows[i].malformed ||
		    (d.malformed && strcmp(d.malformed, rows[i].malformed)) ||
		    strcmp(text, rows[i].value))
			fail_msg("row %zu: malformed %s, value \"%s\"", i,
				 d.malformed ? d.malformed : "not", text);
		for (size_t bank = 0; bank < 2; bank++)
			if (boot_event_cover(log, &log->events[1], &d, bank) != rows[i].cover)
				fail_msg("row %zu: not covered as expected in bank %zu", i, bank);
		free(kept);
		buf_drop(&s.log);
	}
}

static void a_partition_table_is_counted_and_a_wrong_count_found(void **state)
{
	u8 gpt[100 + 2 * 128 + 1] = { 0 };
	static const struct {
		u8 n;
		size_t len;
		const char *malformed;
	} tables[] = { { 2, 356, NULL },
		       { 3, 356, "NumberOfPartitions" },
		       { 1, 356, "bytes after the end" },
		       { 2, 357, "bytes after the end" },
		       { 2, 355, "NumberOfPartitions" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		struct boot_event ev = { .pcr = 5,
					 .type = EV_EFI_GPT_EVENT,
					 .data = { gpt, tables[i].len } };
		struct boot_data d;
		char text[128];

		gpt[92] = tables[i].n;
		gpt[56] = 0xfb;
		boot_event_read(&ev, &d);
		if (tables[i].malformed)
			assert_string_equal(d.malformed, tables[i].malformed);
		else
			assert_string_equal(
				boot_event_value(&ev, &d, text, sizeof(text)),
				"disk 000000fb-0000-0000-0000-000000000000, 2 partitions");
	}
}

static void text_is_printable_utf8_and_ends_where_the_room_does(void **state)
{
	static const struct {
		const char *wide, *want;
		size_t size;
	} texts[] = {
		{ "6100 e900 ac20 3dd8 00de", "a\xc3\xa9\xe2\x82\xac??", 64 },
		{ "6100 1b00 0700 8500 2e20", "a????", 64 }, /* no escape, no bell, no overrides */
		{ "6100 e900", "a", 3 },		     /* a character is not cut in two */
		{ "6100 0a00 0900 6200", "a  b", 64 },
		{ "6100 0000 6200", "a", 64 },
		{ "6100 62", "a", 64 },
		{ "6100 6200", "", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		OWNED(buf) wide = from_hex(texts[i].wide);
		char out[64];
		struct efi_text t = efi_text_on(out, texts[i].size);

		efi_text_wide(&t, buf_bytes(wide));
		assert_string_equal(out, texts[i].want);
	}
}

static void nodes_of_a_device_path_have_their_usual_names(void **state)
{
	static const struct {
		const char *path, *want;
	} paths[] = {
		{ "0a0a0400" END, "Path(10,10)" },
		{ "02010c00 d041080a 00000000" END, "PcieRoot(0x0)" },
		{ "03051600" END, "(broken)" },
		{ "03050600 0201" END, "USB(0x2,0x1)" },
		{ "03120a00 0100 ffff 0000" END, "Sata(0x1,0xffff)" },
		{ "03171000 01000000 0000000000000000" END, "NVMe(0x1)" },
		{ "03180700 612f62" END, "Uri(a/b)" },
		{ "030b2500 525400123456" OWNER "0000000000000000000000" END, "MAC(525400123456)" },
		{ "04031400" GLOBAL END, "VenMedia(8be4df61-93ca-11d2-aa0d-00e098032b8c)" },
		{ "0a0a0400 7f010400 0a0b0400" END, "Path(10,10),Path(10,11)" },
		{ "0a0a0400", "Path(10,10)" },
		{ "0a0a", "(broken)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		OWNED(buf) path = from_hex(paths[i].path);
		u8 *kept = heap_copy(buf_bytes(path));
		char out[128];
		struct efi_text t = efi_text_on(out, sizeof(out));

		efi_text_path(&t, (struct bytes){ kept, path->w.len });
		if (strcmp(out, paths[i].want))
			fail_msg("row %zu: \"%s\"", i, out);
		free(kept);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_are_read_as_their_type_says_and_covered_or_not),
		cmocka_unit_test(a_partition_table_is_counted_and_a_wrong_count_found),
		cmocka_unit_test(text_is_printable_utf8_and_ends_where_the_room_does),
		cmocka_unit_test(nodes_of_a_device_path_have_their_usual_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
