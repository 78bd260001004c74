/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/threads.h"

#include <jansson.h>
#include <stdio.h>

#include "base/str.h"

static const char *const commands[] = { [THREAD_VCPU] = "query-cpus-fast", [THREAD_IOTHREAD] = "query-iothreads" };

static bool is_it(const struct cgroup_thread *t, const json_t *row)
{
    char id[32];
    if (t->kind == THREAD_VCPU) {
        const json_t *index = json_object_get(row, "cpu-index");
        return json_is_integer(index) && json_integer_value(index) == t->number;
    }
    snprintf(id, sizeof id, "iothread%u", t->number);
    return streq(json_string_value(json_object_get(row, "id")), id);
}

static bool place_all(const struct cgroup_threads *t, enum cgroup_thread_kind kind, pid_t pid, const json_t *rows, struct err *e)
{
    size_t k;
    const json_t *row;
    for (size_t i = 0; i < t->all.n; i++)
        json_array_foreach(rows, k, row)
            if (t->all.v[i]->kind == kind && is_it(t->all.v[i], row) &&
                !cgroup_place_thread(t->all.v[i], pid, (pid_t)json_integer_value(json_object_get(row, "thread-id")), e))
                return false;
    return true;
}

bool threads_place(const struct cgroup_threads *t, pid_t pid, struct qmp *q, long long deadline, struct err *e)
{
    size_t wanted[3] = { 0 };
    for (size_t i = 0; i < t->all.n; i++)
        wanted[t->all.v[i]->kind]++;
    for (enum cgroup_thread_kind kind = THREAD_VCPU; kind <= THREAD_IOTHREAD; kind++) {
        autojson json_t *rows = NULL;
        if (wanted[kind] && (!qmp_command(q, commands[kind], NULL, deadline, &rows, e) || !place_all(t, kind, pid, rows, e)))
            return false;
    }
    for (size_t i = 0; i < t->all.n; i++)
        if (t->all.v[i]->kind == THREAD_EMULATOR && !cgroup_place_thread(t->all.v[i], pid, pid, e))
            return false;
    return true;
}
