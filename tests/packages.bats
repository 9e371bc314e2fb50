#!/usr/bin/env bats
# The Debian packages: their contents, and (AUDIT_LONG=1) that they build to the same bytes twice,
# install into a fresh Debian, work there, and leave nothing behind.  The long part takes minutes,
# needs root, the packages of `./bootstrap deb` and of the tests, and a Debian mirror:
# $AUDIT_MIRROR, or deb.debian.org.
#
# The long part takes minutes, needs root, the packages of `./bootstrap deb` and of the tests, and a
# Debian mirror: $AUDIT_MIRROR, or deb.debian.org.
load common

MIRROR=${AUDIT_MIRROR:-http://deb.debian.org/debian}

# needs COMMAND...: the test cannot run without them.
needs() {
    local command
    for command; do
        command -v "$command" >/dev/null || skip "$command is not here"
    done
    [ "$(id -u)" = 0 ] || skip "this needs root"
}

is_long() {
    [ -n "${AUDIT_LONG-}" ] || skip "takes minutes; AUDIT_LONG=1 runs it"
    [ -z "${AUDIT_SANITIZED-}" ] || skip "packages have no sanitizers"
}

# build_packages DIRECTORY COMMAND...: builds a copy of the source there, under the command.
build_packages() {
    local directory=$1
    shift
    mkdir -p "$directory/source"
    # Both builds have the same source, even if it changes in the meantime.
    [ -e "$BATS_FILE_TMPDIR/source.tar" ] ||
        tar -C "$AUDIT_SOURCE" -cf "$BATS_FILE_TMPDIR/source.tar" --exclude=.git --exclude='./build*' \
            --exclude=./demo-out --exclude=./autom4te.cache .
    tar -C "$directory/source" -xf "$BATS_FILE_TMPDIR/source.tar"
    (cd "$directory/source" && env DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" "$@" \
        dpkg-buildpackage -us -uc -b >"$directory/log" 2>&1) || {
        tail -n 30 "$directory/log"
        return 1
    }
}

# The packages of the first build, which the tests share; or those in $AUDIT_PACKAGES.
first_build() {
    echo "${AUDIT_PACKAGES:-$BATS_FILE_TMPDIR/first}"
}

# packages DIRECTORY: those to install, without the debugging symbols.
packages() {
    find "$1" -maxdepth 1 -name '*.deb' ! -name '*-dbgsym_*' | sort
}

built() {
    [ -n "$(packages "$(first_build)")" ] || build_packages "$(first_build)" env
}

# fresh_debian ROOT: a minimal Debian with the packages' dependencies, and without the packages.
fresh_debian() {
    local base=${AUDIT_DEBIAN_BASE:-$BATS_FILE_TMPDIR/base}
    if [ ! -d "$base" ]; then
        debootstrap --variant=minbase bookworm "$base" "$MIRROR" >debootstrap.log 2>&1 || {
            tail -n 5 debootstrap.log
            return 1
        }
    fi
    cp -a "$base" "$1"
    packages "$(first_build)" | xargs cp -t "$1/tmp"
    local depends
    # A package's first alternative, and what is needed to boot and test the installation.
    mapfile -t depends < <(packages "$(first_build)" | xargs -I{} dpkg-deb -f {} Depends | tr ',' '\n' |
        sed 's/[(|].*//; s/ //g' | grep -v '^audit-' | sort -u)
    install_in "$1" "${depends[@]}" systemd-sysv dbus python3-minimal logrotate
}

# in_root ROOT COMMAND...: with /proc and /dev, in a mount namespace of its own.
in_root() {
    local root=$1
    shift
    # shellcheck disable=SC2016 # the inner shell expands
    unshare --mount sh -ec 'root=$1; shift
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
            chroot "$root" "$@"' sh "$root" "$@"
}

install_in() { # ROOT PACKAGE...
    local root=$1
    shift
    in_root "$root" sh -c 'apt-get -q update && apt-get -y -q install --no-install-recommends "$@"' sh "$@" \
        >install.log 2>&1 || {
        tail -n 20 install.log
        return 1
    }
}

# files ROOT: every path with its type, except those that the machine and the package manager
# change.
files() {
    find "$1" \( -path "$1/proc" -o -path "$1/sys" -o -path "$1/dev" -o -path "$1/run" -o -path "$1/tmp" \
        -o -path "$1/var/cache" -o -path "$1/var/lib/apt/lists" -o -path "$1/var/log/apt" \) -prune -o -printf '%y %P\n' | sort
}

names_of_packages() {
    packages "$(first_build)" | sed 's,.*/,,; s/_.*//'
}

@test "each tool with its manual page and completions is in exactly one package" {
    once
    local source tool file
    for file in "$AUDIT_SOURCE"/debian/*.install; do
        if [ -x "$file" ]; then (cd "$AUDIT_SOURCE" && "$file"); else cat "$file"; fi
    done | sed 's/ .*//' | sort >installed
    [ -z "$(uniq -d installed)" ]
    for source in "$AUDIT_SOURCE"/src/audit-*.c; do
        tool=$(basename "$source" .c)
        for file in "usr/bin/$tool" "usr/share/man/man1/$tool.1" "usr/share/bash-completion/completions/$tool" \
            "usr/share/zsh/vendor-completions/_$tool" "usr/share/fish/vendor_completions.d/$tool.fish"; do
            grep -qx "$file" installed || { echo "in no package: $file"; return 1; }
        done
    done
    for file in "$AUDIT_SOURCE"/examples/*.service "$AUDIT_SOURCE"/examples/*.socket; do
        grep -qx "examples/${file##*/}" installed || { echo "in no package: $file"; return 1; }
    done
}

@test "each package has a paragraph in debian/control, and the version is the program's" {
    local file package
    for file in "$AUDIT_SOURCE"/debian/*.install; do
        package=$(basename "$file" .install)
        grep -qx "Package: $package" "$AUDIT_SOURCE/debian/control"
    done
    run_tool audit-format --version
    [[ $output == *" $(sed -n '1s/.*(\(.*\)).*/\1/p' "$AUDIT_SOURCE/debian/changelog")"* ]]
}

@test "what autopkgtest runs passes with the tools of this build" {
    AUTOPKGTEST_TMP=$PWD run_tool sh "$AUDIT_SOURCE/debian/tests/pipeline"
    assert_status 0
}

@test "two builds, in another directory, zone, language, umask and year, are the same bytes" {
    is_long
    needs dpkg-buildpackage dh faketime
    built
    umask 0027
    build_packages "$BATS_TEST_TMPDIR/somewhere/else" env TZ=Pacific/Kiritimati LC_ALL=C LANG=de_DE.UTF-8 \
        HOME=/nonexistent USER=nobody DEB_BUILD_OPTIONS='nocheck parallel=1' faketime -f +400d
    local package count=0
    while IFS= read -r package; do
        echo "$package"
        cmp "$package" "$BATS_TEST_TMPDIR/somewhere/else/${package##*/}"
        count=$((count + 1))
    done < <(find "$(first_build)" -maxdepth 1 -name '*.deb')
    [ "$count" -ge 2 ]
}

@test "installed in a fresh Debian, used, removed and purged: configuration and spool are left" {
    is_long
    needs debootstrap dpkg-buildpackage dh unshare
    built
    local root=$PWD/root test names
    mapfile -t names < <(names_of_packages)
    fresh_debian "$root"
    files "$root" >before

    in_root "$root" sh -c 'apt-get -y -q install --no-install-recommends /tmp/*.deb' >>install.log 2>&1
    for test in "$AUDIT_SOURCE"/debian/tests/*; do
        [ "${test##*/}" != control ] || continue
        echo "# ${test##*/}"
        cp "$test" "$root/tmp/test"
        in_root "$root" sh -ec 'mkdir /tmp/adt; AUTOPKGTEST_TMP=/tmp/adt sh /tmp/test; rm -r /tmp/adt'
    done
    # Files of a used installation: configuration, logs, a waiting event.
    in_root "$root" sh -ec 'mkdir /etc/audit-filters/splunk
        echo secret >/etc/audit-filters/splunk/token
        cd /var/spool/audit-filters
        mkdir splunk
        echo "{}" | audit-spool splunk
        echo "{}" | audit-spool --receipts=/var/log/audit-filters/receipts.ndjson in
        audit-drain in -- cat >/dev/null
        chown -R audit-filters: . /var/log/audit-filters
        logrotate --debug /usr/share/doc/audit-filters/examples/logrotate'
    [ -s "$root/var/log/audit-filters/receipts.ndjson" ]

    in_root "$root" apt-get -y -q remove "${names[@]}" >>install.log 2>&1
    files "$root" | comm -13 before - >removed
    cat removed
    grep -q ' etc/audit-filters/splunk/token$' removed
    grep -q ' var/log/audit-filters/receipts.ndjson$' removed
    grep -q ' var/spool/audit-filters/in$' removed
    # The package manager keeps the scripts for a purge.
    ! grep -v -E ' (etc|var/log|var/spool)/audit-filters(/|$)| var/lib/(dpkg/info|systemd/deb-systemd-helper-enabled)/audit-' removed || return 1

    # In the hardest order: a package's own purge must not need the others.
    in_root "$root" apt-get -y -q purge "${names[@]}" >>install.log 2>&1
    files "$root" | comm -13 before - >purged
    cat purged
    grep -q ' var/spool/audit-filters/splunk/new/.*\.ndjson$' purged
    ! grep -v -E ' etc/audit-filters(/|$)| var/spool/audit-filters($|/splunk(/|$))' purged || return 1
    [ "$(grep -c ' etc/audit-filters' purged)" -eq 3 ]
    files "$root" | comm -23 before - >missing
    [ ! -s missing ]
}

# boot ROOT: starts the system in a container; `inside` then runs commands in it.
boot() {
    systemd-nspawn --quiet --register=no --keep-unit --private-network --console=pipe --boot \
        --directory="$1" >boot.log 2>&1 </dev/null 3>&- &
    CONTAINER=$!
    local i
    for ((i = 0; i < 900; i++)); do
        LEADER=$(pgrep -P "$CONTAINER") || LEADER=
        [ -z "$LEADER" ] || ! inside systemctl is-system-running --quiet 2>/dev/null || return 0
        if ! kill -0 "$CONTAINER" 2>/dev/null; then
            [ "$i" -gt 50 ] || skip "no container can be booted here: $(tail -n 1 boot.log)"
            break
        fi
        sleep 0.2
    done
    inside systemctl --failed --no-legend || :
    return 1
}

inside() {
    nsenter --target "$LEADER" --mount --uts --ipc --net --pid --root --wd -- "$@"
}

# From outside, on the container's network.
post() { # TOKEN BODY: prints the status
    nsenter --target "$LEADER" --net -- curl -s -o /dev/null -w '%{http_code}' --max-time 300 \
        -H "Authorization: Bearer $1" --data-binary "$2" http://127.0.0.1:8443/
}

teardown() {
    tell_failure
    if [ -n "${CONTAINER-}" ]; then
        kill "$CONTAINER" 2>/dev/null || :
        wait "$CONTAINER" || :
    fi
}

state() { # UNIT PROPERTY VALUE
    [ "$(inside systemctl show --property="$2" --value "$1")" = "$3" ]
}

@test "the services under a real systemd: first start, mistakes, a kill, a delivery, a stop" {
    is_long
    needs debootstrap dpkg-buildpackage dh unshare systemd-nspawn nsenter curl
    built
    local root=$PWD/root
    fresh_debian "$root"
    in_root "$root" sh -c 'apt-get -y -q install --no-install-recommends /tmp/*.deb' >>install.log 2>&1
    boot "$root"

    # After the installation, services without a configuration do not run, and nothing has failed.
    [ -z "$(inside systemctl --failed --no-legend)" ]
    state audit-receive.socket ActiveState inactive
    state audit-receive.socket UnitFileState disabled

    # Without tokens the service reports what is missing, once.
    run ! inside systemctl start audit-receive.service
    inside systemctl status --no-pager audit-receive.service | grep -F 'AssertPathExists=/etc/audit-filters/receive/tokens was not met'
    state audit-receive.service NRestarts 0

    # A mistake in the options is reported, once.
    mkdir -p "$root/etc/audit-filters/receive"
    install -m 600 /dev/stdin "$root/etc/audit-filters/receive/tokens" <<<'right-token'
    echo 'AUDIT_RECEIVE_OPTIONS=--no-such-option' >"$root/etc/audit-filters/receive/environment"
    inside systemctl start audit-receive.service || :
    eventually state audit-receive.service ActiveState failed
    sleep 6
    state audit-receive.service NRestarts 0
    state audit-receive.service ExecMainStatus 2
    inside journalctl --no-pager -u audit-receive.service | grep -F no-such-option
    rm "$root/etc/audit-filters/receive/environment"
    inside systemctl reset-failed

    # As in the manual: the receiver, and a destination that stores files.
    inside systemctl enable --now audit-receive.socket
    mkdir -p "$root/etc/audit-filters/in/credentials" "$root/etc/systemd/system/audit-drain@in.service.d"
    inside install -d -o audit-filters -g audit-filters /srv/archive
    echo present >"$root/etc/audit-filters/in/credentials/token"
    install -m 755 /dev/stdin "$root/etc/audit-filters/in/deliver" <<'END'
#!/bin/sh
test "$(cat "$CREDENTIALS_DIRECTORY/credentials_token")" = present || exit 2
audit-path | audit-fileput /srv/archive
END
    printf '[Service]\nReadWritePaths=/srv/archive\n' >"$root/etc/systemd/system/audit-drain@in.service.d/archive.conf"
    inside systemctl daemon-reload
    inside systemctl enable --now audit-drain@in.service
    [ "$(post wrong-token '{}')" = 401 ]
    local i
    for i in 1 2 3; do
        [ "$(post right-token "{\"event\":\"user_login\",\"timestamp\":\"2024-05-0${i}T08:00:00Z\",\"user\":{\"id\":1},\"team\":{\"id\":73}}")" = 200 ]
    done
    stored() { [ "$(find "$root/srv/archive" -name '*.json' | wc -l)" -eq "$1" ]; }
    eventually stored 3
    state audit-receive.service ActiveState active
    state audit-receive.service User audit-filters

    # Killed, both come back; the socket refuses no connection meanwhile.
    inside systemctl kill --signal=KILL audit-receive.service audit-drain@in.service
    [ "$(post right-token '{"event":"user_login","timestamp":"2024-05-04T08:00:00Z","user":{"id":1},"team":{"id":73}}')" = 200 ]
    eventually stored 4
    state audit-drain@in.service NRestarts 1

    # The statuses of a clean stop are 0.
    inside systemctl stop audit-receive.socket audit-receive.service audit-drain@in.service
    state audit-receive.service Result success
    state audit-drain@in.service Result success
    [ -z "$(inside systemctl --failed --no-legend)" ]

    # A removal stops running services, and systemd forgets them.
    inside systemctl start audit-receive.socket audit-drain@in.service
    local names
    mapfile -t names < <(names_of_packages)
    inside env DEBIAN_FRONTEND=noninteractive apt-get -y -q purge "${names[@]}" >>install.log 2>&1
    inside systemctl stop 'audit-drain@*.service'
    run ! inside systemctl is-active --quiet audit-receive.socket
    [ -z "$(inside systemctl list-unit-files --no-legend 'audit-*')" ]
}
