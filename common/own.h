/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cleanup at the end of the scope. A type `struct x` that is owned has `void x_drop(struct x **)`,
 * which takes a pointer to NULL without complaint and leaves NULL behind.
 */
#ifndef ASSAY_OWN_H
#define ASSAY_OWN_H

#define OWNED(type) __attribute__((cleanup(type##_drop))) struct type *
#define TAKE(p)                                                                                    \
	({                                                                                         \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
