/** Why bytes were refused. Stable: tests, logs and metrics may rely on it. */
export type WireErrorCode =
  | 'truncated'
  | 'tag'
  | 'length'
  | 'value'
  | 'depth'
  | 'trailing'
  | 'oversize'
  | 'pointer'
  | 'alignment'
  | 'encode';

/**
 * The one error of this layer: bytes that are not a valid encoding, or, with the code `encode`, a
 * value that has none. `offset` is where in the decoded bytes the fault stands.
 */
export class WireError extends Error {
  readonly code: WireErrorCode;
  readonly offset: number | undefined;

  constructor(code: WireErrorCode, message: string, place: { readonly offset?: number } = {}) {
    super(place.offset === undefined ? message : `${message} (at byte ${place.offset})`);
    this.name = 'WireError';
    this.code = code;
    this.offset = place.offset;
  }
}
