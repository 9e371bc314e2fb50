# For the tests of audit-seal and audit-verify.  `load common` and `load peer` first.
# shellcheck disable=SC2034 # whoever loads this uses what it sets

# make_archive N: N events, addressed, in the file `addressed`, and each as a file below archive/.
make_archive() {
    python3 -S - "$1" <<'END' | audit-path >addressed
import sys
for i in range(int(sys.argv[1])):
    print('{"id":"j-%d","status":"succeeded","recipe_id":%d,"context":{"user_id":7},'
          '"completed_at":"2024-03-%02dT00:02:32Z","lines":[{"n":%d.50,"text":"\\u00e9%s"}]}'
          % (i, i % 50, i % 28 + 1, i, "x" * (i * 7919 % 300)))
END
    mkdir -p archive
    audit-fileput --sync=none archive addressed
}

# make_key NAME [ed25519|ec|rsa]: NAME.key and NAME.pub, by openssl.
make_key() {
    local -a kind
    case ${2-ed25519} in
    ed25519) kind=(-algorithm ed25519) ;;
    ec) kind=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256) ;;
    rsa) kind=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048) ;;
    esac
    openssl genpkey "${kind[@]}" -out "$1.key" 2>/dev/null
    openssl pkey -in "$1.key" -pubout -out "$1.pub"
}

# verify [ARGUMENT...]: audit-verify with the test's key.
verify() {
    run_tool timeout 600 audit-verify --key=log.pub "$@"
}

# findings: audit-verify's findings: a line each, its kind and its subject, sorted.
findings() {
    grep -E '^[a-z-]+: ' <<<"$output" | sed -E 's/^([a-z-]+): (([^:]|:[^ ])*)(: .*)?$/\1 \2/; s/; (sealed|found) .*$//' | sort
}

# assert_sound: there were no findings.
assert_sound() {
    assert_status 0
    [[ $output == *"sound, nothing was found" ]] || { show "not sound"; return 1; }
    assert_stderr ""
}

# assert_found LINE...: exactly these were found.
assert_found() {
    assert_status 1
    [ "$(findings)" = "$(printf '%s\n' "$@" | sort)" ] || { show "found:
$(findings)
expected:
$(printf '%s\n' "$@" | sort)"; return 1; }
}

# check_with_coreutils PUBLIC: the seals below archive/seals, with only sha256sum and openssl.
check_with_coreutils() {
    local seal
    (cd archive && sha256sum --strict --quiet -c seals/*.sha256) || return
    for seal in archive/seals/*.sha256; do
        check_signature "$seal" "$1" || return
    done
}
check_signature() { # SEAL PUBLIC
    if openssl pkey -pubin -in "$2" -noout -text | grep -q ED25519; then
        openssl pkeyutl -verify -rawin -pubin -inkey "$2" -in "$1" -sigfile "${1%.sha256}.sig" >/dev/null
    else
        openssl dgst -sha256 -verify "$2" -signature "${1%.sha256}.sig" "$1" >/dev/null
    fi
}

# start_tsa: a time stamp authority; $tsa is its directory, $tsa_url its address, $tsa/ca.pem the
# certificate to trust.
start_tsa() {
    tsa=$PWD/tsa
    mkdir -p "$tsa"
    (
        cd "$tsa" || exit
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 3650 \
            -subj "/CN=tests' own root" 2>/dev/null
        openssl req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj "/CN=tests' own authority" 2>/dev/null
        openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out tsa.pem \
            -extfile <(echo "extendedKeyUsage=critical,timeStamping") 2>/dev/null
        cat >tsa.conf <<END
[tsa]
default_tsa = authority
[authority]
serial = $tsa/serial
signer_cert = $tsa/tsa.pem
certs = $tsa/ca.pem
signer_key = $tsa/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
END
        echo 01 >serial
    )
    python3 -S "$AUDIT_TESTS/tsa-peer.py" "$tsa" 3>&- 2>"$tsa/errors" &
    also_stop $!
    eventually test -s "$tsa/port"
    tsa_url=http://127.0.0.1:$(cat "$tsa/port")/tsr
}
