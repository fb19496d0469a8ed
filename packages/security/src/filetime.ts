/** FILETIME (MS-DTYP 2.3.3): 100-nanosecond ticks since 1601-01-01 UTC, as a bigint. */
export type FileTime = bigint;

/** The time that stands for "never" in logon information (MS-PAC 2.5). */
export const NEVER: FileTime = 0x7fff_ffff_ffff_ffffn;

const EPOCH_TICKS = 116_444_736_000_000_000n;
const TICKS_PER_MILLISECOND = 10_000n;

/** The FILETIME of milliseconds since 1970. */
export function fileTimeOf(milliseconds: number): FileTime {
  return BigInt(Math.trunc(milliseconds)) * TICKS_PER_MILLISECOND + EPOCH_TICKS;
}

/** Milliseconds since 1970 of a FILETIME; what is finer than that is cut off. */
export function millisecondsOf(time: FileTime): number {
  return Number((time - EPOCH_TICKS) / TICKS_PER_MILLISECOND);
}
