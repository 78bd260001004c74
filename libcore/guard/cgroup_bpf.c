/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/cgroup_bpf.h"

#include <bpf/bpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { PROGRAMS = 16, INSNS = 1 << 16 };

static struct {
    __typeof__(&bpf_prog_load) prog_load;
    __typeof__(&bpf_prog_attach) prog_attach;
    __typeof__(&bpf_prog_query) prog_query;
    __typeof__(&bpf_prog_get_fd_by_id) prog_get_fd_by_id;
    __typeof__(&bpf_obj_get_info_by_fd) obj_get_info_by_fd;
} lib;

/* Most commands never need it, and it takes as long to load as all else together. */
static bool load_library(struct err *e)
{
    const struct {
        const char *name;
        void **to;
    } names[] = {
        { "bpf_prog_load", (void **)&lib.prog_load },
        { "bpf_prog_attach", (void **)&lib.prog_attach },
        { "bpf_prog_query", (void **)&lib.prog_query },
        { "bpf_prog_get_fd_by_id", (void **)&lib.prog_get_fd_by_id },
        { "bpf_obj_get_info_by_fd", (void **)&lib.obj_get_info_by_fd },
    };
    void *so = lib.obj_get_info_by_fd ? NULL : dlopen("libbpf.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!so && !lib.obj_get_info_by_fd)
        return err_set(e, ST_FAILED, "BPF programs need libbpf: %s", dlerror());
    for (size_t i = 0; so && i < sizeof names / sizeof *names; i++)
        if (!(*names[i].to = dlsym(so, names[i].name)))
            return err_set(e, ST_FAILED, "libbpf has no %s", names[i].name);
    return true;
}

const char *bpf_rule_next(const char *text, struct bpf_rule *rule)
{
    int used = 0;
    *rule = (struct bpf_rule){ .minor = -1 };
    while (*text == ',' || *text == ' ')
        text++;
    if (sscanf(text, "%c %ld:%ld %3[rwm]%n", &rule->type, &rule->major, &rule->minor, rule->access, &used) < 4)
        sscanf(text, "%c %ld:* %3[rwm]%n", &rule->type, &rule->major, rule->access, &used);
    return used && (rule->type == 'b' || rule->type == 'c') ? text + used : NULL;
}

/* What the program sees at r1: access << 16 | type, major, minor (struct bpf_cgroup_dev_ctx). Registers: r2 type,
 * r3 access, r4 major, r5 minor. */
static const struct bpf_insn head[] = {
    { .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1, .off = 0 },
    { .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 3, .src_reg = 2 },
    { .code = BPF_ALU64 | BPF_RSH | BPF_K, .dst_reg = 3, .imm = 16 },
    { .code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = 2, .imm = 0xffff },
    { .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 4, .src_reg = 1, .off = 4 },
    { .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 5, .src_reg = 1, .off = 8 },
};
enum { HEAD = sizeof head / sizeof *head, PER_RULE = 8, TAIL = 2 };

static int access_bits(const char *text)
{
    return (strchr(text, 'r') ? BPF_DEVCG_ACC_READ : 0) | (strchr(text, 'w') ? BPF_DEVCG_ACC_WRITE : 0) |
           (strchr(text, 'm') ? BPF_DEVCG_ACC_MKNOD : 0);
}

/* Each jump goes to the next rule. */
static size_t put_rule(struct bpf_insn *to, const struct bpf_rule *r)
{
    enum { JNE = BPF_JMP | BPF_JNE | BPF_K };
    size_t n = 0, len = r->minor < 0 ? PER_RULE - 1 : PER_RULE;
    to[n++] = (struct bpf_insn){ .code = JNE, .dst_reg = 2, .imm = r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR };
    to[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 0, .src_reg = 3 };
    to[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = 0, .imm = ~access_bits(r->access) };
    to[n++] = (struct bpf_insn){ .code = JNE, .dst_reg = 0, .imm = 0 };
    to[n++] = (struct bpf_insn){ .code = JNE, .dst_reg = 4, .imm = (int32_t)r->major };
    if (r->minor >= 0)
        to[n++] = (struct bpf_insn){ .code = JNE, .dst_reg = 5, .imm = (int32_t)r->minor };
    to[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 };
    to[n++] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
    for (size_t i = 0; i < n; i++)
        if (to[i].code == JNE)
            to[i].off = (int16_t)(len - i - 1);
    return n;
}

bool bpf_possible(const char *dir, struct err *e)
{
    uint32_t n = 0;
    if (!load_library(e))
        return false;
    autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* There may be more programs than the none that there is room for. */
    return (fd >= 0 && (lib.prog_query(fd, BPF_CGROUP_DEVICE, 0, NULL, NULL, &n) == 0 || errno == ENOSPC)) ||
           err_errno(e, "BPF programs of %s", dir);
}

bool bpf_attach_rules(int group, const char *rules, struct err *e)
{
    struct bpf_rule rule;
    size_t n = 0, max = HEAD + TAIL;
    for (const char *p = rules; (p = bpf_rule_next(p, &rule));)
        max += PER_RULE;
    autofree struct bpf_insn *code = calloc(max, sizeof *code);
    if (!code || !load_library(e))
        return code ? false : err_errno(e, "device rules");
    memcpy(code, head, sizeof head);
    n = HEAD;
    for (const char *p = rules; (p = bpf_rule_next(p, &rule));)
        n += put_rule(code + n, &rule);
    code[n++] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 };
    code[n++] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
    autoclose int prog = lib.prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, "vmutils", "GPL", code, n, NULL);
    if (prog < 0)
        return err_errno(e, "device rules: cannot load a BPF program");
    if (lib.prog_attach(prog, group, BPF_CGROUP_DEVICE, BPF_F_ALLOW_MULTI) < 0)
        return err_errno(e, "device rules: cannot attach a BPF program");
    return true;
}

/* The rules that a program of this form has; anything else in it is passed over. */
static void decode(const struct bpf_insn *code, size_t n, struct str *out)
{
    struct bpf_rule r = { .major = -1, .minor = -1 };
    int access = 0, result = 0;
    for (size_t i = 0; i < n; i++) {
        const struct bpf_insn *x = &code[i];
        bool jne = x->code == (BPF_JMP | BPF_JNE | BPF_K);
        if (jne && x->dst_reg == 2)
            r = (struct bpf_rule){ .type = x->imm == BPF_DEVCG_DEV_BLOCK ? 'b' : 'c', .major = -1, .minor = -1 };
        else if (x->code == (BPF_ALU64 | BPF_AND | BPF_K) && x->dst_reg == 0)
            access = ~x->imm;
        else if (jne && x->dst_reg == 4)
            r.major = x->imm;
        else if (jne && x->dst_reg == 5)
            r.minor = x->imm;
        else if (x->code == (BPF_ALU64 | BPF_MOV | BPF_K) && x->dst_reg == 0)
            result = x->imm;
        if (x->code != (BPF_JMP | BPF_EXIT) || !result || !r.type || r.major < 0)
            continue;
        str_addf(out, "%c %ld:", r.type, r.major);
        if (r.minor < 0)
            str_addc(out, '*');
        else
            str_addf(out, "%ld", r.minor);
        str_addf(out, " %s%s%s\n", access & BPF_DEVCG_ACC_READ ? "r" : "", access & BPF_DEVCG_ACC_WRITE ? "w" : "",
                 access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
        r.type = 0;
    }
}

bool bpf_show_rules(int group, struct str *out, struct err *e)
{
    uint32_t ids[PROGRAMS], n = PROGRAMS;
    if (!load_library(e))
        return false;
    if (lib.prog_query(group, BPF_CGROUP_DEVICE, 0, NULL, ids, &n) < 0)
        return err_errno(e, "device rules: cannot ask for BPF programs");
    for (uint32_t i = 0; i < n; i++) {
        autofree struct bpf_insn *code = calloc(INSNS, sizeof *code);
        struct bpf_prog_info info = { .xlated_prog_len = INSNS * sizeof *code, .xlated_prog_insns = (uintptr_t)code };
        uint32_t len = sizeof info;
        autoclose int prog = lib.prog_get_fd_by_id(ids[i]);
        if (!code || prog < 0 || lib.obj_get_info_by_fd(prog, &info, &len) < 0)
            return err_errno(e, "device rules: cannot read the BPF program %u", ids[i]);
        if (i)
            str_addc(out, '\n');
        decode(code, info.xlated_prog_len / sizeof *code, out);
    }
    return true;
}
