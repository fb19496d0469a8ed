// The entries of a benchmark, by number: every second one a computer, the others users.

/** Attributes of an entry, each with its values as text. */
export type Facts = Readonly<Record<string, readonly string[]>>;

export const DNS_NAME = 'bench.example';
export const BASE = 'DC=bench,DC=example';

/** Whether entry `number` (from 1) is a computer. */
export function isComputer(number: number): boolean {
  return number % 2 === 0;
}

export function dnOf(number: number, base: string): string {
  const container = isComputer(number) ? 'Computers' : 'Users';
  return `CN=${commonName(number)},CN=${container},${base}`;
}

function commonName(number: number): string {
  return isComputer(number) ? `Host ${number}` : `User ${number}`;
}

export function accountName(number: number): string {
  return isComputer(number) ? `HOST${number}$` : `user${number}`;
}

/** The name that clients ask for; of computers only. */
export function serviceName(number: number): string {
  return `HTTP/host${number}.${DNS_NAME}`;
}

/** What every server keeps of an entry, beside what it makes itself. */
export function factsOf(number: number): Facts {
  const account = accountName(number);
  const both = { sAMAccountName: [account], description: [`entry ${number}`] };
  if (!isComputer(number)) {
    return {
      objectClass: ['user'],
      ...both,
      displayName: [`User number ${number}`],
      userPrincipalName: [`${account}@${DNS_NAME}`],
      userAccountControl: ['514'],
    };
  }
  const host = `host${number}`;
  return {
    objectClass: ['computer'],
    ...both,
    dNSHostName: [`${host}.${DNS_NAME}`],
    servicePrincipalName: [`HOST/${host}`, `HOST/${host}.${DNS_NAME}`, serviceName(number)],
    userAccountControl: ['4096'],
  };
}

/** Numbers of `count` entries of `size`, spread evenly over all and in no order. */
export function sample(size: number, count: number, salt: number): number[] {
  // A step that shares no factor with the size meets every entry once before it repeats.
  let step = Math.max(1, Math.floor(size * 0.618_034)) | 1;
  while (gcd(step, size) !== 1) step += 2;
  return Array.from({ length: count }, (_, index) => ((index * step + salt) % size) + 1);
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
