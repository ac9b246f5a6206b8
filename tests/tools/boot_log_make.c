// SPDX-License-Identifier: Apache-2.0
/*
 * A boot log of our own bytes: boot-log-make FILE writes a crypto-agile log with a SHA-256 bank and
 * prints a line "PCR DIGEST" for each event, to be extended into a TPM.
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

static void event(uint32_t pcr, uint32_t type, const void *data, size_t len)
{
	uint8_t digest[32];
	unsigned int n;

	EVP_Digest(data, len, digest, &n, EVP_sha256(), NULL);
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

int main(int argc, char **argv)
{
	static const struct {
		uint32_t pcr, type;
		const char *data;
	} events[] = {
		{ 0, 0x00000008, "demo firmware 1.0" },	   /* EV_S_CRTM_VERSION                */
		{ 0, 0x80000008, "demo firmware volume" }, /* EV_EFI_PLATFORM_FIRMWARE_BLOB    */
		{ 7, 0x80000001, "SecureBoot=1" },	   /* EV_EFI_VARIABLE_DRIVER_CONFIG    */
		{ 7, 0x80000001, "db: demo vendor" },
		{ 1, 0x80000002, "Boot0000: debian" }, /* EV_EFI_VARIABLE_BOOT             */
		{ 4, 0x80000007,
		  "Calling EFI Application from Boot Option" }, /* EV_EFI_ACTION             */
		{ 4, 0x80000003, "shim" }, /* EV_EFI_BOOT_SERVICES_APPLICATION */
		{ 4, 0x80000003, "vmlinuz" },
		{ 8, 0x0000000d,
		  "kernel_cmdline: root=/dev/mapper/root ro quiet" }, /* EV_IPL               */
		{ 9, 0x0000000d, "initrd.img" },
	};

	if (argc != 2 || !(out = fopen(argv[1], "wb"))) {
		fputs("usage: boot-log-make FILE\n", stderr);
		return 1;
	}
	header();
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (i == 6) /* separators end the firmware's part, before anything is loaded */
			for (uint32_t pcr = 0; pcr < 8; pcr++)
				event(pcr, 0x00000004, "\0\0\0\0", 4);
		event(events[i].pcr, events[i].type, events[i].data, strlen(events[i].data));
	}
	return fclose(out) ? 1 : 0;
}
