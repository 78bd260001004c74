/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain/clock.h"

const char *const clock_offset_names[] = { NULL, "utc", "localtime", "variable", "timezone", "absolute" };
const char *const clock_basis_names[] = { NULL, "utc", "localtime" };
const char *const timer_name_names[] = { NULL, "platform", "pit", "rtc", "hpet", "tsc", "kvmclock", "hypervclock", "armvtimer" };
const char *const tickpolicy_names[] = { NULL, "delay", "catchup", "merge", "discard" };
const char *const timer_track_names[] = { NULL, "boot", "guest", "wall", "realtime" };
const char *const timer_mode_names[] = { NULL, "auto", "native", "emulate", "paravirt", "smpsafe" };

static const struct field timer_fields[] = {
    { "@name", K_ENUM, AT(struct timer, name), NAMES(timer_name_names), .flags = F_REQUIRED },
    { "@present", K_YESNO, AT(struct timer, present) },
    { "@tickpolicy", K_ENUM, AT(struct timer, tickpolicy), NAMES(tickpolicy_names) },
    { "@track", K_ENUM, AT(struct timer, track), NAMES(timer_track_names) },
    { "@frequency", K_U64, AT(struct timer, frequency) },
    { "@mode", K_ENUM, AT(struct timer, mode), NAMES(timer_mode_names) },
    { "catchup@threshold", K_U64, AT(struct timer, threshold) },
    { "catchup@slew", K_U64, AT(struct timer, slew) },
    { "catchup@limit", K_U64, AT(struct timer, limit) },
};
static const struct element timer_element = { "timer", sizeof(struct timer), FIELDS(timer_fields) };

static const struct field clock_fields[] = {
    { "@offset", K_ENUM, AT(struct domain_clock, offset), NAMES(clock_offset_names) },
    { "@adjustment", K_STR, AT(struct domain_clock, adjustment) },
    { "@basis", K_ENUM, AT(struct domain_clock, basis), NAMES(clock_basis_names) },
    { "@timezone", K_STR, AT(struct domain_clock, timezone) },
    { "@start", K_I64, AT(struct domain_clock, start) },
    { "timer", K_LIST, AT(struct domain_clock, timers), .sub = &timer_element },
};
const struct element clock_element = { "clock", sizeof(struct domain_clock), FIELDS(clock_fields) };

const struct timer *clock_timer(const struct domain_clock *c, enum timer_name name)
{
    for (size_t i = 0; i < c->timers.n; i++)
        if (c->timers.v[i]->name == name)
            return c->timers.v[i];
    return NULL;
}
