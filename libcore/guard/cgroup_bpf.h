/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef GUARD_CGROUP_BPF_H
#define GUARD_CGROUP_BPF_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Device rules of a group of version 2: a BPF program that the kernel asks at each open and mknod of a device node
 * (BPF_PROG_TYPE_CGROUP_DEVICE). It stays attached when its loader ends, and goes with the group. libbpf is loaded when it
 * is needed. */

/* One rule of a text like "c 1:3 rwm, b 7:* r". Returns what follows it, NULL at the end or for what is no rule. */
struct bpf_rule {
    char type;
    long major, minor; /* minor -1: any */
    char access[4];
};
const char *bpf_rule_next(const char *text, struct bpf_rule *rule);

/* Whether this kernel, this process and this host's libbpf can do it: asks for what is attached to dir, a group. e: why not. */
bool bpf_possible(const char *dir, struct err *e);

/* Attaches a program of these rules to the group behind fd. False with e. */
bool bpf_attach_rules(int group, const char *rules, struct err *e);

/* The rules of the programs that are attached to the group behind fd, one a line, as the kernel has them. Only a
 * node that every program allows can be opened; several are separated by an empty line. False with e. */
bool bpf_show_rules(int group, struct str *out, struct err *e);

#endif
