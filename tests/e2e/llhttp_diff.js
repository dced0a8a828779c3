// SPDX-License-Identifier: MIT
// llhttp_diff.js - each request is read by gyre and by llhttp: what both accept must mean the same,
// and where only one accepts, the reason is listed here with the section that settles it.
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const { HTTPParser, methods, allMethods } = process.binding('http_parser');

const MUTATIONS = 30000;
const LLHTTP = [9, 3];    // the lists below are about this one; older ones accept more

// gyre refuses, llhttp accepts: our reasons, and what they stand on.
const stricter = {
  'no Host': 'RFC 9112 3.2',
  'more than one Host': 'RFC 9112 3.2',
  'malformed Host': 'RFC 9112 3.2',
  'only HTTP/1 is spoken here': 'RFC 9110 15.6.6; llhttp takes 0.9 and 2.0',
  'Transfer-Encoding in HTTP/1.0': 'RFC 9112 6.1',
  'a transfer coding that is not known': 'RFC 9112 6.1; llhttp reads to the close',
  'malformed Transfer-Encoding': 'RFC 9112 6.1; llhttp looks at the last word only',
  'an expectation that cannot be met': 'RFC 9110 10.1.1, the application of Node decides',
  'fragment in the target': 'RFC 9112 3.2',
  'malformed authority in the target': 'RFC 9112 3.2.2, RFC 9110 4.2.4',
  'a target that is no path and no http URI': 'RFC 9112 3.2',
  "'*' is for OPTIONS": 'RFC 9112 3.2.4',
  'CONNECT without host and port': 'RFC 9112 3.2.3',
  'malformed method': 'RFC 9112 2.2: one empty line, llhttp skips any number',
  'LF without CR': 'RFC 9112 2.2 lets a recipient choose; llhttp takes LF before the request line',
  'CR without LF': 'RFC 9112 2.2; llhttp takes CR before the request line',
  'malformed extension': 'RFC 9112 7.1.1',
  'a field that may not be a trailer': 'RFC 9110 6.5.1',
  'chunk too large': 'no length is 2^63',
  'chunk size of too many digits': 'RFC 9112 7.1',
  'malformed Content-Length': 'no length is 2^63',
  'no target': 'RFC 9112 3: a single space; llhttp takes several',
  'malformed HTTP version': 'RFC 9112 3: a single space',
  'no HTTP version': 'RFC 9112 3; llhttp takes HTTP/0.9',
  'chunk extensions too long': 'a limit of ours',
  'trailers too long': 'a limit of ours',
};

// llhttp refuses, gyre accepts: its error codes, and why we do not.
const looser = {
  HPE_INVALID_METHOD: 'RFC 9110 9.1: methods it does not know are answered with 501, not 400',
  HPE_INVALID_VERSION: 'RFC 9110 2.5: a higher minor version is read as 1.1',
  HPE_UNEXPECTED_CONTENT_LENGTH: 'RFC 9110 8.6: equal lengths may be repeated',
  HPE_INVALID_CONTENT_LENGTH: 'RFC 9110 8.6: equal lengths in a list',
  HPE_INVALID_CHUNK_SIZE: 'RFC 9112 7.1.1: blanks before an extension',
  HPE_STRICT: 'RFC 9112 7.1.1: extensions with blanks and quotes',
};

function llhttp(bytes) {
  const out = { messages: [], error: null, code: null };
  const parser = new HTTPParser();
  let current = null, flushed = [];
  parser.initialize(HTTPParser.REQUEST, {}, 1 << 20);
  let flushedUrl = '';
  parser[HTTPParser.kOnHeaders | 0] = (headers, url) => {
    flushed.push(...headers);
    flushedUrl += url;
  };
  parser[HTTPParser.kOnHeadersComplete | 0] =
    (major, minor, headers, method, url, status, text, upgrade, keep) => {
      headers = headers || flushed;
      url = url || flushedUrl;
      flushed = [];
      flushedUrl = '';
      current = { method: (allMethods || methods)[method], url, minor, headers, upgrade, keep,
        body: '', done: false };
      out.messages.push(current);
      return 0;
    };
  parser[HTTPParser.kOnBody | 0] = (buffer, offset, length) => {
    const part = offset === undefined ? buffer : buffer.subarray(offset, offset + length);
    current.body += Buffer.from(part).toString('latin1');
  };
  parser[HTTPParser.kOnMessageComplete | 0] = () => {
    current.done = true;
    current.trailers = flushed;
    flushed = [];
    flushedUrl = '';
  };
  const result = parser.execute(bytes);
  if (result instanceof Error) {
    out.error = result.reason;
    out.code = result.code;
  }
  return out;
}

function unescape(s) {
  return s.replace(/\\(x..|\\)/g,
    (m, e) => (e === '\\' ? '\\' : String.fromCharCode(parseInt(e.slice(1), 16))));
}

function gyre(log) {
  const out = { messages: [], reason: null };
  for (const line of log.split('\n')) {
    const word = line.split(' ', 1)[0], rest = unescape(line.slice(word.length + 1));
    const m = out.messages[out.messages.length - 1];
    if (word === 'request') {
      const [, method, url, query, minor] = rest.match(/^(\S+) (\S*)(?: \?(\S*))? 1\.(\d)$/);
      out.messages.push({ method, url: query === undefined ? url : url + '?' + query,
        minor: +minor, headers: [], trailers: [], body: '', done: false });
    } else if (word === 'field' || word === 'trailer') {
      const colon = rest.indexOf(': ');
      (word === 'field' ? m.headers : m.trailers).push(rest.slice(0, colon), rest.slice(colon + 2));
    } else if (word === 'scheme' || word === 'authority') {
      m[word] = rest;
    } else if (word === 'keep-alive' || word === 'keep-alive,') {
      m.keep = true;
    } else if (word === 'close' || word === 'close,') {
      m.keep = false;
    } else if (word === 'data') {
      m.body = rest;
    } else if (word === 'end') {
      m.done = true;
    } else if (word === 'refuse') {
      out.reason = rest.slice(4);
    }
  }
  return out;
}

// The target as llhttp gives it, whole and as sent.
function targetsAgree(ours, theirs) {
  if (ours.method === 'CONNECT') return ours.authority === theirs.url;
  if (!ours.scheme) return ours.url === theirs.url;
  const whole = theirs.url.replace(/^[a-z]+/i, (s) => s.toLowerCase());
  const built = ours.scheme + '://' + ours.authority + ours.url;
  return whole === built || whole.replace(/^(\w+:\/\/[^/?]+)(?=\?|$)/, '$1/') === built ||
    (ours.url === '*' && whole === ours.scheme + '://' + ours.authority);
}

function messagesAgree(ours, theirs) {
  const list = (l) => JSON.stringify(l);
  if (ours.method !== theirs.method || !targetsAgree(ours, theirs)) return 'request line';
  if (ours.minor !== Math.min(theirs.minor, 1)) return 'version';
  if (list(ours.headers) !== list(theirs.headers)) return 'fields';
  // RFC 9112 9.3: close wins over keep-alive, in 1.0 too.
  const closes = !ours.keep && /\bclose\b/i.test(list(ours.headers));
  if (ours.keep !== theirs.keep && !theirs.upgrade && !closes) return 'keep-alive';
  if (ours.done !== theirs.done) return 'end';
  if (ours.done && ours.body !== theirs.body) return 'body';
  if (ours.done && list(ours.trailers) !== list(theirs.trailers || [])) return 'trailers';
  return null;
}

const used = new Set();

// The difference that no list explains, or null.
function compare(bytes, log) {
  const ours = gyre(log), theirs = llhttp(bytes);
  const both = Math.min(ours.messages.length, theirs.messages.length);
  for (let i = 0; i < both; i++) {
    const last = i === both - 1 && (ours.reason || theirs.error);
    const why = messagesAgree(ours.messages[i], theirs.messages[i]);
    if (why && !(last && why === 'end')) return 'they differ in the ' + why;
    // Behind an upgrade llhttp stops, and we go on as RFC 9110 7.8 allows.
    if (theirs.messages[i].upgrade || !ours.messages[i].keep) return null;
  }
  if (ours.reason && !theirs.error) {
    used.add(ours.reason);
    return stricter[ours.reason] ? null : 'only gyre refuses: ' + ours.reason;
  }
  if (!ours.reason && theirs.error) {
    used.add(theirs.code);
    return looser[theirs.code] ? null : `only llhttp refuses: ${theirs.code} ${theirs.error}`;
  }
  return null;
}

function unwrap(block) {
  return Buffer.from(block.split('\n').map((line) => line.replace(
    /\\(x[0-9a-f]{2}|\+\d+\*.|.)/g, (m, e) => {
      if (e[0] === 'x' && e.length === 3) return String.fromCharCode(parseInt(e.slice(1), 16));
      if (e[0] === '+') return e.slice(-1).repeat(+e.slice(1, -2));
      return { r: '\r', n: '\n', t: '\t' }[e] || e;
    })).join(''), 'latin1');
}

function cases() {
  const found = [];
  for (const file of fs.readdirSync('tests/http/cases')) {
    const text = fs.readFileSync('tests/http/cases/' + file, 'utf8');
    for (const part of text.split(/^## /m).slice(1)) {
      const block = part.match(/^```request\n([^]*?)\n```/m);
      if (block && !/^limits:/m.test(part)) found.push(unwrap(block[1]));
    }
  }
  return found;
}

let state = 0x2545f491;
function below(limit) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

const SPLICE = [' ', '\t', '\r', '\n', '\r\n', '\0', ':', ',', ';', '0', '5', '\x7f', '\x80', '\x0b', '"',
  'chunked', 'Transfer-Encoding: chunked\r\n', 'Content-Length: 5\r\n', 'Connection: close\r\n', '\r\n\r\n'];

function mutate(bytes) {
  let out = bytes;
  for (let n = 1 + below(3); n > 0; n--) {
    const at = below(out.length + 1), cut = below(4) === 0 ? below(4) : 0;
    const piece = below(5) === 0 ? '' : SPLICE[below(SPLICE.length)];
    out = Buffer.concat([out.subarray(0, at), Buffer.from(piece, 'latin1'), out.subarray(at + cut)]);
  }
  return out;
}

function main() {
  const version = process.versions.llhttp.split('.').map(Number);
  if (version[0] < LLHTTP[0] || (version[0] === LLHTTP[0] && version[1] < LLHTTP[1])) {
    console.log(`skipped: llhttp is ${version.join('.')}, older than ${LLHTTP.join('.')}`);
    process.exit(77);
  }
  const seeds = cases(), inputs = seeds.slice();
  const short = seeds.filter((s) => s.length < 400);
  for (let i = 0; i < MUTATIONS; i++) inputs.push(mutate(short[below(short.length)]));
  const frames = Buffer.concat(inputs.flatMap((b) => [Buffer.from(`request ${b.length}\n`), b]));
  const logs = execFileSync(process.argv[2], ['--events'], { input: frames, maxBuffer: 1 << 28 })
    .toString('latin1').split('---\n');
  let bad = 0, accepted = 0;
  inputs.forEach((bytes, i) => {
    const why = compare(bytes, logs[i]);
    accepted += /^end$/m.test(logs[i]);
    if (why && bad++ < 15) {
      console.log(`${why}\n  ${JSON.stringify(bytes.toString('latin1'))}\n${logs[i]}`);
    }
  });
  console.log(`${inputs.length} inputs, ${accepted} with a request that gyre accepts, ${bad} differences`);
  // A difference that does not come up has no place in the lists.
  const unused = Object.keys({ ...stricter, ...looser }).filter((k) => !used.has(k));
  if (unused.length) console.log('no longer met: ' + unused.join(', '));
  process.exit(bad || seeds.length < 200 || accepted < 1000 ? 1 : 0);
}

main();
