#!/usr/bin/env bats
# The documentation compared with the tools: options are the same everywhere, and examples run as
# written.
load common

# Every src/audit-NAME.c is a tool.
tools() {
    local source
    for source in "$AUDIT_SOURCE"/src/audit-*.c; do
        basename "$source" .c
    done
}

# Each of these prints a tool's options from that document, sorted, one a line.
options_of_help() {
    "$1" --help | sed -En 's/^  (-.), (--[a-z0-9-]+).*/\1\n\2/p; s/^      (--[a-z0-9-]+).*/\1/p' | sort
}
options_of_man() {
    grep '^\.It Fl' "$AUDIT_SOURCE/man/$1.1" | grep -oE 'Fl -?[A-Za-z0-9-]+' | sed 's/^Fl /-/' | sort
}
options_of_bash() {
    # shellcheck disable=SC2016 # the inner shell expands them
    bash -euc 'compopt() { :; }
        . "$1"
        function=$(complete -p "$2")
        function=${function##*-F } && function=${function%% *}
        COMP_WORDS=("$2" -) COMP_CWORD=1 COMP_LINE="$2 -" COMP_POINT=$((${#2} + 2))
        "$function" "$2" - "$2" || :
        printf "%s\n" "${COMPREPLY[@]%=}"' - "$AUDIT_SOURCE/completions/$1.bash" "$1" | sort
}
options_of_zsh() {
    sed 's/\[[^]]*\]//g' "$AUDIT_SOURCE/completions/_$1" |
        grep -oE "[\"'{,)*](-[A-Za-z]|--[a-z0-9-]+)" | cut -c2- | sort -u
}
options_of_fish() {
    HOME=$PWD fish --no-config -c "source '$AUDIT_SOURCE/completions/$1.fish'; complete -C '$1 -'" |
        cut -f1 | sed 's/=$//' | sort -u
}

# same_options DOCUMENT: it has the options of each tool's --help.
same_options() {
    once "--help is the same in every build" # contract.bats runs it with sanitizers
    local tool
    for tool in $(tools); do
        options_of_help "$tool" >help
        "options_of_$1" "$tool" >document
        [ -s help ] && grep -qx -e --help help
        diff -u --label "$tool --help" --label "$1" help document
    done
}

@test "the man pages have the options of --help" {
    same_options man
}

@test "the bash completions have the options of --help" {
    same_options bash
}

@test "the zsh completions have the options of --help" {
    same_options zsh
}

@test "the fish completions have the options of --help" {
    same_options fish
}

@test "the man pages have the options that take an argument as --help has them" {
    once "--help is the same in every build" # contract.bats runs it with sanitizers
    local tool
    for tool in $(tools); do
        "$tool" --help | sed -En 's/^  (-., |    )(--[a-z0-9-]+)=.*/\2/p' | sort >help
        grep '^\.It Fl' "$AUDIT_SOURCE/man/$tool.1" |
            grep -oE 'Fl -[a-z0-9-]+ Ns = Ns Ar' | sed -E 's/^Fl (-[^ ]+).*/-\1/' | sort >document
        [ -s help ]
        diff -u --label "$tool --help" --label man help document
    done
}

# values_of TOOL: the values that --help lists, "(none, gzip)" on a line of its own or several; of
# header:NAME the part before the colon.
values_of() {
    "$1" --help | tr -s '\n ' ' ' | grep -oE ' \([a-z0-9-]+(:[A-Z]+)?(, [a-z0-9-]+(:[A-Z]+)?)+\) ' |
        tr -d ' ()' | tr ',' '\n' | sed 's/:.*//' | sort -u
}

@test "man pages and completions name each value that --help lists" {
    once
    local tool value file count=0
    for tool in $(tools); do
        for value in $(values_of "$tool"); do
            for file in man/"$tool".1 completions/{"$tool.bash","_$tool","$tool.fish"}; do
                grep -qwF -e "$value" "$AUDIT_SOURCE/$file" || { echo "$file lacks $value" && return 1; }
            done
            count=$((count + 1))
        done
    done
    [ "$count" -gt 50 ]
}

@test "each tool has a man page with all its sections" {
    once
    local tool section
    for tool in $(tools); do
        for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
            echo "$tool(1) lacks $section"
            grep -qx "\.Sh $section" "$AUDIT_SOURCE/man/$tool.1"
        done
    done
}

@test "audit-filters(7) and the README tell of each tool" {
    once
    local tool
    for tool in $(tools); do
        echo "of $tool:"
        grep -q "\.Xr $tool 1" "$AUDIT_SOURCE/man/audit-filters.7"
        grep -q "$tool" "$AUDIT_SOURCE/README.md"
    done
}

# run_block WHERE STATUS FILE [DIRECTORY]: runs the shell commands of FILE in this directory, or a new
# one, with the file events.ndjson, bare events.
run_block() {
    local where=$1 expected=$2 block=$3 directory=${4-}
    [ -n "$directory" ] || directory=$(mktemp -d "$BATS_TEST_TMPDIR/XXXXXX")
    cp "$DATA/bare.ndjson" "$directory/events.ndjson"
    cd "$directory" || return
    run_tool timeout 600 bash -euo pipefail "$block" </dev/null
    assert_status "$expected" || { echo "--- $where:" && cat "$block" && return 1; }
}

# The literal blocks of a page's EXAMPLES, as files block.1 block.2 … that begin with the expected
# status.  A comment `.\" status N` before a block means that it is not 0.
extract_examples() {
    awk '
        /^\.Sh / { inside = ($2 == "EXAMPLES"); next }
        !inside { next }
        /^\.\\" status [0-9]+$/ { status = $3; next }
        /^\.Bd -literal/ { file = "block." ++count; print status + 0 >file; status = 0; literal = 1; next }
        /^\.Ed/ { literal = 0; close(file); next }
        /^\.Dl / { $1 = ""; file = "block." ++count; print status + 0 >file; status = 0; text = substr($0, 2) }
        literal { text = $0 }
        literal || /^\.Dl / || text != "" {
            gsub(/\\&|\\:/, "", text); gsub(/\\\(aq/, "\047", text); gsub(/\\\(dq/, "\"", text)
            gsub(/\\\(ga/, "`", text); gsub(/\\-/, "-", text); gsub(/\\e/, "\\", text)
            print text >file
            text = ""
            if (!literal) close(file)
        }' "$1"
}

@test "every example of the man pages runs as written" {
    local page file expected
    for page in "$AUDIT_SOURCE"/man/*.[17]; do
        rm -rf "$BATS_TEST_TMPDIR/blocks"
        mkdir "$BATS_TEST_TMPDIR/blocks"
        cd "$BATS_TEST_TMPDIR/blocks" || return
        extract_examples "$page"
        [ -e block.1 ] || { echo "$page has no example" && return 1; }
        for file in "$PWD"/block.*; do
            expected=$(head -n 1 "$file")
            sed -i 1d "$file"
            run_block "${page##*/}" "$expected" "$file"
        done
    done
}

# The README's commands that run here, as files block.01 block.02 …: the text between ```sh and ```
# after a line <!-- runs -->.
extract_readme() {
    mkdir blocks
    cd blocks || return
    awk '/^<!-- runs -->$/ { marked = 1; next }
        marked && /^```sh$/ { file = sprintf("block.%02d", ++count); printf "" >file; next }
        /^```$/ { file = ""; marked = 0; next }
        file != "" { print >file }' "$AUDIT_SOURCE/README.md"
    [ -e block.01 ] || { echo "no block of the README is marked <!-- runs -->" && return 1; }
}

@test "the README's commands run" {
    extract_readme
    local file
    for file in "$PWD"/block.*; do
        run_block README.md 0 "$file"
    done
}

@test "the README's commands run one after the other in one directory, as a reader runs them" {
    once
    extract_readme
    mkdir "$BATS_TEST_TMPDIR/audit"
    local file
    for file in "$PWD"/block.*; do
        run_block README.md 0 "$file" "$BATS_TEST_TMPDIR/audit"
    done
}

@test "each test that SECURITY.md names is there" {
    once
    local names name file
    mapfile -t names < <(tr -s '\n' ' ' <"$AUDIT_SOURCE/SECURITY.md" | grep -oE '[a-z0-9-]+\.bats: "[^"]+"')
    [ "${#names[@]}" -gt 30 ]
    for name in "${names[@]}"; do
        file=${name%%: *}
        echo "$name"
        grep -qF "@test ${name#*: } {" "$AUDIT_TESTS/$file"
    done
}
