/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_FILTER_H
#define GUARD_FILTER_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <stdbool.h>
#include <stddef.h>

/* What seccomp filters written by hand have in common. */

/* By hand, not by libseccomp: loading that library would cost a small program a tenth of its time. */
#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__i386__)
#define ARCH AUDIT_ARCH_I386
#elif defined(__arm__)
#define ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* One system call and what becomes of it: SECCOMP_RET_…; nth not 0: only if its nth argument, counted from 1, is
 * arg, or by_bit the number of a bit that is set in arg; else EPERM. */
struct filter_rule {
    unsigned call, verdict;
    unsigned nth, arg;
    bool by_bit;
};

/* Makes a filter of n rules, a call at most once, and of what becomes of all others; sorts the rules. The program has
 * room for FILTER_ROOM(n) steps; returns their number. Another architecture's calls kill.
 * It looks a call up by halves: for each call that there is, the kernel goes through a filter as it is set, and a plain
 * list of a hundred takes it longer than a converter's whole work. */
#define FILTER_ROOM(n) (16 + 12 * (n))
unsigned short filter_make(struct sock_filter *program, struct filter_rule *rules, size_t n, unsigned otherwise);

#endif
