// SPDX-License-Identifier: Apache-2.0
#include "cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "assay_commit.h"
#include "agent/local.h"

static const char usage[] =
	"assay - attest this host and its devices, and look after those who do\n"
	"\n"
	"on a host (asks the running agent):\n"
	"  assay attest [--share UUID] [--out FILE]  attest now; --share proves that the key share "
	"opens,\n"
	"                                        --out keeps the token\n"
	"  assay attest [--nonce HEX] [--audience URI] --result FILE [--format jwt|cwt]\n"
	"                                        keep the server's result (EAR) for somebody else; "
	"with\n"
	"                                        their nonce they know that it is fresh\n"
	"  assay device list | show LABEL        as the last token has them\n"
	"  assay device cert LABEL [--slot N | --slot all] [--pem | --der]\n"
	"                                        its certificates; with --slot asked for now\n"
	"  assay device measure LABEL|ADDRESS [--slot N] [--nonce HEX]\n"
	"                                        its measurements, asked for now\n"
	"  assay device watch [--collector PATH] what happens to the devices, as it happens\n"
	"  assay explain HOST                    why its verdict is what it is, and what to do; a "
	"saved\n"
	"                                        TOKEN with the options of verify instead of HOST\n"
	"  assay refval propose [--release VERSION] [--kernel FILE] [--initrd FILE] [--cmdline "
	"TEXT]\n"
	"                                        [--grub-cfg FILE] or [--uki FILE | --esp "
	"FOLDER]:\n"
	"                                        tell the server what boots next; it counts once "
	"an\n"
	"                                        operator has signed it\n"
	"  assay disk enroll DEVICE [--key-file FILE] --recovery-out FILE [--escrow CERT]\n"
	"                                        [--strict --policy-key FILE] "
	"[--agent-config FILE]:\n"
	"                                        a keyslot that opens when the\n"
	"                                        server finds this host as it has to be; a "
	"recovery\n"
	"                                        key besides, sealed for the owner of CERT\n"
	"  assay disk status | rotate DEVICE     what opens it; a new key for it, now\n"
	"  assay disk unlock DEVICE NAME         open it as /dev/mapper/NAME, before the cap\n"
	"  assay disk forget DEVICE --yes        remove keyslots of ours from it\n"
	"  assay disk recover FILE --signer CERT --key KEY\n"
	"                                        the recovery key that was sealed for CERT\n"
	"  assay doctor [--agent-config FILE]    what is missing or insecure here, and the next "
	"step\n"
	"offline:\n"
	"  assay verify TOKEN --host FILE [--root FILE] [--nonce HEX] [--corim FILE [--learned] "
	"--signer "
	"CERT]\n"
	"                                        a saved token; the host as `assay host show "
	"--json`\n"
	"                                        gave it, or --ak FILE --deployment UUID; with a\n"
	"                                        CoRIM it is appraised too\n"
	"  assay verify FILE --format spdm-pcap  a bus or emulator capture\n"
	"  assay verify FILE --format nvidia-gpu --chain FILE --root FILE --nonce HEX\n"
	"                                        [--rim FILE --rim FILE --rim-root FILE] [--at "
	"TIME]\n"
	"                                        a GPU's report; with the manifests of its driver "
	"and\n"
	"                                        VBIOS its measurements are held against them; "
	"--at: as\n"
	"                                        of then (2025-01-31T00:00:00Z) and not of now\n"
	"  assay result verify RESULT --key FILE|--anchor CERT|--jwk FILE [--audience URI] "
	"[--nonce "
	"HEX]\n"
	"                                        a server's result, JWT or CWT, as a relying party "
	"checks it\n"
	"  assay inspect FILE [--key FILE|--anchor CERT [--chain FILE] [--at TIME]]\n"
	"                                        what is in a file of any format, whether it keeps "
	"its\n"
	"                                        grammar, and with a key (of a GPU: with its "
	"chain) "
	"its\n"
	"                                        signature\n"
	"  assay boot show FILE | diff A B       boot logs as sentences; a log or a saved token\n"
	"  assay refval keygen --out FOLDER      an operator's signing key and its certificate\n"
	"  assay refval learn TOKEN... --id ID --signer CERT --key KEY --out FILE [--one-host]\n"
	"                                        what two hosts or more agree on\n"
	"  assay refval learn --files {HOST-FILE TOKEN LIST}... --id ID --signer CERT --key KEY "
	"--out "
	"FILE\n"
	"                                        [--one-host]: the files that their kernels "
	"measured; each "
	"list\n"
	"                                        has to lead to what the TPM of its host quotes in "
	"the "
	"token\n"
	"  assay refval build TEXT --signer CERT --key KEY --out FILE\n"
	"                                        a CoRIM from text (docs/CORIM-TEXT.md), for CI\n"
	"  assay refval check FILE [--anchor CERT [--crl FILE]] [--beside FILE] [--old-shapes]\n"
	"                                        a CoRIM: grammar, and with --anchor signature and "
	"validity,\n"
	"                                        with --crl also that its signer is not revoked\n"
	"operator (server and token from /etc/assay/assay.conf):\n"
	"  assay refval import FILE [--beside FILE] [--until TIME|+14d] [--unsigned]\n"
	"  assay refval list | show ID | export ID --out FILE | diff A B\n"
	"                                        ID: an id or the beginning of a digest; A and B "
	"also files\n"
	"  assay refval coverage                 models of the fleet, and which have no reference "
	"value\n"
	"  assay refval activate ID [--until TIME|+14d] | deactivate ID | delete ID\n"
	"  assay refval pending list | diff HOST|ID | drop HOST|ID\n"
	"                                        what hosts say they will boot next, and what is "
	"new in it\n"
	"  assay refval pending sign HOST|ID --signer CERT --key KEY [--until TIME|+14d] "
	"[--checked]\n"
	"                                        make it acceptable; --checked: its digests were "
	"compared\n"
	"  assay refval anchor add CERT | list | remove DIGEST\n"
	"                                        who may sign CoRIMs\n"
	"  assay refval crl add FILE | list | remove DIGEST\n"
	"                                        revocation lists that signers are held against\n"
	"  assay host boot HOST [--diff]         what its last boot measured; or what changed "
	"since the one before\n"
	"  assay fleet status                    how many hosts are what, and what changed within "
	"a "
	"day\n"
	"  assay fleet changes [--host HOST] [--group G] [--status STATUS]\n"
	"                                        the last verdicts that differ from the one "
	"before\n"
	"  assay fleet firmware                  which models run which firmware, and how many of "
	"each\n"
	"  assay fleet devices [--model MODEL [--firmware TEXT]] [--status STATUS] [--find TEXT]\n"
	"  assay fleet device KEY                where the device with this leaf key was seen\n"
	"  assay host list [--status STATUS] [--group G] [--find TEXT] [--model MODEL [--firmware "
	"TEXT]]\n"
	"                                        STATUS: affirming, warning, contraindicated, "
	"stale, never,\n"
	"                                        revoked\n"
	"  assay host show HOST | add --ek-hash HASH [--group G] [--name N]\n"
	"  assay host confirm HOST --ek-hash HASH | revoke HOST | restore HOST | remove HOST "
	"--yes\n"
	"  assay host accept-inventory HOST | forget-device HOST LABEL\n"
	"  assay host revoke-lease HOST          its disks open by the server alone from its next "
	"contact\n"
	"             allow-lease HOST           policy gives it leases again\n"
	"  assay secret create HOST --volume UUID | list\n"
	"  assay secret rotate UUID              the next unlock of this volume makes a new key\n"
	"  assay secret delete UUID --yes        the server gives no key for this volume any more\n"
	"  assay audit list [SEQ] | export --out FILE | head --out FILE\n"
	"                                        who did and what was decided; from record SEQ on, "
	"or "
	"the last\n"
	"  assay audit verify FILE [--head FILE --key FILE]\n"
	"                                        an exported log, without the server; a head kept "
	"elsewhere\n"
	"                                        tells that nothing was cut off\n"
	"  assay policy show                     by which rules the server judges, and whose "
	"roots it "
	"trusts\n"
	"  assay policy check FILE               whether FILE is a configuration of a server, and "
	"what it\n"
	"                                        would change\n"
	"  assay policy-sign TOKEN --host FILE --volume UUID --epoch N --key KEY --out FILE "
	"[--pcr 4=HEX,...]\n"
	"                                        approve of a boot, for a disk of the strict "
	"profile\n"
	"  assay secret approve FILE             give that to the host with its next key\n"
	"  assay join-token [--group G] [--name N] [--ek-hash HASH] [--valid 1h]\n"
	"  assay token create NAME ROLE [--group G,...] [--until TIME|+14d]\n"
	"                                        a bearer token, shown once; roles: viewer, "
	"provisioner,\n"
	"                                        operator, admin; with groups for their hosts "
	"alone\n"
	"  assay token list | revoke NAME | self\n"
	"                                        self: what the one in use may do\n"
	"options: --json, --accept warning, --config FILE, --socket PATH, --version, --help\n"
	"exit code: 0 affirmed or done, 1 usage, 2 refused, 3 cannot reach, 4 internal\n";

/* What the command line asked for, to show how just that is said. */
static struct {
	const char *word, *verb; /* @verb: "" where a command has none */
	bool json, operands;
} asked = { "", "", false, false };

enum { WORD_MAX = 24 };

/* Is @word one of the words of the @len characters at @line? */
static bool has_word(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; n && i + n <= len; i++)
		if (!memcmp(line + i, word, n) && i && line[i - 1] == ' ' &&
		    (i + n == len || line[i + n] == ' '))
			return true;
	return false;
}

/* The lines about `assay WORD VERB`, those that go on about it too; "": the usage has none. */
static void usage_about(const char *word, const char *verb, char *out, size_t size)
{
	static const char start[] = "  assay ", more[] = "          ";
	size_t used = 0, n = strlen(word);
	bool about = false;

	out[0] = 0;
	for (const char *line = usage; n && *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		if (strncmp(line, more, sizeof(more) - 1)) {
			const char *said = line + sizeof(start) - 1;

			about = !strncmp(line, start, sizeof(start) - 1) &&
				!strncmp(said, word, n) && (said[n] == ' ' || said[n] == '\n') &&
				(!verb[0] || has_word(line, len, verb));
		}
		if (about && used + len + 2 < size)
			used += (size_t)snprintf(out + used, size - used, "%.*s\n", (int)len, line);
	}
}

/* ---- what was meant ---- */
/* Letters to change, add or leave out between two short words; SPEC: Wagner and Fischer 1974 */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(b), row[WORD_MAX + 1];

	if (strlen(a) > WORD_MAX || n > WORD_MAX)
		return SIZE_MAX;
	for (size_t k = 0; k <= n; k++)
		row[k] = k;
	for (size_t i = 0; a[i]; i++) {
		size_t before = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < n; k++) {
			size_t change = before + (a[i] != b[k]), least = row[k] + 1;

			before = row[k + 1];
			least = before + 1 < least ? before + 1 : least;
			row[k + 1] = change < least ? change : least;
		}
	}
	return row[n];
}

/* The next word of letters and dashes behind a bar or at the start of what a usage line says. */
static const char *next_verb(const char *at, const char *end, char out[WORD_MAX + 1])
{
	size_t n = 0;

	while (at < end && n < WORD_MAX && ((*at >= 'a' && *at <= 'z') || (n && *at == '-')))
		out[n++] = *at++;
	out[n] = 0;
	while (at < end && *at != '|')
		at++;
	return at < end ? at + 1 + strspn(at + 1, " ") : NULL;
}

/* The command, or with @word the verb of it, that is nearest to @typed; "": none is near. */
static const char *nearest(const char *word, const char *typed, char out[WORD_MAX + 1])
{
	static const char start[] = "  assay ";
	size_t best = strlen(typed) > 3 ? 3 : 2, n = strlen(word);
	char one[WORD_MAX + 1];

	out[0] = 0;
	for (const char *line = usage; *line; line += strcspn(line, "\n") + 1) {
		const char *at = line + sizeof(start) - 1, *end = line + strcspn(line, "\n");

		if (strncmp(line, start, sizeof(start) - 1) ||
		    (n && (strncmp(at, word, n) || at[n] != ' ')))
			continue;
		at += n ? n + 1 : 0;
		while (at) {
			at = next_verb(at, end, one);
			if (one[0] && distance(typed, one) < best) {
				best = distance(typed, one);
				memcpy(out, one, sizeof(one));
			}
			if (!n)
				break;
		}
	}
	return out;
}

/* What is wrong with the command line, where no command was more exact; @lines: how it is said. */
static void say_wrong(struct err *e, char *lines, size_t size)
{
	char meant[WORD_MAX + 1];

	usage_about(asked.word, asked.verb, lines, size);
	if (!asked.word[0]) {
		err_set(e, E_USAGE, "a command is missing");
	} else if (lines[0]) {
		err_set(e, E_USAGE, "%s%s%s: %s", asked.word, asked.verb[0] ? " " : "", asked.verb,
			asked.operands ? "operands or options are missing, too many, or do not go "
					 "together"
				       : "an operand or an option is missing");
	} else {
		usage_about(asked.word, "", lines, size);
		bool known = lines[0];

		nearest(known ? asked.word : "", known ? asked.verb : asked.word, meant);
		err_set(e, E_USAGE, "%s%s \"%s\"%s%s%s", known ? asked.word : "there is no command",
			known ? " has no" : "", known ? asked.verb : asked.word,
			meant[0] ? "; is it \"" : "", meant, meant[0] ? "\"?" : "");
	}
}

int cli_usage(void)
{
	struct cli c = { .json = true };
	struct err e = { 0 };
	char lines[4096];
	size_t n = 0;

	say_wrong(&e, lines, sizeof(lines));
	if (asked.json) {
		char hint[sizeof(lines) + 16];

		for (const char *at = lines; *at; at++) /* one line */
			if (*at > ' ' || (at[1] > ' ' && n))
				lines[n++] = *at > ' ' ? *at : ' ';
		lines[n] = 0;
		snprintf(hint, sizeof(hint), n ? "usage: %s" : "assay --help", lines);
		return cli_fail(&c, &e, hint);
	}
	fprintf(stderr, "assay: %s\n", cli_safe(e.text));
	if (lines[0])
		fprintf(stderr, "usage (all of it: assay --help):\n%s", lines);
	else
		fputs("       assay --help tells all commands\n", stderr);
	return 1;
}

void cli_json(const char *command, bool ok, json_t *body)
{
	putchar('{');
	cli_json_rest(command, ok, body);
}

void cli_json_rest(const char *command, bool ok, json_t *body)
{
	char schema[64];

	if (!body)
		body = json_object();
	snprintf(schema, sizeof(schema), "assay.%s/1", command);
	json_object_set_new(body, "schema", json_string(schema));
	json_object_set_new(body, "ok", json_boolean(ok));
	json_dumpf(body, stdout, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII | JSON_EMBED);
	fputs("}\n", stdout);
	json_decref(body);
}

/* What to do where the caller knows nothing better: by what is said. */
static const char *usual_hint(const struct err *e)
{
	static const struct {
		const char *said, *hint;
	} rows[] = {
		{ "configuration: open ", "it tells the server: [server] url, pin or ca, "
					  "token_file; another file: --config FILE" },
		{ "token_file is needed", "it names the file with what `assay token create` or "
					  "`assay-server token NAME ROLE` printed" },
		{ "token_file: open ",
		  "`assay token create` or `assay-server token NAME ROLE` prints what "
		  "belongs into it" },
		{ "configuration: ", "what a key takes: assay.conf(5)" },
		{ "answers 401: ", "another one: `assay token create` by an administrator, or "
				   "`assay-server token reset NAME` on the server" },
		{ "role has no right", "what it may: `assay token self`; one that may more: `assay "
				       "token create` by an administrator" },
		{ "concerns all hosts", "a token without groups: `assay token create` by an "
					"administrator" },
		{ "see docs/openapi.yaml", "is the name right (no name has a / in it), and the "
					   "server not older than this assay (assay --version)" },
		{ "no such host", "those that there are: assay host list" },
		{ "no such volume", "those that there are: assay secret list" },
		{ "UUID", "UUIDs of volumes: assay secret list, or assay disk status DEVICE" },
		{ "no CoRIM has", "those that there are: assay refval list" },
		{ "no token has", "those that there are: assay token list" },
		{ "no device with this key", "keys: assay fleet devices --json, leaf_key" },
		{ "leaf key: 64 hex", "keys: assay fleet devices --json, leaf_key" },
		{ "no proposal is", "those that there are: assay refval pending list" },
		{ "pinned public key", "compare `assay-server pins` on the server with [server] "
				       "pin here" },
		{ "SSL peer certificate", "is its certificate over, or of another CA than [server] "
					  "ca? `assay-server doctor` on the server" },
		{ "64 hex digits", "`assay-agent ek-hash` on the host prints it" },
		{ "token: COSE_Sign1",
		  "it is no saved token: `assay inspect FILE` says what it is" },
		{ ": No such file or directory", "is the path right" },
		{ "answers 400: ", "what the command takes: assay --help, assay(1)" },
		{ "not one this build reads", "`assay inspect FILE` says what a file is" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strstr(e->text, rows[i].said))
			return rows[i].hint;
	if (e->code == E_UNREACHABLE)
		return "see `assay doctor` here, and `assay-server doctor` on the server";
	return NULL;
}

int cli_fail(const struct cli *c, const struct err *e, const char *hint)
{
	int code = err_exit_code(e);

	if (!hint)
		hint = usual_hint(e);
	if (c->json) {
		json_t *j = json_pack("{s:{s:i, s:s%, s:s}}", "error", "code", code, "text",
				      e->text, strlen(e->text), "hint", hint ? hint : "");

		json_dumpf(j, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(j);
	} else {
		fprintf(stderr, "assay: %s\n", cli_safe(e->text));
		if (hint)
			fprintf(stderr, "       %s\n", hint);
	}
	return code;
}

int exit_of(const struct cli *c, const char *status)
{
	if (!strcmp(status, "affirming"))
		return 0;
	return !strcmp(status, "warning") && c->accept && !strcmp(c->accept, "warning") ? 0 : 2;
}

/* ---- the agent ---- */
int ask_agent(const struct cli *c, enum agent_verb verb, struct bytes argument, struct buf **out,
	      struct err *e)
{
	return local_ask(c->agent_socket, verb, argument, EVIDENCE_MAX, out, e);
}

int last_token(const struct cli *c, struct eat **out, struct err *e)
{
	OWNED(buf) b = NULL;

	if (ask_agent(c, AGENT_TOKEN, BYTES_NONE, &b, e))
		return (int)e->code;
	return eat_parse(buf_bytes(b), out, e);
}

/* ---- words ---- */
enum {
	LONG_JSON = 256,
	LONG_CONFIG,
	LONG_SOCKET,
	LONG_ACCEPT,
	LONG_VERSION,
	LONG_HELP,
	LONG_FIRST
};

static const struct option options[] = {
	{ "json", no_argument, NULL, LONG_JSON },
	{ "config", required_argument, NULL, LONG_CONFIG },
	{ "socket", required_argument, NULL, LONG_SOCKET },
	{ "accept", required_argument, NULL, LONG_ACCEPT },
	{ "version", no_argument, NULL, LONG_VERSION },
	{ "help", no_argument, NULL, LONG_HELP },
	{ "share", required_argument, NULL, LONG_FIRST + OPT_SHARE },
	{ "format", required_argument, NULL, LONG_FIRST + OPT_FORMAT },
	{ "chain", required_argument, NULL, LONG_FIRST + OPT_CHAIN },
	{ "nonce", required_argument, NULL, LONG_FIRST + OPT_NONCE },
	{ "root", required_argument, NULL, LONG_FIRST + OPT_ROOT },
	{ "signer", required_argument, NULL, LONG_FIRST + OPT_SIGNER },
	{ "key", required_argument, NULL, LONG_FIRST + OPT_KEY },
	{ "id", required_argument, NULL, LONG_FIRST + OPT_ID },
	{ "out", required_argument, NULL, LONG_FIRST + OPT_OUT },
	{ "ek-hash", required_argument, NULL, LONG_FIRST + OPT_EK_HASH },
	{ "group", required_argument, NULL, LONG_FIRST + OPT_GROUP },
	{ "name", required_argument, NULL, LONG_FIRST + OPT_NAME },
	{ "volume", required_argument, NULL, LONG_FIRST + OPT_VOLUME },
	{ "unsigned", no_argument, NULL, LONG_FIRST + OPT_UNSIGNED },
	{ "one-host", no_argument, NULL, LONG_FIRST + OPT_ONE_HOST },
	{ "files", no_argument, NULL, LONG_FIRST + OPT_FILES },
	{ "learned", no_argument, NULL, LONG_FIRST + OPT_LEARNED },
	{ "jwk", required_argument, NULL, LONG_FIRST + OPT_JWK },
	{ "diff", no_argument, NULL, LONG_FIRST + OPT_DIFF },
	{ "yes", no_argument, NULL, LONG_FIRST + OPT_YES },
	{ "valid", required_argument, NULL, LONG_FIRST + OPT_VALID },
	{ "collector", required_argument, NULL, LONG_FIRST + OPT_COLLECTOR },
	{ "slot", required_argument, NULL, LONG_FIRST + OPT_SLOT },
	{ "pem", no_argument, NULL, LONG_FIRST + OPT_PEM },
	{ "der", no_argument, NULL, LONG_FIRST + OPT_DER },
	{ "ak", required_argument, NULL, LONG_FIRST + OPT_AK },
	{ "deployment", required_argument, NULL, LONG_FIRST + OPT_DEPLOYMENT },
	{ "host", required_argument, NULL, LONG_FIRST + OPT_HOST },
	{ "corim", required_argument, NULL, LONG_FIRST + OPT_CORIM },
	{ "result", required_argument, NULL, LONG_FIRST + OPT_RESULT },
	{ "audience", required_argument, NULL, LONG_FIRST + OPT_AUDIENCE },
	{ "crl", required_argument, NULL, LONG_FIRST + OPT_CRL },
	{ "anchor", required_argument, NULL, LONG_FIRST + OPT_ANCHOR },
	{ "beside", required_argument, NULL, LONG_FIRST + OPT_BESIDE },
	{ "until", required_argument, NULL, LONG_FIRST + OPT_UNTIL },
	{ "old-shapes", no_argument, NULL, LONG_FIRST + OPT_OLD_SHAPES },
	{ "release", required_argument, NULL, LONG_FIRST + OPT_RELEASE },
	{ "kernel", required_argument, NULL, LONG_FIRST + OPT_KERNEL },
	{ "initrd", required_argument, NULL, LONG_FIRST + OPT_INITRD },
	{ "cmdline", required_argument, NULL, LONG_FIRST + OPT_CMDLINE },
	{ "grub-cfg", required_argument, NULL, LONG_FIRST + OPT_GRUB_CFG },
	{ "uki", required_argument, NULL, LONG_FIRST + OPT_UKI },
	{ "esp", required_argument, NULL, LONG_FIRST + OPT_ESP },
	{ "checked", no_argument, NULL, LONG_FIRST + OPT_CHECKED },
	{ "rim", required_argument, NULL, LONG_FIRST + OPT_RIM },
	{ "rim-root", required_argument, NULL, LONG_FIRST + OPT_RIM_ROOT },
	{ "at", required_argument, NULL, LONG_FIRST + OPT_AT },
	{ "key-file", required_argument, NULL, LONG_FIRST + OPT_KEY_FILE },
	{ "recovery-out", required_argument, NULL, LONG_FIRST + OPT_RECOVERY_OUT },
	{ "escrow", required_argument, NULL, LONG_FIRST + OPT_ESCROW },
	{ "agent-config", required_argument, NULL, LONG_FIRST + OPT_AGENT_CONFIG },
	{ "head", required_argument, NULL, LONG_FIRST + OPT_HEAD },
	{ "strict", no_argument, NULL, LONG_FIRST + OPT_STRICT },
	{ "policy-key", required_argument, NULL, LONG_FIRST + OPT_POLICY_KEY },
	{ "epoch", required_argument, NULL, LONG_FIRST + OPT_EPOCH },
	{ "pcr", required_argument, NULL, LONG_FIRST + OPT_PCR },
	{ "status", required_argument, NULL, LONG_FIRST + OPT_STATUS },
	{ "model", required_argument, NULL, LONG_FIRST + OPT_MODEL },
	{ "firmware", required_argument, NULL, LONG_FIRST + OPT_FIRMWARE },
	{ "find", required_argument, NULL, LONG_FIRST + OPT_FIND },
	{ 0 },
};

static int dispatch(struct cli *c)
{
	static const struct {
		const char *word;
		int (*run)(struct cli *c, const char *verb);
	} groups[] = { { "device", cmd_device },   { "refval", cmd_refval },
		       { "host", cmd_host },	   { "boot", cmd_boot },
		       { "explain", cmd_explain }, { "secret", cmd_secret },
		       { "result", cmd_result },   { "disk", cmd_disk },
		       { "audit", cmd_audit },	   { "token", cmd_token },
		       { "fleet", cmd_fleet },	   { "policy", cmd_policy } };
	static const struct {
		const char *word;
		int (*run)(struct cli *c);
	} singles[] = { { "attest", cmd_attest },	  { "verify", cmd_verify },
			{ "join-token", cmd_join_token }, { "policy-sign", cmd_policy_sign },
			{ "doctor", cmd_doctor },	  { "inspect", cmd_inspect } };
	const char *word = c->argc ? c->argv[0] : "";

	asked.word = word;
	asked.operands = c->argc >= 2;
	for (size_t i = 0; i < ARRAY_LEN(singles); i++)
		if (!strcmp(word, singles[i].word)) {
			c->argc--;
			c->argv++;
			return singles[i].run(c);
		}
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (!strcmp(word, groups[i].word) && c->argc >= 2) {
			const char *verb = c->argv[1];

			asked.verb = groups[i].run == cmd_explain ? "" : verb;
			asked.operands = c->argc >= 3 || !asked.verb[0];
			c->argc -= 2;
			c->argv += 2;
			return groups[i].run(c, verb);
		}
	return cli_usage();
}

static int wrong_option(const char *option, bool lacks)
{
	struct cli c = { .json = asked.json };
	struct err e = { 0 };

	err_set(&e, E_USAGE,
		lacks ? "option '%.100s' requires an argument" : "unrecognized option '%.100s'",
		option);
	return cli_fail(&c, &e, "assay --help tells all of them");
}

int main(int argc, char **argv)
{
	struct cli c = { .config = "/etc/assay/assay.conf",
			 .agent_socket = "/run/assay/agent.sock" };
	int opt;

	prctl(PR_SET_DUMPABLE, 0);
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		asked.json |= !strcmp(argv[i], "--json");
	while ((opt = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		switch (opt) {
		case LONG_JSON:
			c.json = true;
			break;
		case LONG_CONFIG:
			c.config = optarg;
			break;
		case LONG_SOCKET:
			c.agent_socket = optarg;
			break;
		case LONG_ACCEPT:
			c.accept = optarg;
			break;
		case LONG_VERSION:
			printf("assay %s (%s)\n", ASSAY_VERSION, ASSAY_COMMIT);
			return 0;
		case LONG_HELP:
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			if (opt < LONG_FIRST)
				return wrong_option(argv[optind - 1], opt == ':');
			if (optarg && optarg == argv[optind - 1] && !strncmp(optarg, "--", 2))
				return wrong_option(argv[optind - 2], true);
			c.option[opt - LONG_FIRST] = optarg ? optarg : "yes";
			if (opt == LONG_FIRST + OPT_RIM && c.n_rims++ < CLI_RIMS_MAX)
				c.rim[c.n_rims - 1] = optarg;
		}
	}
	c.argc = argc - optind;
	c.argv = argv + optind;
	return dispatch(&c);
}
