// SPDX-License-Identifier: Apache-2.0
/*
 * A boot log of our own bytes: boot-log-make FILE [COMMAND-LINE [KERNEL INITRD]] writes a crypto-agile log with a
 * SHA-256 bank, as firmware, shim and GRUB would, and prints a line "PCR DIGEST" for each event, to be extended
 * into a TPM. KERNEL and INITRD are files; their content is what is measured, whatever it is.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

static FILE *out;

static void le(uint32_t v, int n)
{
	for (; n > 0; n--, v >>= 8)
		fputc((int)(v & 0xff), out);
}

static void header(void)
{
	static const uint8_t zeros[20];

	le(0, 4);
	le(3, 4); /* EV_NO_ACTION */
	fwrite(zeros, sizeof(zeros), 1, out);
	le(16 + 8 + 4 + 4 + 1, 4);
	fwrite("Spec ID Event03", 16, 1, out);
	le(0, 4); /* client platform */
	fwrite("\x00\x02\x00\x02", 4, 1, out);
	le(1, 4);
	le(0x0b, 2);
	le(32, 2);
	le(0, 1);
}

/* @measured is what the digest is of: mostly the data, of a file that was read its content. */
static void event(uint32_t pcr, uint32_t type, const void *measured, size_t n_measured,
		  const void *data, size_t len)
{
	uint8_t digest[32];
	unsigned int n;

	EVP_Digest(measured, n_measured, digest, &n, EVP_sha256(), NULL);
	le(pcr, 4);
	le(type, 4);
	le(1, 4);
	le(0x0b, 2);
	fwrite(digest, sizeof(digest), 1, out);
	le((uint32_t)len, 4);
	fwrite(data, len, 1, out);
	printf("%u ", pcr);
	for (int i = 0; i < 32; i++)
		printf("%02x", digest[i]);
	putchar('\n');
}

static uint8_t room[1024];
static size_t len;

static void put(const void *bytes, size_t n)
{
	memcpy(room + len, bytes, n);
	len += n;
}

static void put_number(uint64_t v, int n)
{
	for (; n > 0; n--, v >>= 8)
		room[len++] = (uint8_t)v;
}

static void put_wide(const char *text)
{
	for (; *text; text++)
		put_number((uint8_t)*text, 2);
}

/* UEFI_VARIABLE_DATA; of a boot variable only the value is measured. */
static void variable(uint32_t pcr, uint32_t type, const char *guid, const char *name,
		     const void *value, size_t n)
{
	len = 0;
	put(guid, 16);
	put_number(strlen(name), 8);
	put_number(n, 8);
	put_wide(name);
	put(value, n);
	if (type == 0x80000002)
		event(pcr, type, value, n, room, len);
	else
		event(pcr, type, room, len, room, len);
}

/* What stands where the kernel and the initrd are. */
static struct file {
	const char *content;
	size_t len;
} kernel = { "vmlinuz", 7 }, initrd = { "initrd.img", 10 };

static int read_file(const char *path, struct file *f)
{
	static char rooms[2][65536];
	static int n;
	FILE *in = fopen(path, "rb");

	if (!in)
		return 1;
	f->content = rooms[n];
	f->len = fread(rooms[n++], 1, sizeof(rooms[0]), in);
	return fclose(in);
}

/* UEFI_IMAGE_LOAD_EVENT of a file in the EFI partition. */
static void image(const char *path, const char *content, size_t content_len)
{
	size_t node = 4 + 2 * (strlen(path) + 1);

	len = 0;
	put_number(0x7a000000, 8);
	put_number(content_len, 8);
	put_number(0, 8);
	put_number(node + 4, 8);
	put("\x04\x04", 2);
	put_number(node, 2);
	put_wide(path);
	put_number(0, 2);
	put("\x7f\xff\x04\x00", 4);
	event(4, 0x80000003, content, content_len, room, len);
}

/* EV_IPL of GRUB: the digest is of what stands behind the prefix, or of the file. */
static void ipl(uint32_t pcr, const char *prefix, const char *text, const char *measured, size_t n)
{
	len = 0;
	put(prefix, strlen(prefix));
	put(text, strlen(text) + 1);
	event(pcr, 0x0000000d, measured, n, room, len);
}

static void line(const char *prefix, const char *text)
{
	ipl(8, prefix, text, text, strlen(text));
}

static void text(uint32_t pcr, uint32_t type, const char *data)
{
	event(pcr, type, data, strlen(data), data, strlen(data));
}

#define GLOBAL	 "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
#define SECURITY "\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f"
#define KERNEL	 "(hd0,gpt2)/vmlinuz"
#define OPTIONS	 KERNEL " root=/dev/mapper/root ro quiet"

static void firmware(void)
{
	static const uint8_t blob[16] = { 0, 0, 0x82, 0, 0, 0, 0, 0, 0, 0, 0x0e };

	event(0, 0x00000008,
	      "1\0.\0"
	      "0\0\0",
	      8,
	      "1\0.\0"
	      "0\0\0",
	      8); /* EV_S_CRTM_VERSION */
	event(0, 0x80000008, "demo firmware volume", 20, blob, sizeof(blob));
	variable(7, 0x80000001, GLOBAL, "SecureBoot", "\x01", 1);
	variable(7, 0x80000001, SECURITY, "db", "", 0);
	variable(1, 0x80000002, GLOBAL, "BootOrder", "\x00\x00", 2);
	text(4, 0x80000007, "Calling EFI Application from Boot Option");
	for (uint32_t pcr = 0; pcr < 8; pcr++) /* they end the firmware's part */
		event(pcr, 0x00000004, "\0\0\0\0", 4, "\0\0\0\0", 4);
}

static void boot_loader(const char *command_line)
{
	char command[512];

	image("\\EFI\\debian\\shimx64.efi", "shim", 4);
	image("\\EFI\\debian\\grubx64.efi", "grub", 4);
	snprintf(command, sizeof(command), "linux %s", command_line);
	line("grub_cmd: ", command);
	ipl(9, "", KERNEL, kernel.content, kernel.len);
	image("", kernel.content, kernel.len);
	line("kernel_cmdline: ", command_line);
	line("grub_cmd: ", "initrd (hd0,gpt2)/initrd.img");
	ipl(9, "", "(hd0,gpt2)/initrd.img", initrd.content, initrd.len);
	text(5, 0x80000007, "Exit Boot Services Invocation");
	text(5, 0x80000007, "Exit Boot Services Returned with Success");
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc == 4 || argc > 5 || (argc > 2 && strlen(argv[2]) > 400) ||
	    (argc == 5 && (read_file(argv[3], &kernel) || read_file(argv[4], &initrd))) ||
	    !(out = fopen(argv[1], "wb"))) {
		fputs("usage: boot-log-make FILE [COMMAND-LINE [KERNEL INITRD]]\n", stderr);
		return 1;
	}
	header();
	firmware();
	boot_loader(argc > 2 ? argv[2] : OPTIONS);
	return fclose(out) ? 1 : 0;
}
