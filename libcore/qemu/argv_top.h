/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef QEMU_ARGV_TOP_H
#define QEMU_ARGV_TOP_H

#include "qemu/argv.h"

/* The parts of the command line that are no devices, in the order that argv_build calls them. */
bool argv_firmware(struct argv *a); /* -blockdev of the flash images, -bios */
bool argv_machine(struct argv *a);  /* -machine, -accel */
bool argv_cpu(struct argv *a);      /* -cpu */
bool argv_memory(struct argv *a);   /* -m, -object memory-backend-*, -overcommit */
bool argv_cpus(struct argv *a);     /* -smp */
bool argv_numa(struct argv *a);     /* -numa with the memory of the cells */
bool argv_iothreads(struct argv *a);
bool argv_smbios(struct argv *a);   /* -smbios, -fw_cfg */
bool argv_clock(struct argv *a);    /* -rtc, timers */
bool argv_power(struct argv *a);    /* -no-acpi, sleep states, -no-shutdown */
bool argv_boot(struct argv *a);     /* -boot, -kernel and company */
bool argv_launch_security(struct argv *a);
bool argv_passthrough(struct argv *a); /* <qemu:commandline>; unused overrides are refused */

/* One memory backend: "memory-backend-ram" and so on with everything that <memoryBacking> and <numatune>
 * say. cell -1: not of a NUMA cell. size in KiB. access: enum memory_access of the cell or device, 0 for the
 * domain's. canonical: it takes the place of the machine's own RAM, whose migration name it keeps. */
struct props *argv_memory_backend(struct argv *a, const char *id, uint64_t size, long cell, int access, bool discard,
                                  bool canonical);
/* Initial memory in KiB: all but what memory devices bring. */
uint64_t argv_initial_memory(const struct domain *d);

#endif
