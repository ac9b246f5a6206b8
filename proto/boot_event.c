// SPDX-License-Identifier: Apache-2.0
#include "boot_event.h"

#include "common/reader.h"
#include "efi_text.h"

/* ---- reading: a function a shape ---- */
static void binding(struct boot_data *d, struct bytes b)
{
	d->binding = true;
	d->hashed[d->n_hashed++] = b;
}

static void maybe(struct boot_data *d, struct bytes b)
{
	d->hashed[d->n_hashed++] = b;
}

static struct bytes without_nuls(struct bytes b)
{
	while (b.len && !b.at[b.len - 1])
		b.len--;
	return b;
}

/* Of the boot variables only the value is measured, and what firmware makes of that differs. */
static void read_variable(const struct boot_event *ev, struct boot_data *d, struct reader *r)
{
	struct bytes guid = read_bytes(r, 16, "VariableName");
	u64 name = read_le64(r, "UnicodeNameLength"), value = read_le64(r, "VariableDataLength");

	d->kind = BOOT_DATA_VARIABLE;
	if (guid.len)
		memcpy(d->guid, guid.at, 16);
	if (name > r->left.len / 2)
		reader_fail(r, "UnicodeNameLength");
	d->name = read_bytes(r, 2 * (size_t)name, "UnicodeName");
	if (value > r->left.len)
		reader_fail(r, "VariableDataLength");
	d->value = read_bytes(r, (size_t)value, "VariableData");
	if (ev->type == EV_EFI_VARIABLE_BOOT || ev->type == EV_EFI_VARIABLE_BOOT2) {
		maybe(d, d->value);
		maybe(d, ev->data);
	}
}

/* shim leaves room behind its paths: what follows them is not read. */
static void read_image(struct boot_data *d, struct reader *r)
{
	u64 len;

	d->kind = BOOT_DATA_IMAGE;
	d->base = read_le64(r, "ImageLocationInMemory");
	d->length = read_le64(r, "ImageLengthInMemory");
	read_le64(r, "ImageLinkTimeAddress");
	len = read_le64(r, "LengthOfDevicePath");
	if (len > r->left.len)
		reader_fail(r, "LengthOfDevicePath");
	d->value = read_bytes(r, (size_t)len, "DevicePath");
	r->left = BYTES_NONE;
}

static void read_blob(struct boot_data *d, struct reader *r, bool named)
{
	d->kind = BOOT_DATA_BLOB;
	if (named)
		d->name = read_bytes(r, read_u8(r, "BlobDescriptionSize"), "BlobDescription");
	d->base = read_le64(r, "BlobBase");
	d->length = read_le64(r, "BlobLength");
}

/* Firmware writes a text or a blob for these. */
static void read_text_or_blob(const struct boot_event *ev, struct boot_data *d, struct reader *r)
{
	struct bytes text = without_nuls(ev->data);

	maybe(d, ev->data);
	if (efi_printable(text)) {
		d->kind = BOOT_DATA_TEXT;
		d->value = text;
		r->left = BYTES_NONE;
	} else if (ev->data.len == 16) {
		read_blob(d, r, false);
	} else {
		r->left = BYTES_NONE;
	}
}

static void read_gpt(const struct boot_event *ev, struct boot_data *d, struct reader *r)
{
	struct bytes guid;

	d->kind = BOOT_DATA_GPT;
	read_bytes(r, 56, "UEFIPartitionHeader");
	guid = read_bytes(r, 16, "DiskGUID");
	if (guid.len)
		memcpy(d->guid, guid.at, 16);
	read_bytes(r, 20, "UEFIPartitionHeader");
	d->length = read_le64(r, "NumberOfPartitions");
	if (d->length > r->left.len / 128)
		reader_fail(r, "NumberOfPartitions");
	d->value = read_bytes(r, 128 * (size_t)d->length, "Partitions");
	maybe(d, ev->data);
}

/* What Linux and systemd tag is not in the log: its digest is that of a file or of the options. */
static void read_tag(const struct boot_event *ev, struct boot_data *d, struct reader *r)
{
	d->kind = BOOT_DATA_TAG;
	d->tag = read_le32(r, "taggedEventID");
	d->value = read_bytes(r, read_le32(r, "taggedEventDataSize"), "taggedEventData");
	switch (d->tag) {
	case BOOT_TAG_LINUX_INITRD:
	case BOOT_TAG_LINUX_OPTIONS:
	case BOOT_TAG_LOADER_CONF:
	case BOOT_TAG_DEVICETREE_ADDON:
	case BOOT_TAG_INITRD_ADDON:
	case BOOT_TAG_UCODE_ADDON:
		break;
	default:
		maybe(d, ev->data);
	}
}

/* GRUB measures what stands behind the prefix, without the NUL that its log has. */
static bool read_grub(struct bytes text, struct boot_data *d)
{
	static const struct {
		const char *prefix;
		enum boot_data_kind kind;
	} kinds[] = { { "grub_cmd: ", BOOT_DATA_GRUB }, { "kernel_cmdline: ", BOOT_DATA_CMDLINE } };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t n = strlen(kinds[i].prefix);

		if (text.len < n || memcmp(text.at, kinds[i].prefix, n))
			continue;
		d->kind = kinds[i].kind;
		d->value = (struct bytes){ text.at + n, text.len - n };
		binding(d, d->value);
		return true;
	}
	return false;
}

/* Every second byte zero, with a character before the first: a text in UTF-16 of a western language. */
static bool looks_wide(struct bytes b)
{
	if (b.len < 2 || b.len % 2 || !b.at[0])
		return false;
	for (size_t i = 1; i < b.len; i += 2)
		if (b.at[i])
			return false;
	return true;
}

static void read_ipl(const struct boot_event *ev, struct boot_data *d, struct reader *r)
{
	struct bytes text = ev->data;

	r->left = BYTES_NONE;
	if (text.len && !text.at[text.len - 1])
		text.len--;
	if (read_grub(text, d))
		return;
	maybe(d, ev->data);
	if (looks_wide(ev->data)) {
		d->kind = BOOT_DATA_WIDE;
		d->value = ev->data;
	} else {
		d->kind = BOOT_DATA_TEXT;
		d->value = text;
		maybe(d, text);
	}
}

static void read_version(const struct boot_event *ev, struct boot_data *d, struct reader *r)
{
	d->kind = BOOT_DATA_WIDE;
	d->value = ev->data;
	if (efi_printable(without_nuls(ev->data)) && !looks_wide(ev->data))
		d->kind = BOOT_DATA_TEXT;
	r->left = BYTES_NONE;
	maybe(d, ev->data);
}

static void read_action(const struct boot_event *ev, struct boot_data *d, struct reader *r)
{
	d->kind = BOOT_DATA_TEXT;
	d->value = without_nuls(ev->data);
	binding(d, ev->data);
	binding(d, d->value);
	r->left = BYTES_NONE;
}

static void read_by_type(const struct boot_event *ev, struct boot_data *d, struct reader *r)
{
	switch (ev->type) {
	case EV_EFI_VARIABLE_DRIVER_CONFIG:
	case EV_EFI_VARIABLE_AUTHORITY:
		binding(d, ev->data);
		return read_variable(ev, d, r);
	case EV_EFI_VARIABLE_BOOT:
	case EV_EFI_VARIABLE_BOOT2:
		return read_variable(ev, d, r);
	case EV_EFI_BOOT_SERVICES_APPLICATION:
	case EV_EFI_BOOT_SERVICES_DRIVER:
	case EV_EFI_RUNTIME_SERVICES_DRIVER:
		return read_image(d, r);
	case EV_EFI_PLATFORM_FIRMWARE_BLOB:
		return read_blob(d, r, false);
	case EV_EFI_PLATFORM_FIRMWARE_BLOB2:
		return read_blob(d, r, true);
	case EV_EFI_GPT_EVENT:
	case EV_EFI_GPT_EVENT2:
		return read_gpt(ev, d, r);
	case EV_EVENT_TAG:
		return read_tag(ev, d, r);
	case EV_SEPARATOR:
		d->kind = BOOT_DATA_SEPARATOR;
		d->value = read_bytes(r, r->left.len, "separator");
		return binding(d, ev->data);
	case EV_ACTION:
	case EV_EFI_ACTION:
		return read_action(ev, d, r);
	case EV_S_CRTM_VERSION:
		return read_version(ev, d, r);
	case EV_IPL:
		return read_ipl(ev, d, r);
	case EV_S_CRTM_CONTENTS:
	case EV_POST_CODE:
	case EV_POST_CODE2:
	case EV_PLATFORM_CONFIG_FLAGS:
	case EV_TABLE_OF_DEVICES:
	case EV_OMIT_BOOT_DEVICE_EVENTS:
		return read_text_or_blob(ev, d, r);
	default:
		maybe(d, ev->data);
		r->left = BYTES_NONE;
	}
}

void boot_event_read(const struct boot_event *ev, struct boot_data *out)
{
	struct reader r = reader_on(ev->data);
	struct boot_data d = { 0 };

	read_by_type(ev, &d, &r);
	if (read_done(&r)) {
		/* the digest is of the bytes as they stand, whatever they mean */
		d = (struct boot_data){ .malformed = r.why, .n_hashed = 1, .hashed = { ev->data } };
		d.binding = ev->type == EV_EFI_VARIABLE_DRIVER_CONFIG ||
			    ev->type == EV_EFI_VARIABLE_AUTHORITY;
	}
	*out = d;
}

enum boot_cover boot_event_cover(const struct boot_log *log, const struct boot_event *ev,
				 const struct boot_data *d, size_t bank)
{
	if (bank >= log->n_banks || !log->alg[bank] || ev->type == EV_NO_ACTION)
		return BOOT_NOT_COVERED;
	for (size_t i = 0; i < d->n_hashed; i++) {
		struct digest digest;

		if (i && bytes_equal(d->hashed[0], d->hashed[i]))
			continue;
		digest = digest_of(log->alg[bank], &d->hashed[i], 1);
		if (digest_equals(&digest, ev->digests[bank]))
			return BOOT_COVERED;
	}
	return d->binding ? BOOT_CONTRADICTED : BOOT_NOT_COVERED;
}

/* ---- text ---- */
static bool is_boot_option(struct bytes name)
{
	if (name.len != 16 || !efi_wide_is((struct bytes){ name.at, 8 }, "Boot"))
		return false;
	for (size_t i = 8; i < 16; i += 2)
		if (!strchr("0123456789ABCDEFabcdef", name.at[i] ? name.at[i] : 'x') ||
		    name.at[i + 1])
			return false;
	return true;
}

static void add_order(struct efi_text *t, struct bytes order)
{
	struct reader r = reader_on(order);

	for (bool first = true; r.left.len > 1; first = false)
		efi_text_add(t, "%s%04X", first ? "" : ",", read_le16(&r, "option"));
}

static void add_variable(struct efi_text *t, const struct boot_event *ev, const struct boot_data *d)
{
	static const char *const switches[] = { "SecureBoot", "SetupMode", "AuditMode",
						"DeployedMode" };
	static const char *const lists[] = { "PK", "KEK", "db", "dbx", "dbt", "dbr" };

	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (efi_wide_is(d->name, switches[i]) && d->value.len <= 1)
			return efi_text_add(t, "%s",
					    !d->value.len    ? "off (no such variable)"
					    : d->value.at[0] ? "on"
							     : "off");
	for (size_t i = 0; i < ARRAY_LEN(lists) && ev->type == EV_EFI_VARIABLE_DRIVER_CONFIG; i++)
		if (efi_wide_is(d->name, lists[i]))
			return efi_text_signatures(t, d->value);
	if (efi_wide_is(d->name, "BootOrder"))
		return add_order(t, d->value);
	if (is_boot_option(d->name))
		return efi_text_option(t, d->value);
	if (efi_printable(without_nuls(d->value)))
		return efi_text_ascii(t, without_nuls(d->value));
	if (d->value.len > 1 && d->value.at[d->value.len - 1] == '\n') /* SbatLevel */
		return efi_text_ascii(t, (struct bytes){ d->value.at, d->value.len - 1 });
	efi_text_add(t, "%zu bytes", d->value.len);
}

static void add_blob(struct efi_text *t, const struct boot_data *d)
{
	efi_text_ascii(t, without_nuls(d->name));
	efi_text_add(t, "%s%llu bytes at 0x%llx", d->name.len ? ": " : "",
		     (unsigned long long)d->length, (unsigned long long)d->base);
}

const char *boot_event_value(const struct boot_event *ev, const struct boot_data *d, char *out,
			     size_t size)
{
	struct efi_text t = efi_text_on(out, size);

	if (d->malformed)
		return out;
	switch (d->kind) {
	case BOOT_DATA_VARIABLE:
		add_variable(&t, ev, d);
		break;
	case BOOT_DATA_IMAGE:
		efi_text_path(&t, d->value);
		break;
	case BOOT_DATA_BLOB:
		add_blob(&t, d);
		break;
	case BOOT_DATA_GPT:
		efi_text_add(&t, "disk ");
		efi_text_guid(&t, BYTES(d->guid));
		efi_text_add(&t, ", %llu partitions", (unsigned long long)d->length);
		break;
	case BOOT_DATA_WIDE:
		efi_text_wide(&t, d->value);
		break;
	case BOOT_DATA_TAG: /* that of Linux says what was measured, not its value */
		if (d->tag != BOOT_TAG_LINUX_INITRD && d->tag != BOOT_TAG_LINUX_OPTIONS)
			efi_text_ascii(&t, without_nuls(d->value));
		break;
	case BOOT_DATA_TEXT:
	case BOOT_DATA_GRUB:
	case BOOT_DATA_CMDLINE:
		efi_text_ascii(&t, d->value);
		break;
	case BOOT_DATA_SEPARATOR:
	case BOOT_DATA_OTHER:
		break;
	}
	while (t.len && out[t.len - 1] == ' ')
		out[--t.len] = 0;
	return out;
}
