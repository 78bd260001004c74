/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard/cgroup_systemd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

#if __has_include(<systemd/sd-bus.h>)
#include <dlfcn.h>
#include <systemd/sd-bus.h>

#define MANAGER "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
#define FUNCTIONS(X)                                                                                                  \
    X(sd_bus_open_system) X(sd_bus_open_user) X(sd_bus_call_method) X(sd_bus_match_signal) X(sd_bus_message_new_method_call)              \
    X(sd_bus_message_append) X(sd_bus_call) X(sd_bus_message_read) X(sd_bus_process) X(sd_bus_wait)                    \
    X(sd_bus_error_free) X(sd_bus_message_unref) X(sd_bus_slot_unref) X(sd_bus_flush_close_unref)                      \
    X(sd_bus_set_method_call_timeout)

#define MEMBER(f) __typeof__(&f) f;
static struct {
    FUNCTIONS(MEMBER)
} sd;

const char *systemd_missing(void)
{
    return NULL;
}

static bool load(char *why, size_t size)
{
    void *so = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    bool ok = so != NULL;
#define FIND(f) ok = ok && (sd.f = (__typeof__(&f))dlsym(so, #f)) != NULL;
    FUNCTIONS(FIND)
    if (!ok)
        snprintf(why, size, "%s", dlerror());
    return ok;
}

static bool failed(int r, const sd_bus_error *error, char *why, size_t size)
{
    if (r < 0)
        snprintf(why, size, "%s", error && error->message ? error->message : strerror(-r));
    return r < 0;
}

struct job {
    const char *path;
    char result[32];
};

static int job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    struct job *job = userdata;
    uint32_t id;
    const char *path, *unit, *result;
    (void)error;
    if (sd.sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && streq(path, job->path))
        snprintf(job->result, sizeof job->result, "%s", result);
    return 0;
}

/* A job is done some time after the call that made it has returned. */
static bool await_job(sd_bus *bus, struct job *job, int timeout_ms, char *why, size_t size)
{
    long long deadline = now_ms() + timeout_ms;
    while (!*job->result) {
        int r = sd.sd_bus_process(bus, NULL);
        if (r == 0 && ms_left(deadline) > 0)
            r = sd.sd_bus_wait(bus, (uint64_t)ms_left(deadline) * 1000);
        else if (r == 0)
            r = -ETIMEDOUT;
        if (failed(r, NULL, why, size))
            return false;
    }
    if (streq(job->result, "done"))
        return true;
    snprintf(why, size, "its job ended with '%s'", job->result);
    return false;
}

/* At shutdown units are stopped in the reverse order: guests are asked before their scopes go. */
static int append(sd_bus_message *m, const struct systemd_scope *s)
{
#define BEFORE_PIDS m, "ssa(sv)a(sa(sv))", s->unit, "fail", 5, "Description", "s", "Virtual machine of vmutils", "Slice", "s", s->slice, "PIDs", "au"
#define AFTER_PIDS  "Delegate", "b", 1, "Before", "as", 1, "vmutils.service", 0
    return s->n > 1 ? sd.sd_bus_message_append(BEFORE_PIDS, 2, (uint32_t)s->pid[0], (uint32_t)s->pid[1], AFTER_PIDS)
                    : sd.sd_bus_message_append(BEFORE_PIDS, 1, (uint32_t)s->pid[0], AFTER_PIDS);
}

static bool start(sd_bus *bus, const struct systemd_scope *s, int timeout_ms, char *why, size_t size)
{
    sd_bus_message *m = NULL, *reply = NULL;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_slot *slot = NULL;
    struct job job = { 0 };
    int r = sd.sd_bus_call_method(bus, MANAGER, "Subscribe", NULL, NULL, "");
    r = sd.sd_bus_match_signal(bus, &slot, MANAGER, "JobRemoved", job_removed, &job);
    if (r >= 0)
        r = sd.sd_bus_message_new_method_call(bus, &m, MANAGER, "StartTransientUnit");
    if (r >= 0)
        r = append(m, s);
    if (r >= 0)
        r = sd.sd_bus_call(bus, m, 0, &error, &reply);
    if (r >= 0)
        r = sd.sd_bus_message_read(reply, "o", &job.path);
    bool ok = !failed(r, &error, why, size) && await_job(bus, &job, timeout_ms, why, size);
    sd.sd_bus_error_free(&error);
    sd.sd_bus_message_unref(m);
    sd.sd_bus_message_unref(reply);
    sd.sd_bus_slot_unref(slot);
    return ok;
}

static sd_bus *connected(bool user, int timeout_ms, char *why, size_t size)
{
    sd_bus *bus = NULL;
    if (!load(why, size) || failed(user ? sd.sd_bus_open_user(&bus) : sd.sd_bus_open_system(&bus), NULL, why, size))
        return NULL;
    sd.sd_bus_set_method_call_timeout(bus, (uint64_t)timeout_ms * 1000);
    return bus;
}

bool systemd_start_scope(const struct systemd_scope *s, int timeout_ms, char *why, size_t size)
{
    sd_bus *bus = connected(s->user, timeout_ms, why, size);
    bool ok = bus && start(bus, s, timeout_ms, why, size);
    if (bus)
        sd.sd_bus_flush_close_unref(bus);
    return ok;
}

bool systemd_stop_unit(const char *unit, int timeout_ms, char *why, size_t size)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus *bus = connected(false, timeout_ms, why, size);
    if (!bus)
        return false;
    int r = sd.sd_bus_call_method(bus, MANAGER, "StopUnit", &error, NULL, "ss", unit, "replace");
    bool ok = (r < 0 && streq(error.name, "org.freedesktop.systemd1.NoSuchUnit")) || !failed(r, &error, why, size);
    sd.sd_bus_error_free(&error);
    sd.sd_bus_flush_close_unref(bus);
    return ok;
}

#else

const char *systemd_missing(void)
{
    return "vmutils was built without libsystemd";
}

bool systemd_start_scope(const struct systemd_scope *s, int timeout_ms, char *why, size_t size)
{
    (void)s, (void)timeout_ms;
    snprintf(why, size, "%s", systemd_missing());
    return false;
}

bool systemd_stop_unit(const char *unit, int timeout_ms, char *why, size_t size)
{
    (void)unit, (void)timeout_ms;
    snprintf(why, size, "%s", systemd_missing());
    return false;
}

#endif
