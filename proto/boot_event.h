/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in an event of the boot log beside its digest. The log is the host's word; a digest was
 * quoted. Data say something only where the digest is one of the data (BOOT_COVERED); the name of a file
 * whose content was measured is the log's word and no more.
 * SPEC: TCG PC Client Platform Firmware Profile 10.2.1 (UEFI_IMAGE_LOAD_EVENT), 10.2.2
 *       (UEFI_PLATFORM_FIRMWARE_BLOB), 10.2.6 (UEFI_VARIABLE_DATA), 10.2.5 (UEFI_GPT_DATA), 10.4.1
 */
#ifndef ASSAY_BOOT_EVENT_H
#define ASSAY_BOOT_EVENT_H

#include "boot_log.h"

enum boot_data_kind {
	BOOT_DATA_OTHER,    /* nothing is known of its shape                                      */
	BOOT_DATA_VARIABLE, /* @guid, @name (UTF-16), @value                                      */
	BOOT_DATA_IMAGE,    /* @base, @length, @value: a device path, may be empty                */
	BOOT_DATA_BLOB,	    /* @base, @length, @name (8 bit, may be empty)                        */
	BOOT_DATA_GPT,	    /* @guid of the disk, @length: partitions in use                      */
	BOOT_DATA_TAG,	    /* @tag, @value                                                       */
	BOOT_DATA_SEPARATOR, /* @value                                                             */
	BOOT_DATA_TEXT,	   /* @value: 8 bit, without the NUL at its end                          */
	BOOT_DATA_WIDE,	   /* @value: UTF-16, with the NUL at its end if it has one              */
	BOOT_DATA_GRUB,	   /* GRUB ran @value, 8 bit                                             */
	BOOT_DATA_CMDLINE, /* GRUB gives the kernel @value, 8 bit                                */
};

/** struct boot_data - an event's data, read as its type says; views into the log. */
struct boot_data {
	enum boot_data_kind kind;
	const char *malformed; /* the field that did not fit: nothing below holds */
	u8 guid[16];
	struct bytes name, value;
	u64 base, length;
	u32 tag; /* enum boot_tag, or another */
	size_t n_hashed; /* what the digest may be of, by the specifications; 0: of something not in the log */
	struct bytes hashed[2];
	bool binding; /* it must be one of these */
};

/* Tags of EV_EVENT_TAG. SPEC: Linux drivers/firmware/efi/libstub/efistub.h; systemd src/fundamental/tpm2-pcr.h */
enum boot_tag {
	BOOT_TAG_LINUX_INITRD = 0x8f3b22ec,
	BOOT_TAG_LINUX_OPTIONS = 0x8f3b22ed,
	BOOT_TAG_LOADER_CONF = 0xf5bc582a,
	BOOT_TAG_DEVICETREE_ADDON = 0x6c46f751,
	BOOT_TAG_INITRD_ADDON = 0x49dffe0f,
	BOOT_TAG_UCODE_ADDON = 0xdac08e1a,
};

/** boot_event_read - never fails: data that do not fit their type are @malformed. */
void boot_event_read(const struct boot_event *ev, struct boot_data *out);

enum boot_cover {
	BOOT_NOT_COVERED, /* the digest is of something else                                */
	BOOT_COVERED,	  /* the digest is of these data: they are what was measured        */
	BOOT_CONTRADICTED /* the specification says it is of the data, and it is not: a lie */
};
/** boot_event_cover - of bank @bank of @log. NOT_COVERED for a bank that cannot be computed. */
enum boot_cover boot_event_cover(const struct boot_log *log, const struct boot_event *ev,
				 const struct boot_data *d, size_t bank);

/**
 * boot_event_value - what the data say, as text for a person: "off", "2 certificates, 77 hashes", a
 * path, a command line. Printable UTF-8, cut at @size; "" when there is nothing to say. Return: @out.
 */
const char *boot_event_value(const struct boot_event *ev, const struct boot_data *d, char *out,
			     size_t size);
#endif
