#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Documents that break a rule: tests/data/refused/RULE-WHAT.xml must be refused by that rule, named with file and line.
load ../helpers

@test "every document of tests/data/refused is refused by the rule in its name" {
    local xml name rule failed=
    for xml in "$TOP"/tests/data/refused/*.xml; do
        name=$(basename "$xml" .xml)
        must_fail 1 xml-expand --caps "$TOP/tests/data/caps/x86_64-tcg.caps" "$xml"
        rule=$(sed -n 's/.*(rule \([a-z-]*\))$/\1/p' <<<"$err" | head -n 1)
        [[ -n $rule && $name == "$rule"-* && $err == *"$xml:"* ]] || failed+=" $name ($err)"
    done
    same "$failed" ""
}

@test "all broken rules are told at once" {
    must_fail 1 xml-expand --caps "$TOP/tests/data/caps/x86_64-tcg.caps" - <<'EOF'
<domain type='qemu'>
  <name>many</name>
  <memory unit='MiB'>256</memory>
  <vcpu current='3'>2</vcpu>
  <cputune><vcpupin vcpu='0' cpuset='first'/></cputune>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices>
</domain>
EOF
    contains "$err" "(rule topology)" "(rule pinning)"
}

@test "a wrong value names the element as the document has it" {
    domain web "<serial type='foo'/>"
    must_fail 1 xml-to-argv web.xml
    contains "$err" "web.xml:9: <serial> type 'foo': not one of null, "
}
