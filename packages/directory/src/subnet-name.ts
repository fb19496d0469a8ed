import { isIPv4, isIPv6 } from 'node:net';
import { DirectoryError } from './errors.ts';

/**
 * A subnet is named by its address and the length of its prefix, with nothing behind the prefix:
 * `10.1.0.0/16` (MS-ADTS 6.1.1.2.2.2.1). Throws invalidDNSyntax.
 */
export function checkSubnetName(name: string): void {
  const [address = '', length = '', ...more] = name.split('/');
  const bits = isIPv4(address) ? 32 : 128;
  const value = isIPv4(address) ? ofFour(address) : ofSix(address);
  const isLength = /^(?:0|[1-9][0-9]{0,2})$/.test(length) && Number(length) <= bits;
  const rest = BigInt(bits - (isLength ? Number(length) : 0));
  const fits = value !== undefined && (value >> rest) << rest === value;
  if (isLength && more.length === 0 && fits && isTelling(address, value, Number(length))) return;
  throw new DirectoryError('invalidDNSyntax', `${name} is no subnet`);
}

/** Neither nothing at all, nor the mask itself, nor one of many ways to write an address. */
function isTelling(address: string, value: bigint, length: number): boolean {
  if (isIPv4(address))
    return value !== 0n && value !== ((1n << BigInt(length)) - 1n) << BigInt(32 - length);
  const isFour = (value >> 32n === 0n && value > 0xffffn) || value >> 32n === 0xffffn;
  // RFC 5952 §4, which the URL Standard writes.
  const usual = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return length > 0 && !isFour && usual === address.toLowerCase();
}

function ofFour(address: string): bigint {
  return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

/** Colons with hexadecimal numbers alone: neither zones nor addresses of version 4 within. */
function ofSix(address: string): bigint | undefined {
  if (!isIPv6(address) || !/^[0-9a-f:]+$/i.test(address)) return undefined;
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const all = [...before, ...(tail === undefined ? [] : zeros), ...after];
  return all.reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
}
