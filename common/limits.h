/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Every maximum in the project, one line each, with the reason for the number. */
#ifndef ASSAY_LIMITS_H
#define ASSAY_LIMITS_H

/* clang-format off */
enum {
	/* SPDM: proto/spdm, shared with the kernel */
	SPDM_MSG_MAX = 4600,		/* QEMU's mailbox buffer is 4608 with its DOE header          */
	SPDM_VERSION_ENTRIES_MAX = 32,	/* five versions exist; duplicates are tolerated              */
	SPDM_ALG_STRUCTS_MAX = 8,	/* six types are defined                                      */
	SPDM_SLOTS_MAX = 8,		/* DSP0274                                                    */
	SPDM_OPAQUE_MAX = 1024,		/* DSP0274                                                    */
	SPDM_BLOCKS_MAX = 254,		/* indices 1 to 0xfe                                          */
	SPDM_HASH_MAX = 64,		/* SHA-512                                                    */
	SPDM_SIG_MAX = 512,		/* RSA-4096                                                   */
	SPDM_CHAIN_MAX = 65535,		/* Length is 16 bits wide before 1.4                          */
	SPDM_PORTION_MAX = 4096,	/* fits SPDM_MSG_MAX with its header                          */
	SPDM_EXCHANGES_MAX = 600,	/* a chain in 128-byte portions, and every other message     */
	SPDM_RETRIES_MAX = 8,		/* Busy or ResponseNotReady per request                       */
	SPDM_CHANGED_MAX = 3,		/* an update ends; a device that never settles is reported   */
	SPDM_WAIT_MS_MAX = 9000,	/* CT exponent 23 of PCIe CMA is 8.4 s                        */
	SPDM_TRANSCRIPT_MAX = 131072,	/* chain, VCA and measurements of one device                  */

	/* DOE */
	DOE_OBJECT_MAX = 4608,

	/* certificates */
	CERT_CHAIN_MAX = 10,		/* NVIDIA sends five, NIC DICE chains seven                   */
	CERT_DER_MAX = 16384,		/* one certificate; ML-DSA ones are 7 KiB                     */
	CERT_FILE_MAX = 1024 * 1024,	/* certificates in one file                                   */

	X509_FILE_ITEMS_MAX = 512,	/* looked at in one file; a bundle of all public CAs has 150     */
	CRL_ROWS_MAX = 10000,		/* revoked certificates shown of one list                     */
	CRL_FILE_MAX = 8 * 1024 * 1024,	/* lists of a large CA have a few MiB                         */
	CRL_BODY_MAX = 1024 * 1024,	/* a list by the API; who signs CoRIMs has short ones         */
	EK_CHAIN_MAX = 24576,		/* with it an enrolment stays within its 64 KiB               */

	/* evidence */
	DEVICES_MAX = 256,		/* devices with evidence in one token                         */
	PCI_FUNCTIONS_MAX = 4096,	/* functions in the inventory                                 */
	KERNEL_NAME_MAX = 32,		/* of a TSM or an IDE stream: "tsm0", "stream0.1.0"           */
	IDE_STREAMS_MAX = 8,		/* to one function; a root port of today has fewer            */
	LABEL_MAX = 64,			/* vvvv:dddd/16 hex/ordinal                                   */
	EVIDENCE_MAX = 8 * 1024 * 1024, /* a token on the wire, boot log included                     */
	DEVICE_LOG_ENTRY_MAX = 192,	/* 20 + 31 + 64 bytes and four lengths              */
	DEVICE_LOG_ENTRIES_MAX = 4096,	/* as the kernel module has it                      */
	DEVICE_LOG_MAX = 4096 * 196,
	IMA_NAME_MAX = 32,		/* of a template: "ima-sigv2" is the longest                  */
	IMA_PATH_MAX = 4096,		/* PATH_MAX                                                   */
	IMA_SIG_MAX = 1024,		/* a header and RSA-4096; with room                           */
	IMA_DATA_MAX = 16384,		/* template data of one entry                                 */
	IMA_LIST_MAX = 5 * 1024 * 1024, /* in one token: some 35,000 entries, and room for the rest   */
	IMA_PIECE_MIN = 65536,		/* of a longer list, as long as more follows: each is a row to write */
	IMA_WHY_MAX = 200,		/* why there is no list, in the agent's words                 */
	IMA_ENTRIES_MAX = 4000000,	/* in one boot; a busy builder makes a million a week         */
	BOOT_LOG_MAX = 1024 * 1024,	/* real logs: 5 to 60 KiB                                     */
	BOOT_EVENTS_MAX = 4096,		/* real logs: 50 to 300                                       */
	COMMAND_LINE_MAX = 4096,	/* COMMAND_LINE_SIZE of most architectures, 2048 on x86       */
	BOOT_EVENT_MAX = 262144,	/* one event; dbx is the largest, about 20 KiB                */

	/* CBOR */
	CBOR_DEPTH_MAX = 24,		/* CoRIM nests 14 deep                                        */
	CBOR_ITEMS_MAX = 1000000,	/* items in one document                                      */

	JSON_FILE_MAX = 4 * 1024 * 1024, /* claims or a wrapper in a file; decoded it takes 40 times as much  */
	JSON_DEPTH_MAX = 64,		/* objects and arrays in each other; wrappers of wrappers have 20   */

	COSE_HEADERS_MAX = 64,		/* in both buckets together; real ones have up to six         */

	/* CoRIM */
	CORIM_MAX = 4 * 1024 * 1024,	/* one signed CoRIM                                           */
	CORIM_TAGS_MAX = 256,
	CORIM_TRIPLES_MAX = 4096,	/* of one kind, in one CoMID                                  */
	CORIM_MEASUREMENTS_MAX = 1024,	/* in one triple                                              */
	CORIM_KEY_MAX = 8192,		/* a COSE_Key; RSA-16384 has 2 KiB                            */
	CORIM_KEYS_MAX = 64,		/* in one list                                                */
	CORIM_STATES_MAX = 64,		/* conditions, or additions, of one triple                    */
	CORIM_SERIES_MAX = 256,		/* releases in one series                                     */
	CORIM_MEMBERS_MAX = 256,	/* of one domain                                              */
	CORIM_LISTED_MAX = 4096,	/* tags in one CoTL                                           */

	/* CoSWID */
	COSWID_FILES_MAX = 65536,	/* in one CoRIM, counted once more for each triple that names them */
	COSWID_DEPTH_MAX = 12,		/* directories in each other                                   */
	COSWID_PATH_MAX = 4096,		/* PATH_MAX                                                    */
	COSWID_PATHS_MAX = 8 * 1024 * 1024, /* bytes of all paths of one CoRIM: a deep directory repeats its own */

	/* SWID tags in XML: a GPU's reference values */
	SWID_MAX = 1024 * 1024,		/* real ones: 20 KiB                                           */
	SWID_ENTRIES_MAX = 254,		/* as many as SPDM has block indices                           */
	SWID_ALTERNATIVES_MAX = 256,	/* of one entry; real ones have two                            */

	/* proposals: what a host says it will boot next */
	PROPOSAL_ELEMENTS_MAX = 64,	/* kernel, initrd, command line, and GRUB's lines about them     */
	PROPOSAL_MAX = 49152,		/* a command line and digests of up to four banks, each, in one local packet */
	PROPOSAL_REQUEST_MAX = 49152 + 8704, /* and the quote about it                                   */
	PROPOSALS_PER_HOST_MAX = 8,	/* the newest; a host has two or three kernels               */
	PROPOSALS_RATE_MAX = 20,	/* of one host while a nonce is kept; an apt run makes two   */
	KERNEL_FILE_MAX = 256 * 1024 * 1024,
	INITRD_FILE_MAX = 1024 * 1024 * 1024, /* MODULES=most with firmware: 200 MB                   */
	UKI_FILE_MAX = 1024 * 1024 * 1024, /* kernel and initrd in one                             */
	UKI_TEXT_MAX = 4096,		/* a section that says who it is: a line, with what pads it    */
	UKI_FILES_MAX = 64,		/* looked at in one folder of an ESP                           */
	GRUB_CFG_MAX = 256 * 1024,	/* a kernel has 4 KiB of it; a menu as one event has to fit BOOT_EVENT_MAX */
	GRUB_ENTRIES_MAX = 64,		/* beside each other; submenus are one each                    */
	PE_SECTIONS_MAX = 96,		/* the loader of Windows takes no more                       */

	/* TPM */
	TPM_STRUCT_MAX = 4096,		/* any TPM2B                                                  */
	TPM_BANKS_MAX = 8,
	TPM_PCRS = 24,
	LEASE_KEPT_MAX = 768,		/* of a volume, in its token: two TPM structures and six numbers, some 350 bytes */
	LEASE_GRANT_MAX = 16384,	/* of all volumes of a host, in a release                     */
	LEASE_REBOOTS_MAX = 100,	/* somebody who wants more wants no server                    */
	LEASE_HOURS_MAX = 8760,		/* a year                                                     */

	/* HTTP */
	JSON_BODY_MAX = 1024 * 1024,	/* enrolment and administration                               */
	BODIES_MAX = 256 * 1024 * 1024,	/* of all requests on their way: strangers may send bodies    */
	URL_MAX = 2048,
	HOST_NAME_MAX_LEN = 253,	/* a DNS name                                                 */

	/* what a server keeps decoded: 80 MiB of chains, 32 MiB of keys */
	CHAINS_KEPT_MAX = 4096,
	AKS_KEPT_MAX = 16384,

	/* configuration */
	CONFIG_FILE_MAX = 262144,
	CONFIG_LINE_MAX = 198,		/* what the INI reader takes for one line                     */
	SERVERS_MAX = 8,
	PINS_MAX = 4,
	VOLUMES_MAX = 16,

	/* nonces: seconds */
	NONCE_AGE_MAX_S = 150,
	NONCE_FUTURE_MAX_S = 5,
	NONCE_KEEP_S = 600,
};
/* clang-format on */

#endif
