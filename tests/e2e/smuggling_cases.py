# SPDX-License-Identifier: MIT
"""smuggling_cases.py - requests to be refused or served, with what each must bring about."""

PROBE = b"GET /status/204 HTTP/1.1\r\nHost: probe\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n"


def get(*fields, target=b"/", version=b"HTTP/1.1", method=b"GET", host=b"Host: x"):
    lines = [b"%s %s %s" % (method, target, version), *([host] if host else []), *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def post(*fields, body=b"", **more):
    return get(*fields, **{"method": b"POST", "target": b"/echo", **more}) + body


def sized(value, body=b"hello"):
    return post(b"Content-Length: " + value, body=body)


def coded(value, body=b"5\r\nhello\r\n0\r\n\r\n"):
    return post(b"Transfer-Encoding: " + value, body=body)


def chunks(body):
    return coded(b"chunked", body)


# -- Refused: 400 unless there is a third member ------------------------------------------------

LENGTHS = [(f"length {value!r}", sized(value)) for value in (
    b"+5", b"-5", b"-0", b"5_0", b"0x5", b"0b1", b"5.0", b"5e0", b"5 5", b"five", b"", b" ", b"\t",
    b"\xa05", b"5\xa0", b"\x0b5", b"5\x0c", b"5;", b"\"5\"", b"'5'", b"5,", b",5", b"5,,5",
    b"5, 6", b"6, 5", b"5,-5", b"\xd9\xa5", b"\xef\xbc\x95", b"9223372036854775808",
    b"18446744073709551615", b"18446744073709551616", b"18446744073709551621",
    b"99999999999999999999999999999999999999")] + [
    ("lengths that differ", post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello!")),
    ("lengths that differ, the larger first",
     post(b"Content-Length: 38", b"Content-Length: 0", body=SMUGGLED)),
    ("a length and one that is none",
     post(b"Content-Length: 5", b"Content-Length: x", body=b"hello")),
    ("an empty length before one", post(b"Content-Length:", b"Content-Length: 5", body=b"hello")),
    ("a length with NUL behind it", sized(b"5\0")),
]

CODINGS = [(f"coding {value!r}", coded(value)) for value in (
    b"", b" ", b"chunked, chunked", b"chunked,chunked", b"\x0bchunked", b"\x0cchunked",
    b"chunked\x0b", b"\xa0chunked", b"chunked\xa0", b"\x85chunked", b"\xc2\x85chunked",
    b"\"chunked\"", b"chunked;", b"chunked;q=1", b"chunked a", b",chunked",
    b"chunked,", b", chunked", b"chunked, identity", b"chunked\0", b"\0chunked", b"chun\0ked",
    b"chunked/1", b"[chunked]", b"chunked, gzip")] + [
    (f"coding {value!r}", coded(value), 501) for value in (
        b"identity", b"gzip", b"gzip, chunked", b"xchunked", b"chunkedx", b"chunke", b"x",
        b"cow", b"chunked-false", b"!chunked", b"'chunked'", b"chun ked")] + [
    ("chunked in two fields", post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked",
                                   body=b"0\r\n\r\n" + SMUGGLED)),
    ("chunked and then another", post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity",
                                      body=b"0\r\n\r\n")),
    ("another and then chunked", post(b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked",
                                      body=b"0\r\n\r\n"), 501),
    ("length and coding", post(b"Content-Length: 5", b"Transfer-Encoding: chunked",
                               body=b"0\r\n\r\n" + SMUGGLED)),
    ("coding and length", post(b"Transfer-Encoding: chunked", b"Content-Length: 5",
                               body=b"0\r\n\r\n" + SMUGGLED)),
    ("coding and a length of 0", post(b"Transfer-Encoding: chunked", b"Content-Length: 0",
                                      body=b"0\r\n\r\n")),
    ("unknown coding and length", post(b"Content-Length: 5", b"Transfer-Encoding: cow",
                                       body=b"hello")),
    ("no length in HTTP/1.0", post(b"Connection: keep-alive", version=b"HTTP/1.0", body=SMUGGLED), 411),
    ("coding in HTTP/1.0", post(b"Transfer-Encoding: chunked", b"Connection: keep-alive",
                                version=b"HTTP/1.0", body=b"0\r\n\r\n" + SMUGGLED)),
    ("coding and length in HTTP/1.0",
     post(b"Content-Length: 5", b"Transfer-Encoding: chunked", version=b"HTTP/1.0",
          body=b"0\r\n\r\n")),
    ("a folded coding", post(b"Transfer-Encoding:", b" chunked", body=b"0\r\n\r\n")),
    ("a coding with a tab's fold", post(b"Transfer-Encoding: chunked", b"\tidentity",
                                        body=b"0\r\n\r\n")),
    ("a coding with a space in front", post(b" Transfer-Encoding: chunked", body=b"0\r\n\r\n")),
    ("a coding with a space before the colon", post(b"Transfer-Encoding : chunked",
                                                    body=b"0\r\n\r\n")),
    ("a coding with NUL in its name", post(b"Transfer\0Encoding: chunked", body=b"0\r\n\r\n")),
    ("a coding with VT before the colon", post(b"Transfer-Encoding\x0b: chunked",
                                               body=b"0\r\n\r\n")),
    ("a coding behind a lone CR", post(b"X: y\rTransfer-Encoding: chunked", body=b"0\r\n\r\n")),
    ("a coding behind a lone LF", post(b"X: y\nTransfer-Encoding: chunked", body=b"0\r\n\r\n")),
]

CHUNKS = [(f"chunk size {size!r}", chunks(size + b"\r\nhello\r\n0\r\n\r\n")) for size in (
    b"", b" ", b"+5", b"-5", b"-0", b"0x5", b"0X5", b"5_0", b" 5", b"\t5", b"5 ", b"5\t", b"g",
    b"5h", b"\xa05", b"5.0", b"'5'", b"5,5", b"\xef\xbc\x95", b"00000000000000005",
    b"5;\x00", b"5;a\x01", b"5;a=\"b\x00\"",
    b"5;\x80", b"5;a b", b"5;=b", b"5;a=", b"5;;", b"5;a=\"b", b"5:a", b"5\x0b")] + [
    (f"chunk size {size!r}", chunks(size + b"\r\nhello\r\n0\r\n\r\n"), 413) for size in (
        b"fffffffffffffffff", b"ffffffffffffffff", b"8000000000000000", b"7fffffffffffffff",
        b"800001")] + [
    ("a chunk size of too many digits", chunks(b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
     (400, 413)),
    ("a chunk's line ends with LF", chunks(b"5\nhello\r\n0\r\n\r\n")),
    ("a chunk's line ends with CR", chunks(b"5\rhello\r\n0\r\n\r\n")),
    ("a chunk's line ends with CR CR LF", chunks(b"5\r\r\nhello\r\n0\r\n\r\n")),
    ("a chunk's data ends with LF", chunks(b"5\r\nhello\n0\r\n\r\n")),
    ("a chunk's data ends with CR", chunks(b"5\r\nhello\r0\r\n\r\n")),
    ("a chunk's data ends with two other bytes", chunks(b"5\r\nhelloXX0\r\n\r\n")),
    ("a chunk that is longer than its size", chunks(b"5\r\nhello!\r\n0\r\n\r\n")),
    ("a chunk that is shorter than its size", chunks(b"6\r\nhello\r\n0\r\n\r\n")),
    ("LF in an extension", chunks(b"5;a\nb\r\nhello\r\n0\r\n\r\n")),
    ("LF in a quoted extension", chunks(b"5;a=\"\n\"\r\nhello\r\n0\r\n\r\n")),
    ("CR in an extension", chunks(b"5;a\rb\r\nhello\r\n0\r\n\r\n")),
    ("CR LF within a quoted extension", chunks(b"5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n")),
    ("an empty last chunk", chunks(b"5\r\nhello\r\n\r\n\r\n")),
    ("extensions without an end", chunks(b"5;" + b"a" * 20000 + b"\r\nhello\r\n0\r\n\r\n"), 413),
    ("extensions of many chunks", chunks(b"1;" + b"a" * 400 + b"\r\nx\r\n") +
     (b"1;" + b"a" * 400 + b"\r\nx\r\n") * 60, 413),
    ("a trailer without a colon", chunks(b"0\r\nX\r\n\r\n")),
    ("a trailer with a space before its colon", chunks(b"0\r\nX : y\r\n\r\n")),
    ("a trailer with an empty name", chunks(b"0\r\n: y\r\n\r\n")),
    ("a trailer that is folded", chunks(b"0\r\nX: y\r\n z\r\n\r\n")),
    ("a trailer that ends with LF", chunks(b"0\r\nX: y\n\r\n")),
    ("a trailer with a lone CR", chunks(b"0\r\nX: y\rz\r\n\r\n")),
    ("a trailer with NUL", chunks(b"0\r\nX: y\0\r\n\r\n")),
    ("a length as a trailer", chunks(b"0\r\nContent-Length: 38\r\n\r\n")),
    ("a coding as a trailer", chunks(b"0\r\nTransfer-Encoding: chunked\r\n\r\n")),
    ("a Host as a trailer", chunks(b"0\r\nHost: evil\r\n\r\n")),
    ("trailers without an end", chunks(b"0\r\nX: " + b"a" * 20000 + b"\r\n\r\n"), 431),
    ("a hundred and one trailers", chunks(b"0\r\n" + b"X: y\r\n" * 101 + b"\r\n"), 431),
]

FIELDS = [
    ("a space before the colon", get(b"X : y")),
    ("a tab before the colon", get(b"X\t: y")),
    ("no colon", get(b"X")),
    ("an empty name", get(b": y")),
    ("a folded value", get(b"X: y", b" z")),
    ("a fold with a tab", get(b"X: y", b"\tz")),
    ("a fold before the first field", get(host=b" Host: x")),
    ("a name over two lines", get(b"X-Na", b" me: y")),
    ("an empty fold", get(b"X: y", b" ")),
    ("LF alone", b"GET / HTTP/1.1\nHost: x\n\n"),
    ("LF alone behind the start line", b"GET / HTTP/1.1\nHost: x\r\n\r\n"),
    ("LF alone behind a field", get(b"X: y\nZ: z")),
    ("LF alone at the end", b"GET / HTTP/1.1\r\nHost: x\r\n\n"),
    ("CR alone behind a field", get(b"X: y\rZ: z")),
    ("CR alone at the end", b"GET / HTTP/1.1\r\nHost: x\r\n\rX: y\r\n\r\n"),
    ("CR CR LF", b"GET / HTTP/1.1\r\nHost: x\r\r\n\r\n"),
    ("CR LF CR X", b"GET / HTTP/1.1\r\nHost: x\r\n\rX\r\n\r\n"),
    ("LF CR LF", b"GET / HTTP/1.1\r\nHost: x\n\r\n"),
    ("two empty lines in front", b"\r\n\r\n" + get()),
    ("an LF in front", b"\n" + get()),
    ("NUL in a value", get(b"X: a\0b")),
    ("NUL in a name", get(b"X\0Y: b")),
    ("NUL in Host", get(host=b"Host: a\0b")),
    *((f"control character {c:#04x} in a value", get(b"X: a%cb" % c))
      for c in (1, 7, 8, 11, 12, 0x1b, 0x1f, 0x7f)),
    *((f"{c!r} in a name", get(b"X%sY: b" % c)) for c in (
        b"(", b")", b",", b"/", b";", b"<", b"=", b"@", b"[", b"\\", b"]", b"{", b"}", b"\"",
        b"\x80", b"\xff", b"\x7f", b"\x0b")),
    ("a hundred and one fields", get(*[b"X: y"] * 100), 431),
    ("a head of 64 KiB and more", get(b"X: " + b"a" * 65536), 431),
    ("a head of 64 KiB in many fields", get(*[b"X-%d: " % i + b"a" * 900 for i in range(80)]), 431),
    ("a field name without an end", get(b"X" * 70000 + b": y"), 431),
]

HOSTS = [
    ("no Host", get(host=None)),
    ("no Host but an absolute target", get(target=b"http://x/", host=None)),
    ("two Hosts", get(host=b"Host: x\r\nHost: x")),
    ("two Hosts that differ", get(b"Host: y")),
    ("a Host in other letters too", get(b"hOsT: y")),
    *((f"Host {value!r}", get(host=b"Host: " + value)) for value in (
        b"a b", b"a/b", b"a@b", b"a?b", b"a#b", b"a\\b", b"a,b", b"http://a", b"a:b", b"a:-1",
        b"a:65536", b"a:99999999999999999999", b"a:80:80", b"[::1", b"::1", b"[]", b"[::1]a",
        b"%", b"%zz", b"a%0", b"<a>", b"\"a\"", b"a\xa0", b"\xc3\xa4", b"a\tb", b":80", b"")),
]

TARGETS = [
    *((f"target {target!r}", get(target=target)) for target in (
        b"x", b"*", b"//\x7f", b"/\x00", b"/\x01", b"/\x0b", b"/a\tb", b"/\x1b[2J", b"/#a", b"/a#",
        b"http:/", b"http://", b"http://a@b/", b"http:///a", b"ftp://a/", b"http://a:b/", b"x:80",
        b"?a", b"http://[::1/", b"javascript:a", b"/\r", b"/\xff", b"/\xc3\xa4")),
    ("a space in the target", get(target=b"/a b")),
    ("two versions", b"GET /a HTTP/1.1 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("two spaces before the target", b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("two spaces before the version", b"GET /  HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a space behind the version", b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n"),
    ("a space before the method", b" GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a tab for a space", b"GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a tab before the version", b"GET /\tHTTP/1.1\r\nHost: x\r\n\r\n"),
    ("no target", b"GET HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("no version", b"GET /\r\nHost: x\r\n\r\n"),
    ("no version, but a space", b"GET / \r\nHost: x\r\n\r\n"),
    ("nothing but an empty start line and fields", b"\r\nHost: x\r\n\r\n"),
    ("CONNECT with a path", get(method=b"CONNECT", target=b"/")),
    ("CONNECT without a port", get(method=b"CONNECT", target=b"x")),
    ("a long target", get(target=b"/" + b"a" * 65536), 414),
    ("a long query", get(target=b"/?" + b"a" * 65536), 414),
    ("the hello of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x5a" * 100),
    ("zeros", b"\0" * 64),
    ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
]

VERSIONS = [(f"version {version!r}", get(version=version)) for version in (
    b"http/1.1", b"HTTP/1", b"HTTP/1.", b"HTTP/1.x", b"HTTP/01.1", b"HTTP/1.01", b"HTTP/1,1",
    b"HTTP /1.1", b"HTTPS/1.1", b"HTP/1.1", b"HTTP/1.1x", b"HTTP/11", b"HTTP/-1.1", b"1.1")] + [
    (f"version {version!r}", get(version=version), 505) for version in (
        b"HTTP/0.9", b"HTTP/2.0", b"HTTP/2.1", b"HTTP/3.0", b"HTTP/9.9", b"HTTP/0.0")]

METHODS = [
    *((f"method {m!r}", get(method=m)) for m in (
        b"GE\0T", b"G\xa0T", b"GET:", b"G(T", b"\"GET\"", b"G\x7fT", b"G\xff", b"[GET]", b"G,T",
        b"G;T", b"G=T", b"G@T", b"G\\T")),
    ("a long method", get(method=b"A" * 100), 501),
    ("a method without an end", b"A" * 5000, 501),
]

EXPECTATIONS = [
    (f"Expect: {value!r}", post(b"Expect: " + value, b"Content-Length: 5", body=b"hello"), 417)
    for value in (b"200-ok", b"100-continue, x", b"", b"100")
]

REFUSED = [(name, data, *(rest or (400,))) for name, data, *rest in (
    LENGTHS + CODINGS + CHUNKS + FIELDS + HOSTS + TARGETS + VERSIONS + METHODS + EXPECTATIONS)]

# -- Served -------------------------------------------------------------------------------------

HELLO = b"hello"
SERVED = [  # what is sent, the method and the body that /echo must have seen
    ("a length", sized(b"5"), HELLO),
    ("a length with zeros in front", sized(b"0000000000000000005"), HELLO),
    ("a length with blanks around it", sized(b" \t5\t "), HELLO),
    ("a length without a blank", post(b"Content-Length:5", body=HELLO), HELLO),
    ("the same length twice", post(b"Content-Length: 5", b"Content-Length: 5", body=HELLO), HELLO),
    ("the same length twice in a list", sized(b"5, 5"), HELLO),
    ("a length of 0", sized(b"0", b""), b""),
    ("no length", post(), b""),
    ("a body of GET", post(b"Content-Length: 5", method=b"GET", body=HELLO), HELLO),
    ("chunks", coded(b"chunked"), HELLO),
    ("chunked in capitals", coded(b"CHUNKED"), HELLO),
    ("chunked with blanks around it", coded(b"\t chunked \t"), HELLO),
    ("the field in other letters",
     post(b"tRANSFER-eNCODING:chunked", body=b"5\r\nhello\r\n0\r\n\r\n"), HELLO),
    ("chunks of one byte",
     chunks(b"".join(b"1\r\n%c\r\n" % c for c in HELLO) + b"0\r\n\r\n"), HELLO),
    ("no chunk but the last", chunks(b"0\r\n\r\n"), b""),
    ("a last chunk of many zeros", chunks(b"5\r\nhello\r\n0000000000000000\r\n\r\n"), HELLO),
    ("a size with zeros in front", chunks(b"0000000000000005\r\nhello\r\n0\r\n\r\n"), HELLO),
    ("sizes in both letters", chunks(b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
     b"0123456789" * 2),
    ("extensions", chunks(b"5;a\r\nhello\r\n0;b=c;d=\"e \\\" f\"\r\n\r\n"), HELLO),
    ("extensions with blanks", chunks(b"5 ; a = b\r\nhello\r\n0\r\n\r\n"), HELLO),
    ("CR LF within the data", chunks(b"7\r\nhe\r\nllo\r\n0\r\n\r\n"), b"he\r\nllo"),
    ("a chunk that looks like the last", chunks(b"5\r\n0\r\n\r\n\r\n0\r\n\r\n"), b"0\r\n\r\n"),
    ("trailers", chunks(b"5\r\nhello\r\n0\r\nX-After: y\r\nZ:\r\n\r\n"), HELLO),
    ("a request as a body", post(b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED), SMUGGLED),
    ("a request in a chunk",
     chunks(b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)), SMUGGLED),
    ("an empty line in front", b"\r\n" + post(), b""),
    ("a list of nothing in Connection", post(b"Connection: , ,,"), b""),
    ("HTTP/1.2", post(version=b"HTTP/1.2"), b""),
    ("HTTP/1.9", post(version=b"HTTP/1.9"), b""),
    ("HTTP/1.0 that stays", post(b"Connection: keep-alive", b"Content-Length: 0",
                                 version=b"HTTP/1.0"), b""),
    ("HTTP/1.0 without Host", post(b"Connection: Keep-Alive", b"Content-Length: 0",
                                   version=b"HTTP/1.0", host=None), b""),
    ("an empty value", post(b"X:"), b""),
    ("bytes above ASCII in a value", post(b"X: \xc3\xa4\xff"), b""),
    ("Expect without a body", post(b"Expect: 100-continue"), b""),
    ("Expect in HTTP/1.0", post(b"Expect: 100-continue", b"Content-Length: 5",
                                b"Connection: keep-alive", version=b"HTTP/1.0", body=HELLO), HELLO),
    ("an unknown method", post(method=b"M-SEARCH"), b""),
    ("a method in small letters", post(method=b"get"), b""),
    ("ninety-nine fields and Host", post(*[b"X: y"] * 99), b""),
    ("a head of just below 64 KiB", post(*[b"X-%d: " % i + b"a" * 900 for i in range(70)]), b""),
    *((f"Host {value!r}", post(host=b"Host: " + value), b"") for value in (
        b"a", b"a.b.", b"a:80", b"a:", b"127.0.0.1:1", b"[::1]", b"[::1]:80", b"a_b", b"a%2fb",
        b"xn--a", b"A-b", b"a:65535")),
    ("an absolute target", post(target=b"http://other:81/echo"), b""),
    ("an absolute target in capitals", post(target=b"HTTP://Other/echo"), b""),
]
