/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/filter.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef ARCH

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW_WORD(at) (at)
#else
#define LOW_WORD(at) ((at) + 4)
#endif

enum { X32 = 0x40000000 };

struct writer {
    struct sock_filter *at;
    unsigned short n;
};

static void put(struct writer *w, unsigned code, unsigned char when_true, unsigned char when_false, unsigned k)
{
    w->at[w->n++] = (struct sock_filter){ (unsigned short)code, when_true, when_false, k };
}

static void put_return(struct writer *w, unsigned verdict)
{
    put(w, BPF_RET | BPF_K, 0, 0, verdict);
}

static void put_rule(struct writer *w, const struct filter_rule *r)
{
    unsigned short call = w->n;
    put(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, r->call);
    if (r->nth)
        put(w, BPF_LD | BPF_W | BPF_ABS, 0, 0, LOW_WORD((unsigned)(offsetof(struct seccomp_data, args) + (r->nth - 1) * sizeof(uint64_t))));
    if (r->by_bit) {
        put(w, BPF_JMP | BPF_JGE | BPF_K, 4, 0, 32);
        put(w, BPF_MISC | BPF_TAX, 0, 0, 0);
        put(w, BPF_LD | BPF_IMM, 0, 0, r->arg);
        put(w, BPF_ALU | BPF_RSH | BPF_X, 0, 0, 0);
    }
    if (r->nth) {
        put(w, BPF_JMP | BPF_K | (r->by_bit ? BPF_JSET : BPF_JEQ), 1, 0, r->by_bit ? 1 : r->arg);
        put_return(w, SECCOMP_RET_ERRNO | EPERM);
    }
    put_return(w, r->verdict);
    w->at[call].jf = (unsigned char)(w->n - call - 1);
}

static void put_rules(struct writer *w, const struct filter_rule *rules, size_t n, unsigned otherwise)
{
    if (n <= 3) {
        for (size_t i = 0; i < n; i++)
            put_rule(w, &rules[i]);
        put_return(w, otherwise);
        return;
    }
    /* A jump reaches 255 steps; the first half may be longer, an unconditional jump is not limited. */
    unsigned short fork = w->n;
    put(w, BPF_JMP | BPF_JGE | BPF_K, 0, 1, rules[n / 2].call);
    put(w, BPF_JMP | BPF_JA, 0, 0, 0);
    put_rules(w, rules, n / 2, otherwise);
    w->at[fork + 1].k = (unsigned)(w->n - fork - 2);
    put_rules(w, rules + n / 2, n - n / 2, otherwise);
}

static int by_call(const void *a, const void *b)
{
    const struct filter_rule *x = a, *y = b;
    return (x->call > y->call) - (x->call < y->call);
}

unsigned short filter_make(struct sock_filter *program, struct filter_rule *rules, size_t n, unsigned otherwise)
{
    struct writer w = { program, 0 };
    qsort(rules, n, sizeof *rules, by_call);
    put(&w, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
    put(&w, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCH);
    put_return(&w, SECCOMP_RET_KILL_PROCESS);
    put(&w, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    /* The same calls by other numbers. */
    put(&w, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32);
    put_return(&w, SECCOMP_RET_KILL_PROCESS);
#endif
    put_rules(&w, rules, n, otherwise);
    return w.n;
}

#endif
