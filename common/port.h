/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the shared core needs from its world: integer names, memcpy, errno numbers, a frame of its own. Nothing else. */
#ifndef ASSAY_PORT_H
#define ASSAY_PORT_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>
#define PORT_NOINLINE noinline
/* An in-tree SPDM library may one day own these names. */
#define spdm_requester_start assay_spdm_requester_start
#define spdm_requester_step  assay_spdm_requester_step
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#define PORT_NOINLINE __attribute__((noinline))
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
#endif

#endif
