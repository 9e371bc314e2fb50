#!/usr/bin/env bats
# Services and log rotation: the units are sound and sandboxed, and rotation loses no line.
load common

units() {
    find "$AUDIT_SOURCE/examples" -name '*.service'
}

# The directory of units as they are installed: their programs are this build's.
installed_units() {
    mkdir -p units
    local file
    for file in "$AUDIT_SOURCE"/examples/*.service "$AUDIT_SOURCE"/examples/*.socket; do
        sed "s#/usr/bin/audit-#$AUDIT_BUILD/audit-#; s#/etc/audit-filters/[^ ]*/deliver#/bin/true#" "$file" >"units/$(basename "$file")"
    done
}

@test "systemd-analyze verify has nothing to say of the units" {
    once
    command -v systemd-analyze >/dev/null || skip "systemd-analyze is not here"
    installed_units
    mv units/audit-drain@.service units/audit-drain@splunk.service
    run systemd-analyze verify --man=no --generators=no units/audit-receive.socket \
        units/audit-receive.service units/audit-drain@splunk.service
    echo "$output"
    # It also reports what is missing on this machine; that does not concern these units.
    if grep -E '(^|[ /])audit-' <<<"$output"; then
        return 1
    fi
}

@test "systemd-analyze security gives each service at most 2.0" {
    once
    command -v systemd-analyze >/dev/null || skip "systemd-analyze is not here"
    local unit
    for unit in $(units); do
        run systemd-analyze security --no-pager --offline=true --threshold=20 "$unit"
        echo "$output" | tail -n 2
        [ "$status" -eq 0 ]
    done
}

@test "a service that is misconfigured is not restarted for ever" {
    once
    local unit
    for unit in $(units); do
        echo "$unit"
        grep -qx 'Restart=on-failure' "$unit"
        grep -qx 'RestartPreventExitStatus=2 CREDENTIALS' "$unit"
    done
}

# store_rounds WRITER ROUNDS: 50 good lines and a bad one in each round; the first half in one run
# that lasts for all rounds, the others each in a run of its own, as from cron.
store_rounds() {
    local writer=$1 rounds=$2 round
    round_lines() {
        seq 50 | sed "s#.*#{\"path\":\"$writer/$round/&.json\",\"event\":{\"n\":&}}#"
        echo "bad $writer $round"
        sleep 0.03
    }
    store() {
        audit-fileput --sync=none --receipts=log/receipts.ndjson --rejects=log/rejects.ndjson store 2>/dev/null || :
    }
    for ((round = 0; round < rounds / 2; round++)); do
        round_lines
    done | store
    for ((round = rounds / 2; round < rounds; round++)); do
        round_lines | store
    done
}

@test "rotation while tools write: no line of receipts or rejects is lost or torn" {
    command -v logrotate >/dev/null || skip "logrotate is not here"
    mkdir log store
    # Rotated many times a second: nothing is compressed while a run still writes to it.
    sed -e "s#/var/log/audit-filters#$PWD/log#" -e '/^    su /d' -e '/compress/d' -e '/systemctl/d' \
        "$AUDIT_SOURCE/examples/logrotate" >rotate.conf
    local i writers=() rounds=20
    for i in 1 2 3; do
        store_rounds "$i" "$rounds" &
        writers+=($!)
    done
    while kill -0 "${writers[@]}" 2>/dev/null; do
        logrotate --force --state "$PWD/state" rotate.conf
        sleep 0.1
    done
    wait "${writers[@]}" || :
    [ "$(find log -name 'receipts.ndjson*' | wc -l)" -gt 1 ]
    [ "$(find log -name "receipts.ndjson*" -exec cat {} + | wc -l)" -eq $((3 * rounds * 51)) ]
    [ "$(find log -name "receipts.ndjson*" -exec cat {} + | python3 -c 'import sys, json
print(sum(json.loads(line)["outcome"] == "delivered" for line in sys.stdin))')" -eq $((3 * rounds * 50)) ]
    [ "$(find log -name "rejects.ndjson*" -exec cat {} + | sort)" = "$(for i in 1 2 3; do for ((round = 0; round < rounds; round++)); do echo "bad $i $round"; done; done | sort)" ]
}
