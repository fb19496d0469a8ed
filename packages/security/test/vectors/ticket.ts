import { concat } from '@doublehop/wire/bytes';

/** One DER value: its identifier octet and where its content lies. */
interface Tlv {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** The cipher of a Ticket's EncryptedData: its last field, at the very end (RFC 4120 5.3). */
export function cipherOf(ticket: Uint8Array): Uint8Array {
  let content = ticket;
  for (;;) {
    const last = children(content).at(-1);
    if (last === undefined) throw new Error('no cipher');
    content = content.subarray(last.start, last.end);
    if (last.tag === 0x04) return content;
  }
}

/**
 * The PAC of a DER EncTicketPart and the bytes that its ticket signature is over: the same with
 * the PAC's ad-data replaced by one zero byte (MS-PAC 2.8.2).
 */
export function splitTicketPart(part: Uint8Array): { pac: Uint8Array; signed: Uint8Array } {
  const found: Uint8Array[] = [];
  const signed = rewrite(part, found);
  const [pac] = found;
  if (pac === undefined) throw new Error('no PAC');
  return { pac, signed };
}

const OCTET_STRING = 0x04;

function rewrite(bytes: Uint8Array, found: Uint8Array[]): Uint8Array {
  const parts = children(bytes).map(({ tag, start, end }) => {
    const content = bytes.subarray(start, end);
    if ((tag & 0x20) !== 0) return tlv(tag, rewrite(content, found));
    if (tag === OCTET_STRING && isIfRelevant(content)) {
      return tlv(tag, rewrite(content, found));
    }
    if (tag === OCTET_STRING && content[4] === 0 && content.length > 200) {
      found.push(content);
      return tlv(tag, new Uint8Array(1));
    }
    return tlv(tag, content);
  });
  return concat(...parts);
}

/** AD-IF-RELEVANT holds the PAC's element as a SEQUENCE inside an OCTET STRING. */
function isIfRelevant(content: Uint8Array): boolean {
  return content[0] === 0x30 && content.length > 200;
}

function children(bytes: Uint8Array): Tlv[] {
  const list: Tlv[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 0;
    let start = at + 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      length = 0;
      for (const byte of bytes.subarray(start, start + count)) length = length * 256 + byte;
      start += count;
    }
    list.push({ tag, start, end: start + length });
    at = start + length;
  }
  return list;
}

function tlv(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  if (length < 0x80) return concat(Uint8Array.of(tag, length), content);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return concat(Uint8Array.of(tag, 0x80 | octets.length, ...octets), content);
}
