// SPDX-License-Identifier: Apache-2.0
/* Boot logs, and the operator's word on them and on firmware: signed CoRIMs, imported through the API. */
#include "fleet.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "verifier/boot_claims.h"

/* ---- boot logs ---- */
static void run(const char *const argv[])
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		die("fork");
	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(126);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("%s failed", argv[0]);
}

static void make_boot(struct fleet *f, int i)
{
	static const int patch[FLEET_BOOTS] = { 41, 43, 48, 48, 52 };
	struct fleet_boot *b = &f->boots[i];
	char path[300], kernel[300], initrd[300], line[200], content[64];
	const char *const argv[] = {
		BUILD_FOLDER "/tests/tools/boot-log-make", path, line, kernel, initrd, NULL
	};
	OWNED(boot_log) log = NULL;
	struct err e = { 0 };
	u32 touched;

	snprintf(path, sizeof(path), "%.250s/boot%d", f->folder, i);
	snprintf(kernel, sizeof(kernel), "%.250s/kernel%d", f->folder, i);
	snprintf(initrd, sizeof(initrd), "%.250s/initrd%d", f->folder, i);
	snprintf(line, sizeof(line), "/boot/vmlinuz-6.12.%d-amd64 root=/dev/mapper/root ro %s",
		 patch[i],
		 i == FLEET_BOOT_SHELL ? "init=/bin/sh"
		 : f->o.hostile	       ? fleet_hostile((size_t)(i % FLEET_BOOT_NEXT))
				       : "quiet");
	if (f->o.hostile && i == FLEET_BOOT_NEXT)
		snprintf(b->release, sizeof(b->release), "%s", fleet_hostile(0));
	else
		snprintf(b->release, sizeof(b->release), "6.12.%d-amd64", patch[i]);
	snprintf(content, sizeof(content), "kernel 6.12.%d", patch[i]);
	need(file_write(kernel, bytes_text(content), 0600, &e), &e);
	snprintf(content, sizeof(content), "initrd of 6.12.%d", patch[i]);
	need(file_write(initrd, bytes_text(content), 0600, &e), &e);
	run(argv);
	need(file_read(path, 65536, &b->log, &e), &e);
	need(boot_log_parse(buf_bytes(b->log), &log, &e), &e);
	need(boot_log_replay(log, 0, b->pcrs, &touched, &e), &e);
}

void fleet_boots_make(struct fleet *f)
{
	for (int i = 0; i < FLEET_BOOTS; i++)
		make_boot(f, i);
}

/* ---- CoRIMs ---- */
static void import(struct fleet *f, const char *id, const struct corim_triple *triple)
{
	struct corim_draft d = { .id = id,
				 .signer = f->o.hostile ? fleet_hostile(1) : "fleet operator",
				 .triples = triple,
				 .n = 1 };
	struct cert_list chain = { .n = 1, .at = { f->signer_cert } };
	OWNED(buf) corim = NULL;
	struct err e = { 0 };
	json_t *answer;
	long status;

	need(corim_write(&d, f->signer, &chain, &corim, &e), &e);
	answer = fleet_call(f, f->transports[0], "POST", "/endorsement-provisioning/v1/submit",
			    "application/rim+cose", true, buf_bytes(corim), &status);
	if (status != 200)
		fleet_refused(id, status, answer);
	json_decref(answer);
	f->corims++;
}

static void import_boot(struct fleet *f, int i)
{
	OWNED(boot_log) log = NULL;
	OWNED(ect) x = NULL;
	struct err e = { 0 };
	char id[64];
	struct corim_triple t;

	need(boot_log_parse(buf_bytes(f->boots[i].log), &log, &e), &e);
	need(boot_claims(log, TPM_ALG_SHA256, BYTES_NONE, &x, &e), &e);
	t = (struct corim_triple){ .env = x->env, .n = x->n, .elements = x->elements };
	snprintf(id, sizeof(id), "fleet-%lld-boot-%d", f->o.seed, i);
	import(f, id, &t);
}

static struct bytes mkey(u64 index, u8 room[9])
{
	struct writer w = writer_on(room, 9);

	cbor_put_uint(&w, index);
	return write_done(&w);
}

/* What plan.c wrote into the file that the device measures, as the vendor of the firmware would say it. */
static void import_version(struct fleet *f, const struct fleet_model *m, int v)
{
	char vendor[32], model[64], rom[64], firmware[64], id[128];
	u8 key[4][9];
	struct digest digest[2];
	struct corim_element el[4] = { 0 };
	struct corim_triple t = { .n = ARRAY_LEN(el), .elements = el };

	snprintf(vendor, sizeof(vendor), "pci:%04x", m->vendor);
	snprintf(model, sizeof(model), "pci:%04x:%04x", m->vendor, m->device);
	t.env.vendor = bytes_text(vendor);
	t.env.model = bytes_text(model);
	snprintf(rom, sizeof(rom), "%04x:%04x rom", m->vendor, m->device);
	snprintf(firmware, sizeof(firmware), "%04x:%04x firmware %d", m->vendor, m->device, v);
	digest[0] = sha256_of(bytes_text(rom));
	digest[1] = sha256_of(bytes_text(firmware));
	el[0].mkey = mkey(1, key[0]);
	el[1].mkey = mkey(2, key[1]);
	el[2].mkey = mkey(6, key[2]);
	el[3].mkey = mkey(16, key[3]);
	for (int i = 0; i < 2; i++) {
		el[i].mval.n_digests = 1;
		el[i].mval.digests[0] = (struct corim_digest){ 1, digest_bytes(&digest[i]) };
	}
	el[2].mval.has_version = true;
	el[2].mval.version = bytes_text(m->versions[v].name);
	el[3].mval.has_svn = true;
	el[3].mval.svn = m->versions[v].svn;
	snprintf(id, sizeof(id), "fleet-%lld-%04x:%04x-%s", f->o.seed, m->vendor, m->device,
		 m->versions[v].name);
	import(f, id, &t);
}

static void make_signer(struct fleet *f)
{
	struct cert_request want = { .common_name =
					     f->o.hostile ? fleet_hostile(0) : "fleet operator",
				     .not_before = clock_now_s() - 3600,
				     .not_after = clock_now_s() + 365 * 86400LL };
	struct err e = { 0 };

	f->signer = fleet_keypair(f, KEY_OF_SIGNER, 0);
	want.key = keypair_pub(f->signer);
	want.issuer_key = f->signer;
	need(cert_make(&want, &f->signer_cert, &e), &e);
}

static void accept_signer(struct fleet *f)
{
	OWNED(buf) pem = buf_new(65536);
	struct err e = { 0 };
	json_t *answer;
	long status;

	need(cert_pem(f->signer_cert, &pem->w, &e), &e);
	answer = fleet_call(f, f->transports[0], "POST", "/api/v1/anchors",
			    "application/x-pem-file", true, buf_bytes(pem), &status);
	if (status != 200)
		fleet_refused("the signer's certificate", status, answer);
	json_decref(answer);
}

void fleet_refvals(struct fleet *f)
{
	make_signer(f);
	accept_signer(f);
	for (int i = 0; i < FLEET_BOOT_SHELL; i++)
		import_boot(f, i);
	for (size_t i = 0; i < f->n_models; i++)
		for (int v = 0; v < FLEET_VERSIONS - 1; v++)
			import_version(f, &f->models[i], v);
}
