/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DOMAIN_CLOCK_H
#define DOMAIN_CLOCK_H

#include "xml/vocab.h"

/* <clock> and its timers. */

enum clock_offset { CLOCK_UNSET, CLOCK_UTC, CLOCK_LOCALTIME, CLOCK_VARIABLE, CLOCK_TIMEZONE, CLOCK_ABSOLUTE, CLOCK_OFFSETS };
extern const char *const clock_offset_names[CLOCK_OFFSETS];
enum clock_basis { BASIS_UNSET, BASIS_UTC, BASIS_LOCALTIME, CLOCK_BASES };
extern const char *const clock_basis_names[CLOCK_BASES];
enum timer_name { TIMER_UNSET, TIMER_PLATFORM, TIMER_PIT, TIMER_RTC, TIMER_HPET, TIMER_TSC, TIMER_KVMCLOCK,
                  TIMER_HYPERVCLOCK, TIMER_ARMVTIMER, TIMER_NAMES };
extern const char *const timer_name_names[TIMER_NAMES];
enum tickpolicy { TICK_UNSET, TICK_DELAY, TICK_CATCHUP, TICK_MERGE, TICK_DISCARD, TICKPOLICIES };
extern const char *const tickpolicy_names[TICKPOLICIES];
enum timer_track { TRACK_UNSET, TRACK_BOOT, TRACK_GUEST, TRACK_WALL, TRACK_REALTIME, TIMER_TRACKS };
extern const char *const timer_track_names[TIMER_TRACKS];
enum timer_mode { TIMER_MODE_UNSET, TIMER_AUTO, TIMER_NATIVE, TIMER_EMULATE, TIMER_PARAVIRT, TIMER_SMPSAFE, TIMER_MODES };
extern const char *const timer_mode_names[TIMER_MODES];

struct timer {
    struct meta meta;
    enum timer_name name;
    enum tri present;
    enum tickpolicy tickpolicy;
    enum timer_track track;
    struct num frequency; /* Hz */
    enum timer_mode mode;
    struct num threshold, slew, limit; /* of catchup */
};

struct domain_clock {
    struct meta meta;
    enum clock_offset offset;
    const char *adjustment; /* seconds, or "reset" */
    enum clock_basis basis;
    const char *timezone;
    struct inum start; /* seconds since 1970 */
    LIST(struct timer) timers;
};
extern const struct element clock_element;

/* The timer of that name, NULL if the domain says nothing of it. */
const struct timer *clock_timer(const struct domain_clock *c, enum timer_name name);

#endif
