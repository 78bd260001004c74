# SPDX-License-Identifier: LGPL-2.1-or-later
# bats file_tags=user
load ../helpers

@test "must_fail takes the very status and no signal" {
    must_fail 3 sh -c 'exit 3'
    must_fail any sh -c 'exit 7'
    run ! must_fail 3 sh -c 'exit 4'
    run ! must_fail any sh -c 'kill -SEGV $$'
}

@test "what a test started is gone when it has ended, first half" {
    setsid sleep 987 &
    disown
    wait_for pgrep -f 'sleep 98[7]'
}

@test "what a test started is gone when it has ended, second half" {
    [ "${VMUTILS_TEST_ALONE:-}" = yes ] || skip "needs namespaces"
    ! pgrep -f 'sleep 98[7]'
}

# bats test_tags=user
@test "the throw-away user is not root and has a home" {
    [ "${VMUTILS_TEST_AS:-}" != user ] || [ "$(id -u)" != 0 ]
    touch "$HOME/x" "$T/x"
}
