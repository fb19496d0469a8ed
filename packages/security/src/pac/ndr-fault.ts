import { WireError, type WireErrorCode } from '@doublehop/wire/errors';
import { SecurityError, type SecurityErrorCode, type SecurityStructure } from '../errors.ts';

/** Runs a decoder of the layer below and turns its error into this layer's. */
export function readingNdr<T>(structure: SecurityStructure, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const place = error.offset === undefined ? {} : { offset: error.offset };
    throw new SecurityError(CODES[error.code], structure, error.message, {
      ...place,
      cause: error,
    });
  }
}

const CODES = {
  truncated: 'truncated',
  length: 'length',
  oversize: 'oversize',
  depth: 'depth',
  alignment: 'alignment',
  tag: 'value',
  value: 'value',
  trailing: 'value',
  pointer: 'value',
  encode: 'value',
} as const satisfies Record<WireErrorCode, SecurityErrorCode>;
