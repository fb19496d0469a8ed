import { Dialect } from './messages/constants.ts';

/** Dialects as people write them. */
export type DialectName = '3.1.1' | '3.0.2' | '2.1';

/** Every dialect that is spoken, the preferred first. */
export const ALL_DIALECTS: readonly DialectName[] = ['3.1.1', '3.0.2', '2.1'];

/** Their numbers (MS-SMB2 2.2.3). */
export const DIALECT_NUMBERS: Readonly<Record<DialectName, number>> = {
  '3.1.1': Dialect.smb311,
  '3.0.2': Dialect.smb302,
  '2.1': Dialect.smb210,
};
