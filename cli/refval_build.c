// SPDX-License-Identifier: Apache-2.0
/* `assay refval build`: the text form of docs/CORIM-TEXT.md, signed. */
#include <stdio.h>

#include "common/clock.h"
#include "common/file.h"
#include "proto/corim_text.h"
#include "refval.h"

static int build(const struct cli *c, const char *file, struct corim **made, struct err *e)
{
	OWNED(buf) text = NULL;
	OWNED(buf) key_pem = NULL;
	OWNED(buf) chain_pem = NULL;
	OWNED(keypair) key = NULL;
	OWNED(cert_list) chain = NULL;
	OWNED(corim) from = NULL;
	OWNED(buf) bytes = NULL;
	struct corim_draft d;

	if (file_read(file, CORIM_TEXT_MAX, &text, e))
		return (int)e->code;
	if (corim_text_parse(buf_bytes(text), &from, e))
		return err_while(e, "%s", file);
	d = corim_text_draft(from);
	if (file_read(c->option[OPT_KEY], 65536, &key_pem, e) ||
	    file_read(c->option[OPT_SIGNER], 65536, &chain_pem, e) ||
	    keypair_from_pem(buf_bytes(key_pem), &key, e) ||
	    cert_list_from_pem(buf_bytes(chain_pem), &chain, e))
		return (int)e->code;
	secret_wipe(key_pem->w.at, key_pem->w.len);
	if (!pubkey_equal(keypair_pub(key), cert_pubkey(chain->at[0])))
		return err_set(e, E_USAGE, "%s is not the certificate of that key",
			       c->option[OPT_SIGNER]);
	/* what is written is read once more, as whoever imports it will */
	if (corim_write(&d, key, chain, &bytes, e) || corim_parse(buf_bytes(bytes), made, e))
		return err_while(e, "%s", file);
	if ((*made)->not_after && (*made)->not_after < clock_now_s())
		return err_set(e, E_USAGE,
			       "%s: valid-until is over: nobody would accept these values", file);
	return file_write(c->option[OPT_OUT], buf_bytes(bytes), 0644, e);
}

int refval_build(struct cli *c)
{
	OWNED(corim) made = NULL;
	struct err e = { 0 };

	if (c->argc != 1 || !c->option[OPT_KEY] || !c->option[OPT_SIGNER] || !c->option[OPT_OUT])
		return cli_usage();
	if (build(c, c->argv[0], &made, &e))
		return cli_fail(c, &e, NULL);
	if (c->json)
		cli_json("refval.build", true,
			 json_pack("{s:s, s:s, s:I}", "file", c->option[OPT_OUT], "id", made->id,
				   "triples", (json_int_t)corim_triples(made)));
	else
		printf("%s: %zu triples signed into %s\n", cli_safe(made->id), corim_triples(made),
		       c->option[OPT_OUT]);
	return 0;
}
