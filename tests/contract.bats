#!/usr/bin/env bats
# The guarantees of every tool, checked for every tool.
load common
load peer
load s3
load kafka

ALL_TOOLS="audit-fileput audit-format audit-kafkaput audit-path audit-post audit-route audit-s3put audit-seal audit-select audit-spool audit-template audit-truncate"
read -ra TOOLS <<<"${AUDIT_TOOLS:-$ALL_TOOLS}" # AUDIT_TOOLS: check only these
# Tools that are not filters.  The contract tests for options apply to them.
SERVICES="audit-drain audit-kafkaget audit-prune audit-receive audit-s3get audit-report audit-verify"

# With sanitizers, which make each process start ten times as slowly, a test is run for every third
# tool, other thirds in other tests; for all of them with AUDIT_LONG=1.
if [ -n "${AUDIT_SANITIZED-}" ] && [ -z "${AUDIT_LONG-}${AUDIT_TOOLS-}" ]; then
    for ((i = BATS_TEST_NUMBER % 3; i < ${#TOOLS[@]}; i += 3)); do
        THIRD+=("${TOOLS[i]}")
    done
    TOOLS=("${THIRD[@]}")
fi

# The destination of audit-post, audit-s3put and audit-kafkaput.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    start_peer service
    echo "$url" >url
    start_s3_peer
    echo "$url" >s3-url
    start_kafka
    echo "$brokers" >brokers
    [ -n "${AUDIT_TEST_KAFKA-}" ] || kafka topic audit 1
    export AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret
    openssl genpkey -algorithm ed25519 -out seal.key
}
teardown_file() {
    also_stop "$(cat "$BATS_FILE_TMPDIR/service/pid")"
    also_stop "$(cat "$BATS_FILE_TMPDIR/peer/pid")"
    [ ! -e "$BATS_FILE_TMPDIR/kafka-pid" ] || also_stop "$(cat "$BATS_FILE_TMPDIR/kafka-pid")"
    stop_peers
}

# use TOOL: prepares an empty directory for it; $command runs it as a filter, $wrapped is 1 if its
# records must be addressed events.
use() {
    tool=$1 wrapped=0
    echo "--- $tool:"
    mkdir -p "$BATS_TEST_TMPDIR/$tool"
    cd "$BATS_TEST_TMPDIR/$tool" || return
    case $tool in
    audit-fileput) command=(audit-fileput --tee --overwrite "$PWD/store") wrapped=1 && mkdir store ;;
    audit-kafkaput)
        command=(audit-kafkaput --tee --brokers="$(<"$BATS_FILE_TMPDIR/brokers")" --topic=audit)
        ;;
    audit-path) command=(audit-path --user-id=7) ;;
    audit-post) command=(audit-post --tee --url="$(<"$BATS_FILE_TMPDIR/url")") ;;
    audit-s3put)
        command=(audit-s3put --tee --bucket=archive --endpoint="$(<"$BATS_FILE_TMPDIR/s3-url")") wrapped=1
        ;;
    audit-s3get) command=(audit-s3get --bucket=archive) ;;
    audit-prune) command=(audit-prune --keep=1y .) ;;
    audit-receive) command=(audit-receive --listen=0) ;;
    audit-kafkaget) command=(audit-kafkaget --brokers=127.0.0.1:1 --topic=audit --group=contract) ;;
    audit-drain) command=(audit-drain "$PWD/spool") && mkdir spool ;;
    audit-route) command=(audit-route --tee --segment-time=10ms "$PWD/spools") && mkdir -p spools/master ;;
    audit-spool) command=(audit-spool --tee --segment-time=10ms "$PWD/spool") && mkdir spool ;;
    audit-seal)
        command=(audit-seal --tee --key="$BATS_FILE_TMPDIR/seal.key" "$PWD/seals") wrapped=1 && mkdir seals
        ;;
    audit-template) command=(audit-template -t workato) ;;
    audit-verify) command=(audit-verify --key=log.pub "$PWD") ;;
    *) command=("$tool") ;;
    esac
}

# record N [MEMBER]: a record that $tool accepts, as a line; N is a digit, "9000N" appears in the
# output.  The event also has the member.
record() {
    local event='{"event":"user_login","timestamp":"2024-05-01 00:00:0'$1' UTC"'
    event+=',"user":{"id":9000'$1'},"team":{"id":7301}'${2:+,$2}'}'
    [ "$wrapped" = 0 ] || event='{"path":"7301/'$1'.json","event":'$event'}'
    printf '%s\n' "$event"
}

# assert_records N...: exactly these were written, in this order.
assert_records() {
    local expected="$*" found='' line lines
    mapfile -t lines <<<"$output"
    for line in "${lines[@]}"; do
        [[ $line =~ 9000([0-9]) ]] && found+=" ${BASH_REMATCH[1]}"
    done
    [ "${found# }" = "$expected" ] || { show "records '${found# }' came out, not '$expected'"; return 1; }
    [ -n "$output" ] || lines=()
    [ ${#lines[@]} -eq $# ] || { show "not a line a record"; return 1; }
}

# The file `bad`, one record as a line, is a reject, named by MESSAGE, with no other effect.
assert_one_reject() { # MESSAGE [OPTION]...
    local message=$1
    shift
    { record 1 && cat bad && record 2; } >in
    run_tool "${command[@]}" --rejects=rejects "$@" in
    assert_status 1
    assert_records 1 2
    assert_stderr_has "$tool: in:2: "
    assert_stderr_has "$message"
    [ ${#stderr_lines[@]} -eq 1 ] || { show "more than one message"; return 1; }
    cmp bad rejects
}

to_full() { "$@" >/dev/full; }
to_closed() { "$@" >&-; }
from_closed() { "$@" <&-; }
# Standard output is a pipe whose reader has gone.
to_gone() {
    local reader writer
    mkfifo gone
    exec {reader}<>gone
    exec {writer}>gone
    exec {reader}<&-
    "$@" >&"$writer"
}

@test "no tool is left out here" {
    local source
    for source in "$AUDIT_SOURCE"/src/audit-*.c; do
        source=${source##*/}
        echo "${source%.c} is not in $ALL_TOOLS"
        [[ " $ALL_TOOLS $SERVICES " == *" ${source%.c} "* ]]
    done
}

@test "no input, or only empty lines: no output, no error" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        run_tool "${command[@]}" </dev/null
        assert_status 0
        assert_output ""
        assert_stderr ""
        printf '\n\n  \t\r\n\n' >blank
        run_tool "${command[@]}" blank /dev/null
        assert_status 0
        assert_output ""
        assert_stderr ""
    done
}

@test "a last line without a newline counts, and is written with one" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 >in
        printf '%s' "$(record 2)" >>in
        "${command[@]}" in >out
        run_tool cat out
        assert_records 1 2
        [ "$(tail -c 1 out | od -An -tx1)" = " 0a" ]
    done
}

@test "a last line without a newline may be longer than any buffer" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        local size
        for size in 250000 400000 1100000; do
            record 1 >in
            record 2 '"pad":"%"' | tr -d '\n' >last
            { cut -d% -f1 last | tr -d '\n' && head -c $size /dev/zero | tr '\0' x && cut -d% -f2 last | tr -d '\n'; } >>in
            "${command[@]}" in >out
            [ "$(tail -c 1 in)" = "}" ]
            [ "$(grep -o '9000[0-9]' out | uniq | xargs)" = "90001 90002" ]
            [ "$(wc -l <out)" -eq 2 ]
            "${command[@]}" <in | cmp - out
        done
    done
}

@test "empty lines between records are skipped, and counted as lines" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        { echo && record 1 && printf ' \n\n' && echo '{"broken":nope}' && record 2; } >in
        run_tool "${command[@]}" in
        assert_status 1
        assert_records 1 2
        assert_stderr_has "$tool: in:5: "
    done
}

@test "an over-long record is one reject, kept byte for byte" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 3 "\"pad\":\"$(head -c 1000000 /dev/zero | tr '\0' x)\"" >bad
        assert_one_reject "larger than 1000 bytes" --max-record=1KB
    done
}

@test "--max-record is to the byte" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 >in
        run_tool "${command[@]}" --max-record="$(($(wc -c <in) - 1))" in
        assert_status 0
        assert_records 1
        run_tool "${command[@]}" --max-record="$(($(wc -c <in) - 2))" in
        assert_status 1
        assert_output ""
    done
}

@test "invalid UTF-8 is a reject" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 3 '"x":"'$'\xff''"' >bad
        assert_one_reject "this is not UTF-8"
        rm rejects
        record 3 '"x":"'$'\xed\xa0\x80''"' >bad
        assert_one_reject "this is not UTF-8"
    done
}

@test "a NUL byte is a reject, in a string or outside" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 3 '"x":"%"' | tr % '\0' >bad
        assert_one_reject "a control character in a string must be escaped"
        rm rejects
        record 3 '"x":%' | tr % '\0' >bad
        assert_one_reject "a value is expected here"
    done
}

@test "nested values: 1,024 are handled, 1,025 and 100,000 are a reject" {
    brackets() { head -c "$1" /dev/zero | tr '\0' "$2"; }
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        local most=1023 depth
        record 1 "\"x\":$(brackets $most '[')$(brackets $most ']')" >in
        run_tool "${command[@]}" in
        assert_status 0
        assert_stderr ""
        assert_records 1
        for depth in $((most + 1)) 100000; do
            rm -f rejects
            record 3 "\"x\":$(brackets $depth '[')$(brackets $depth ']')" >bad
            assert_one_reject "values are nested more than 1,024 deep"
        done
    done
}

@test "a reject's message shows no control character of the record" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        printf '{"event":"\033[31m","timestamp":7,"\033]0;title\007":\033[0m\n' >bad
        assert_one_reject "byte "
        [[ $stderr != *[[:cntrl:]]* ]]
    done
}

@test "--fail-fast stops at the first reject" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        { record 1 && echo '{"broken":nope}' && record 2; } >in
        run_tool "${command[@]}" --fail-fast --rejects=rejects in
        assert_status 1
        assert_records 1
        run_tool cat rejects
        assert_output '{"broken":nope}'
    done
}

@test "rejects are appended to what the file holds" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        echo earlier >rejects
        echo '{"broken":nope}' >in
        run_tool "${command[@]}" --rejects=rejects in
        assert_status 1
        run_tool cat rejects
        assert_output $'earlier\n{"broken":nope}'
    done
}

@test "a torn last line of --rejects is ended, not continued" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        printf '{"torn":' >rejects
        echo '{"broken":nope}' >in
        run_tool "${command[@]}" --rejects=rejects in
        assert_status 1
        run_tool cat rejects
        assert_output $'{"torn":\n{"broken":nope}'
    done
}

@test "an input that is also --rejects or standard output is refused" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        { record 1 && echo '{"broken":nope}'; } >both
        cp both before
        record 2 >other
        run_tool timeout 300 "${command[@]}" --rejects=both both other
        assert_status 2
        assert_stderr "$tool: both: this input file is also --rejects; write that to another file"
        assert_records 2
        cmp both before
        ln both linked
        run_tool timeout 300 "${command[@]}" --rejects=linked <both
        assert_status 2
        assert_stderr "$tool: stdin: this input file is also --rejects; write that to another file"
        # shellcheck disable=SC2094 # which is what this tests
        timeout 300 "${command[@]}" both other >>both 2>stderr && false
        [ "$(cat stderr)" = "$tool: both: this input file is also standard output; write that to another file" ]
        run_tool cat both
        assert_status 0
        [[ $output == "$(cat before)"$'\n'*90002* ]]
    done
}

@test "sinks: an input that is also --receipts is refused, and a torn receipt is ended" {
    for tool in "${TOOLS[@]}"; do
        "$tool" --help | grep -q -e ' --receipts=' || continue
        use "$tool"
        record 1 >both
        cp both before
        run_tool timeout 300 "${command[@]}" --receipts=both both
        assert_status 2
        assert_output ""
        assert_stderr "$tool: both: this input file is also --receipts; write that to another file"
        cmp both before
        printf '{"line":7,"pa' >receipts
        run_tool "${command[@]}" --receipts=receipts both
        assert_status 0
        assert_records 1
        [ "$(head -n 1 receipts)" = '{"line":7,"pa' ]
        [[ $(sed -n 2p receipts) == '{"line":1,'*'}' ]]
        [ "$(wc -l <receipts)" -eq 2 ]
    done
}

@test "several processes with one --rejects keep their lines whole" {
    local letter jobs n
    for letter in a b c; do
        for n in 1 2 3 4 5 6; do
            head -c $((n * 130000)) /dev/zero | tr '\0' $letter && echo
        done >file-$letter
    done
    cat file-? file-? | sort >expected
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        jobs=()
        for letter in a b c a b c; do
            # One process at a time writes to a log.
            local each=("${command[@]}")
            [ "$tool" != audit-seal ] || each[3]=$(mktemp -d "$PWD/seals.XXXXXX")
            timeout 300 "${each[@]}" --rejects=rejects "../file-$letter" >/dev/null 2>&1 &
            jobs+=($!)
        done
        for n in "${jobs[@]}"; do
            wait "$n" && false
        done
        sort rejects | cmp - ../expected
        rm rejects
    done
}

@test "--rejects to where nothing can be written is an error" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        { echo '{"broken":nope}' && record 1; } >in
        run_tool "${command[@]}" --rejects=no/such/place in
        assert_status 2
        assert_output ""
        assert_stderr "$tool: no/such/place: No such file or directory"
        run_tool "${command[@]}" --rejects=/dev/full in
        assert_status 2
        assert_stderr_has "$tool: /dev/full: No space left on device"
    done
}

@test "standard output on a full disk is status 2" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 >in
        run_tool to_full "${command[@]}" in
        assert_status 2
        assert_stderr "$tool: standard output: No space left on device"
    done
}

@test "a full disk is noticed long before the input's end" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        run_tool to_full timeout 300 "${command[@]}" < <(yes "$(record 1)")
        assert_status 2
        assert_stderr "$tool: standard output: No space left on device"
    done
}

@test "closed standard output is status 2, and no other file takes its place" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 >in
        run_tool to_closed "${command[@]}" --rejects=rejects in
        assert_status 2
        assert_stderr "$tool: standard output: Bad file descriptor"
        [ ! -s rejects ]
    done
}

@test "closed standard input is status 2" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        run_tool from_closed "${command[@]}"
        assert_status 2
        assert_output ""
        assert_stderr "$tool: stdin: Bad file descriptor"
    done
}

@test "a pipe whose reader has gone is status 2, with a message" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 >in
        run_tool to_gone "${command[@]}" in
        assert_status 2
        assert_stderr "$tool: standard output: Broken pipe"
    done
}

@test "a record is written before a wait for the next one" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        local pid pipe
        mkfifo in
        "${command[@]}" <in >out 3>&- &
        pid=$!
        exec {pipe}>in
        record 1 >&"$pipe"
        eventually test -s out
        run_tool cat out
        record 2 >&"$pipe"
        exec {pipe}>&-
        wait "$pid"
        assert_records 1
        run_tool cat out
        assert_records 1 2
    done
}

@test "an unknown option is a usage error: a line, and where help is" {
    for tool in "${TOOLS[@]}" $SERVICES; do
        use "$tool"
        run_tool "${command[@]}" --no-such-option </dev/null
        assert_status 2
        assert_output ""
        assert_stderr "$tool: unrecognized option '--no-such-option'
Try '$tool --help' for more information."
        run_tool "${command[@]}" -Q </dev/null
        assert_status 2
        assert_stderr "$tool: invalid option -- 'Q'
Try '$tool --help' for more information."
    done
}

@test "an option without its argument, or with one too many, is a usage error" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        run_tool "${command[@]}" --rejects </dev/null
        assert_status 2
        assert_stderr "$tool: option '--rejects' requires an argument
Try '$tool --help' for more information."
        run_tool "${command[@]}" --fail-fast=yes </dev/null
        assert_status 2
        assert_stderr "$tool: option '--fail-fast' doesn't allow an argument
Try '$tool --help' for more information."
    done
}

@test "--max-record with an invalid size is a usage error" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        for size in lots 0 -1 1.5M ''; do
            run_tool "${command[@]}" --max-record="$size" </dev/null
            assert_status 2
            assert_output ""
            assert_stderr "$tool: --max-record=$size: not a size; sizes are like 40MB or 40MiB
Try '$tool --help' for more information."
        done
    done
}

@test "a missing file is status 2, and the other operands are still handled" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 >one
        record 2 >two
        run_tool "${command[@]}" one missing two
        assert_status 2
        assert_stderr "$tool: missing: No such file or directory"
        assert_records 1 2
    done
}

@test "a directory as operand is status 2 and says how to read it; the others are still handled" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 >one
        record 2 >two
        mkdir directory
        run_tool "${command[@]}" one directory two
        assert_status 2
        assert_stderr "$tool: directory: this is a directory; read the files in it: find directory -type f -print0 | $tool --files0-from=-"
        assert_records 1 2
    done
}

@test "a file in place of the directory is named, with what belongs there" {
    local sink key="$BATS_FILE_TMPDIR/seal.key"
    echo '{}' >file
    for sink in "audit-fileput" "audit-spool" "audit-route" "audit-seal --key=$key"; do
        # shellcheck disable=SC2086
        run_tool $sink file
        assert_status 2
        assert_stderr "${sink%% *}: file: Not a directory; give the directory first, then the files"
    done
}

@test "a message is one line without control characters, whatever a file's name is" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        run_tool "${command[@]}" $'x\n\e[31mé'
        assert_status 2
        assert_stderr "$tool: x\\x0a\\x1b[31mé: No such file or directory"
    done
}

@test "--files0-from reads the files that a list names, and no operands" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 >one
        record 2 >$'two\nlines'
        record 3 >three
        printf '%s\0' one missing '' $'two\nlines' three >list
        run_tool "${command[@]}" --files0-from=list
        assert_status 2
        assert_records 1 2 3
        assert_stderr "$tool: missing: No such file or directory
$tool: list: name 3 is empty"
        run_tool "${command[@]}" --files0-from=- < <(printf 'one\0-\0three')
        assert_status 2
        assert_records 1 3
        assert_stderr "$tool: stdin: name 2 is '-', but standard input is the list of names"
        run_tool "${command[@]}" --files0-from=/dev/null
        assert_status 0
        assert_output ""
        run_tool "${command[@]}" --files0-from=no-such-list
        assert_status 2
        assert_stderr "$tool: no-such-list: No such file or directory"
        run_tool "${command[@]}" --files0-from=- < <(printf 'one\nthree\n')
        assert_status 2
        assert_stderr "$tool: stdin: names in it must end with a NUL byte, not with a newline: find -print0 writes them"
        run_tool "${command[@]}" --files0-from=list one
        assert_status 2
        assert_output ""
        assert_stderr "$tool: one: no operands may be given with --files0-from"
    done
}

@test "gzip is decompressed as it is read, with any number of members" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 | gzip >one.json.gz
        { record 2 | gzip && record 3 | gzip && head -c 700 /dev/zero; } >any-name
        run_tool "${command[@]}" one.json.gz any-name
        assert_status 0
        assert_stderr ""
        assert_records 1 2 3
        run_tool "${command[@]}" < <(record 4 | gzip)
        assert_status 0
        assert_records 4
        # An event is unchanged, also if its last bytes are late.
        record 5 | gzip >five
        run_tool "${command[@]}" < <(head -c 1 five && sleep 0.1 && tail -c +2 five | head -c 30 &&
            sleep 0.1 && tail -c +32 five)
        assert_status 0
        assert_records 5
    done
}

@test "gzip in which much is packed is read to its end from a pipe that stays open" {
    local writer
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        { record 1 && head -c 4000000 /dev/zero | tr '\0' '\n' && record 2; } | gzip >packed
        mkfifo pipe
        : >out
        "${command[@]}" <pipe >out &
        exec {writer}>pipe
        cat packed >&"$writer"
        eventually has_lines out 2
        [ "$(wc -l <out)" -eq 2 ]
        exec {writer}>&-
        wait $!
        rm pipe
    done
}

@test "gzip that is cut, damaged or followed by something else is status 2, never a silent end" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        { record 1 && record 2 "\"pad\":\"$(head -c 3000 /dev/urandom | base64 -w 0)\""; } | gzip >whole
        head -c 2000 whole >short
        record 3 >other
        run_tool "${command[@]}" short other
        assert_status 2
        assert_records 1 3
        assert_stderr_has "$tool: short: the gzip data ends too early; the file was cut"
        head -c 2 whole >short
        run_tool "${command[@]}" short
        assert_status 2
        assert_stderr "$tool: short: the gzip data ends too early; the file was cut"
        { head -c 1500 whole && printf 'xxxxxxxxxxxxxxxx' && tail -c +1517 whole; } >damaged
        run_tool "${command[@]}" damaged
        assert_status 2
        assert_stderr_has "$tool: damaged: the gzip data is damaged"
        { cat whole && record 4; } >followed
        run_tool "${command[@]}" followed
        assert_status 2
        assert_records 1 2
        assert_stderr "$tool: followed: something that is not gzip follows the gzip data"
    done
}

@test "a byte order mark at a file's beginning is passed over, compressed or not" {
    local mark=$'\xef\xbb\xbf'
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        { printf '%s' "$mark" && record 1; } >one
        { printf '%s' "$mark" && record 2; } | gzip >two
        printf '%s' "$mark" >empty
        record 3 >three
        run_tool "${command[@]}" one two empty three
        assert_status 0
        assert_stderr ""
        assert_records 1 2 3
        run_tool "${command[@]}" < <(head -c 1 one && sleep 0.1 && tail -c +2 one)
        assert_status 0
        assert_records 1
    done
}

# Files that are not text, and the message about each.
make_foreign() {
    tar cf tar one
    tar czf tgz one
    python3 -c 'import bz2, lzma, zipfile
event = open("one", "rb").read()
open("xz", "wb").write(lzma.compress(event))
open("bzip2", "wb").write(bz2.compress(event))
zipfile.ZipFile("zip", "w").write("one")'
    printf '\x28\xb5\x2f\xfd\x04\x00' >zstd
    iconv -f UTF-8 -t UTF-16 one >utf16
    iconv -f UTF-8 -t UTF-16LE one >utf16le
    iconv -f UTF-8 -t UTF-16BE one >utf16be
    echo '<?xml version="1.0"?>' >xml
    echo '<!DOCTYPE html><html>' >html
    gzip -c one | gzip >twice
}
foreign='tar a tar archive; use: tar -xOf FILE
tgz a tar archive; use: tar -xOf FILE
xz compressed with xz; use: xzcat FILE
bzip2 compressed with bzip2; use: bzcat FILE
zip a zip archive; use: unzip -p FILE
zstd compressed with zstd; use: zstdcat FILE
utf16 text in UTF-16; use: iconv -f UTF-16 -t UTF-8 FILE
utf16le text in UTF-16; use: iconv -f UTF-16LE -t UTF-8 FILE
utf16be text in UTF-16; use: iconv -f UTF-16BE -t UTF-8 FILE
twice compressed twice; use: zcat FILE'

@test "archives, other compressions, UTF-16 and XML are refused whole, with what to do" {
    local file words expected
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 >one
        make_foreign
        expected=$(while read -r file words; do
            echo "$tool: $file: this is $words | $tool"
        done <<<"$foreign")
        mapfile -t files < <(cut -d' ' -f1 <<<"$foreign")
        run_tool "${command[@]}" --rejects=rejects "${files[@]}" xml html one
        assert_status 2
        assert_records 1
        assert_stderr "$expected
$tool: xml: this is XML, not JSON
$tool: html: this is an HTML or XML page, not JSON"
        [ ! -s rejects ]
        run_tool "${command[@]}" <tar
        assert_status 2
        assert_stderr "$tool: stdin: this is a tar archive; use: tar -xOf FILE | $tool"
    done
}

@test "ten rejects of a kind are reported, the others counted; --verbose reports all" {
    local n
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        yes '{"broken":nope}' | head -n 1300 >in
        record 1 >>in
        echo '{"other":"\q"}' >>in
        run_tool "${command[@]}" --rejects=rejects in
        assert_status 1
        assert_records 1
        [ "$(wc -l <<<"$stderr")" -eq 12 ] || { show "not 12 lines"; return 1; }
        [[ $(sed -n 1p <<<"$stderr") == "$tool: in:1: "* ]]
        [[ $(sed -n 10p <<<"$stderr") == "$tool: in:10: "*" (more like this are only counted; --verbose tells all)" ]]
        [[ $(sed -n 11p <<<"$stderr") == "$tool: in:1302: "* ]]
        [[ $(sed -n 12p <<<"$stderr") == "$tool: ... and 1,290 more like the last: "* ]]
        [ "$(wc -l <rejects)" -eq 1301 ]
        status=0
        "${command[@]}" --verbose in >out 2>messages || status=$?
        assert_status 1
        [ "$(wc -l <messages)" -eq 1301 ]
    done
}

@test "SIGHUP, SIGINT and SIGTERM end a wait for input: the records read are written, status 0" {
    local signal writer process
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        for signal in HUP INT TERM; do
            rm -f pipe out
            mkfifo pipe
            # A shell's background job ignores SIGINT; env restores it.
            env --default-signal=HUP,INT,TERM "${command[@]}" <pipe >out 2>message 3>&- &
            process=$!
            exec {writer}>pipe
            record 1 >&"$writer"
            eventually has_lines out 1
            kill -$signal $process
            status=0
            wait $process || status=$?
            exec {writer}>&-
            output=$(cat out) stderr=$(cat message)
            assert_status 0
            assert_records 1
            [ -z "$stderr" ] || assert_stderr "$tool: stopped by SIG$signal; stdin was read up to line 1"
        done
        # One that was ignored stays ignored.
        rm out
        env --ignore-signal=HUP "${command[@]}" <pipe >out 2>message 3>&- &
        process=$!
        exec {writer}>pipe
        record 1 >&"$writer"
        eventually has_lines out 1
        kill -HUP $process
        record 2 >&"$writer"
        eventually has_lines out 2
        exec {writer}>&-
        wait $process
        [ ! -s message ]
    done
}

# is_asleep PROCESS TOOL, for eventually: the process runs the tool, handles signals, and is
# waiting.
is_asleep() {
    local about
    about=$(cat "/proc/$1/status")
    [[ $about == "Name:"*"$2"*"State:"*"S (sleeping)"*"SigCgt:"*[1-9a-f]*"CapInh"* ]]
}

@test "a signal inside the input: a filter finishes the records read and reports the line, status 2" {
    local signal process n lines
    for tool in "${TOOLS[@]}"; do
        ! "$tool" --help | grep -q -e " --receipts=" || continue
        use "$tool"
        for n in {1..9}; do
            record "$n" "\"pad\":\"$(head -c 9000 /dev/zero | tr '\0' x)\""
        done >nine
        # shellcheck disable=SC2046 # the name, 120 times
        cat $(printf 'nine %.0s' {1..120}) >in
        "${command[@]}" in >all
        for signal in HUP TERM; do
            rm -f finished go
            # Nothing reads for a while: the filter blocks in the middle of a write.
            env --default-signal=HUP "${command[@]}" in 2>message 3>&- \
                > >(until [ -e go ]; do sleep 0.1; done && cat >out && touch finished) &
            process=$!
            eventually is_asleep $process "$tool"
            kill -$signal $process
            touch go
            status=0
            wait $process || status=$?
            eventually test -e finished
            stderr=$(cat message)
            assert_status 2
            lines=$(wc -l <out)
            assert_stderr "$tool: stopped by SIG$signal; in was read up to line $lines"
            [ "$lines" -gt 0 ] && [ "$lines" -lt 1080 ]
            cmp out <(head -n "$lines" all)
        done
    done
}

@test "a failure outweighs a reject" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        { record 1 && echo '{"broken":nope}'; } >in
        run_tool "${command[@]}" missing in
        assert_status 2
        assert_records 1
        run_tool "${command[@]}" in missing
        assert_status 2
        assert_records 1
    done
}

@test "- is standard input, among files, and each file's lines are counted for themselves" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 >one
        { record 3 && echo '{"broken":nope}'; } >three
        run_tool "${command[@]}" one - three < <(record 2 && echo '{"broken":nope}')
        assert_status 1
        assert_records 1 2 3
        assert_stderr_has "$tool: stdin:2: "
        assert_stderr_has "$tool: three:2: "
    done
}

@test "options may follow operands, and -- ends them" {
    for tool in "${TOOLS[@]}"; do
        use "$tool"
        record 1 >one
        record 2 >--two
        run_tool "${command[@]}" one --rejects=rejects -- --two
        assert_status 0
        assert_records 1 2
        assert_stderr ""
    done
}

@test "--help and -h go to standard output, status 0" {
    for tool in "${TOOLS[@]}" $SERVICES; do
        use "$tool"
        run_tool "$tool" --help
        assert_status 0
        assert_stderr ""
        [[ $output == "Usage: $tool "*"--help"*"See $tool(1) and audit-filters(7)." ]]
        local help=$output
        run_tool "$tool" -h
        assert_status 0
        assert_output "$help"
    done
}

@test "--version and -V go to standard output, status 0" {
    local version
    version=$(sed -n 's/^AC_INIT(\[audit-filters\], \[\(.*\)\])$/\1/p' "$AUDIT_SOURCE/configure.ac")
    for tool in "${TOOLS[@]}" $SERVICES; do
        use "$tool"
        for option in --version -V; do
            run_tool "$tool" "$option"
            assert_status 0
            assert_output "$tool (audit-filters) $version"
            assert_stderr ""
        done
    done
}

@test "--help and --version on a full disk, or to nowhere, are status 2" {
    for tool in "${TOOLS[@]}" $SERVICES; do
        use "$tool"
        for option in --help --version; do
            run_tool to_full "$tool" "$option"
            assert_status 2
            assert_stderr "$tool: standard output: No space left on device"
            run_tool to_closed "$tool" "$option"
            assert_status 2
            assert_stderr "$tool: standard output: Bad file descriptor"
        done
    done
}
