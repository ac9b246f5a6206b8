// SPDX-License-Identifier: Apache-2.0
/* What a person can do about a reason: one sentence, for somebody who has not read a standard. */
#include "explain.h"

#include <string.h>

#include "policy.h"

static const char *const check_hints[CHECK_COUNT] = {
	[CHECK_TOKEN_SIGNATURE] = "The evidence was changed on its way, or made by something else "
				  "than the agent. Attest again; if it stays, look at the host.",
	[CHECK_NONCE] = "The evidence is old, or was used before. Attest again; the server takes "
			"each answer once, within two and a half minutes.",
	[CHECK_ENROLLED] = "The server does not know this TPM, or it was revoked. Enrol the host "
			   "(assay-agent enroll), or ask who revoked it.",
	[CHECK_UEID] = "The agent speaks for another host than its TPM belongs to. Do not trust "
		       "this host; see how its agent is configured.",
	[CHECK_QUOTE_SIGNATURE] = "The TPM's statement was not signed by the TPM that was "
				  "enrolled. A replaced mainboard must be enrolled anew.",
	[CHECK_QUOTE_TYPE] =
		"What was signed is no statement of a TPM about its boot. Do not trust this host.",
	[CHECK_QUOTE_SELECTION] = "The agent leaves out part of what the TPM recorded. Update the "
				  "agent; if it is current, do not trust this host.",
	[CHECK_QUOTE_DIGEST] =
		"The boot record shown is not the one that the TPM signed. Do not trust this host.",
	[CHECK_QUOTE_BINDS] = "Parts of the evidence were exchanged after the TPM signed. Do not "
			      "trust this host.",
	[CHECK_CLOCK] = "The TPM's counters went backwards: an old recording, or a TPM that was "
			"restored. Do not trust this host.",
	[CHECK_BOOT_LOG] = "The firmware's log does not lead to what the TPM recorded. See `assay "
			   "host boot HOST`; a log that is missing or cut needs a firmware update.",
	[CHECK_DEVICE_LOG] = "The kernel's record of devices does not fit its TPM register. "
			     "Restart the host; if it stays, do not trust it.",
	[CHECK_IMA_LOG] =
		"The kernel's list of the files it measured is missing, or is not what the "
		"TPM recorded. Boot with an IMA policy if none is sent; a bank whose hash "
		"the kernel does not have must be switched off. Else do not trust this host.",
	[CHECK_DEVICES_PRESENT] = "A device that can prove its identity was left out. See the "
				  "agent's log for why its evidence could not be read.",
	[CHECK_INVENTORY] = "Hardware was added, removed or moved. If you did that, accept it: "
			    "assay host accept-inventory HOST.",
	[CHECK_LEASE] = "The counter or the key that a lease is made of is not this TPM's. Update "
			"the agent; if it is current, do not trust this host.",
	[CHECK_KEYS_DISTINCT] = "Two devices answer with one key: one of them is a copy, or "
				"answers for the other. Do not trust either.",
	[CHECK_EVIDENCE] = "The device gave no evidence, or it changed while it was read. Attest "
			   "again; then see the agent's log.",
	[CHECK_GRAMMAR] = "The device's answers do not follow its protocol. Update its firmware, "
			  "or take it out.",
	[CHECK_NONCE_BOUND] = "The device's answer is not to this request: a recording, or the "
			      "answer of another device. Do not trust it.",
	[CHECK_SIGNATURE] = "The device's signature is not valid. Do not trust it.",
	[CHECK_CHAIN_DIGEST] =
		"The device showed another certificate than the one it named. Do not trust it.",
	[CHECK_LEAF] = "The device's certificate is not made for attestation. Ask its maker, or "
		       "choose another slot ([devices] slots).",
	[CHECK_PATH] = "The device's certificate was not issued by a maker you trust. Put the "
		       "maker's root into device_roots, if it is genuine.",
	[CHECK_VERSION] = "The device speaks an older protocol version than allowed, or than it "
			  "once did. Update its firmware.",
	[CHECK_NEGOTIATION] = "Nothing signed covers how device and host agreed to talk. A device "
			      "of this age cannot do better; policy decides.",
	[CHECK_IDENTITY] =
		"The certificate names another device than the slot holds. Do not trust it.",
	[CHECK_KEY_KNOWN] = "This device was swapped, moved from another place or host, or copied. "
			    "If you did that, forget it: assay host forget-device HOST LABEL.",
	[CHECK_GUARD] = "The kernel does not watch over the device as policy demands. Load the "
			"module with the options that policy needs.",
	[CHECK_SOURCE] = "Evidence from a test source never opens a disk. Use the kernel's, or "
			 "allow it on purpose for a demonstration.",
	[CHECK_K_TEMPLATE] =
		"The key that asks for the secret is of the wrong kind. Update the agent.",
	[CHECK_K_CERTIFIED] = "The key that asks for the secret is not vouched for by the TPM. Do "
			      "not trust this host.",
	[CHECK_K_HIERARCHY] =
		"The key that asks for the secret would survive a reboot. Do not trust this host.",
	[CHECK_K_COUNTS] = "The key that asks for the secret is of another boot. Attest again.",
	[CHECK_CAP] = "A disk can be opened only early in the boot. Reboot the host.",
	[CHECK_VOLUME] = "A key is asked for of a volume that is not this host's, or is no more. "
			 "`assay secret "
			 "list` shows whose it is; a disk that moved here is enrolled anew.",
	[CHECK_COUNTER] =
		"The disk's header and the TPM do not go together: an old header was put back, or "
		"the "
		"disk or the TPM is another. Open it with the recovery key, and enrol it anew.",
	[CHECK_RELEASE_SET] =
		"The TPM's statement leaves out registers that a release needs. Update the agent.",
	[CHECK_SESSION] =
		"This version cannot take measurements inside a session: no host gets a key "
		"while policy wants that. Take [policy] session_required back.",
	[CHECK_IDE] =
		"This version cannot show that a link's keys come from an attested session: no "
		"host gets a key while policy wants that. Take [policy] ide_required back.",
	[CHECK_RESTART] = "The TPM was restarted without a reset. Power the host off and on.",
};

static const char *const policy_hints[POLICY_RULE_COUNT] = {
	[POLICY_REQUIRED] = "Put the device back, or take it out of [policy] require.",
	[POLICY_SVN_FLOOR] =
		"Update the device's firmware to one with the security fixes that policy asks for.",
	[POLICY_LEARNED] =
		"Import the maker's signed reference values, or say [policy] learned = affirm.",
	[POLICY_DEBUG] = "Switch debug or recovery mode off.",
	[POLICY_INSECURE] = "Configure or lock the device as its maker describes.",
	[POLICY_ENDORSED_NAME] = "The maker warns of this version: update it.",
	[POLICY_SECURE_BOOT] = "Switch Secure Boot on in the firmware setup.",
	[POLICY_BOOT_AGE] = "Reboot the host.",
	[POLICY_BOOT_END] = "Somebody opened this host's disk by hand, or it runs from another "
			    "one. If that was "
			    "you, reboot; else see what it boots from before you trust it. Where "
			    "PCR 15 stays zero, make the initramfs anew with the host's [volume]s.",
	[POLICY_IMA_FILES] =
		"A file ran or was read that nobody you trust has approved. If it belongs "
		"there, import a reference value for its digest, name its signer "
		"([policy] ima_signer) or leave its folder out (ima_exclude), and attest "
		"again; else do not trust the host until it is rebooted clean.",
	[POLICY_IMA_PATHS] =
		"Something was run or read from a place that [policy] ima_refuse names. "
		"See what it is; only a reboot takes it from the list.",
	[POLICY_IMA_REQUIRED] =
		"Start what [policy] ima_require names, or see why the kernel's IMA "
		"policy did not measure it.",
	[POLICY_IMA_CHANGED] = "Find out what writes to that file while it is read. For files that "
			       "are no programs, measure less (the kernel's IMA policy), or say "
			       "[policy] ima_violations = ignore.",
};

const char *reason_hint(const struct reason *r)
{
	if (r->check == CHECK_IMA_LOG && r->tier == TIER_WARNING)
		return "A piece of a long list says nothing by itself. See the verdict that the "
		       "server "
		       "reached with the last piece.";
	if (r->check >= 0 && r->check < CHECK_COUNT)
		return check_hints[r->check];
	for (int i = 0; r->policy[0] && i < POLICY_RULE_COUNT; i++)
		if (!strcmp(r->policy, policy_rule_name((enum policy_rule)i)))
			return policy_hints[i];
	if (r->wanted[0] && !strcmp(r->device, "host"))
		return "Something was booted that nobody you trust has approved. If it was an "
		       "update that you meant, sign what the host proposed (assay refval pending) "
		       "or "
		       "import the reference values of that version; else do not trust it.";
	if (r->wanted[0])
		return "Something runs here that nobody you trust has approved. If it was an "
		       "update that you meant, import the reference values of that version (assay "
		       "refval import); else do not trust it.";
	if (r->tier == TIER_WARNING && r->corim[0])
		return "What was approved is no longer vouched for. See `assay refval list` for "
		       "why, then import reference values that somebody you trust signs today.";
	if (r->tier == TIER_WARNING)
		return "Nobody has said what is right here. Import the maker's reference values, "
		       "or learn them from hosts that you know are good (assay refval learn).";
	return "What is there does not go together. See each value beside what was wanted, and ask "
	       "the maker.";
}
