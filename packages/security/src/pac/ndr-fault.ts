import { WireError } from '@doublehop/wire/errors';
import { SecurityError, type SecurityErrorCode, type SecurityStructure } from '../errors.ts';

/** Runs a decoder of the layer below and turns its error into this layer's. */
export function readingNdr<T>(structure: SecurityStructure, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const place = error.offset === undefined ? {} : { offset: error.offset };
    throw new SecurityError(codeOf(error), structure, error.message, { ...place, cause: error });
  }
}

function codeOf(error: WireError): SecurityErrorCode {
  switch (error.code) {
    case 'truncated':
    case 'length':
    case 'oversize':
    case 'depth':
    case 'alignment':
      return error.code;
    case 'tag':
    case 'value':
    case 'trailing':
    case 'pointer':
    case 'encode':
      return 'value';
  }
}
