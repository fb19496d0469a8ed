import { decodeDescriptor, encodeDescriptor } from '@doublehop/security/descriptor';
import { formatSddl, parseSddl } from '@doublehop/security/sddl';
import { describe, expect, it } from 'vitest';
import { ALL_PARTS, mergedDescriptor, SdFlag, visibleParts } from '../src/ldap/descriptors.ts';

const bytes = (text: string): Uint8Array => encodeDescriptor(parseSddl(text));
const text = (value: Uint8Array): string => formatSddl(decodeDescriptor(value));

const PRESENT = 'O:BAG:BUD:PAI(A;;RP;;;AU)S:AI(AU;SA;WP;;;WD)';
const GIVEN = 'O:SYG:AUD:(A;;WP;;;AU)S:P(AU;FA;WP;;;WD)';

describe('MS-ADTS 3.1.1.3.4.1.11 LDAP_SERVER_SD_FLAGS', () => {
  it.each([
    [SdFlag.owner, 'O:BA'],
    [SdFlag.group, 'G:BU'],
    [SdFlag.dacl, 'D:PAI(A;;RP;;;AU)'],
    [SdFlag.sacl, 'S:AI(AU;SA;WP;;;WD)'],
    [SdFlag.owner | SdFlag.dacl, 'O:BAD:PAI(A;;RP;;;AU)'],
    [ALL_PARTS, PRESENT],
  ])('reading %i', (flags, expected) => {
    expect(text(visibleParts(bytes(PRESENT), flags))).toBe(expected);
  });

  it.each([
    [SdFlag.owner, 'O:SYG:BUD:PAI(A;;RP;;;AU)S:AI(AU;SA;WP;;;WD)'],
    [SdFlag.group, 'O:BAG:AUD:PAI(A;;RP;;;AU)S:AI(AU;SA;WP;;;WD)'],
    [SdFlag.dacl, 'O:BAG:BUD:(A;;WP;;;AU)S:AI(AU;SA;WP;;;WD)'],
    [SdFlag.sacl, 'O:BAG:BUD:PAI(A;;RP;;;AU)S:P(AU;FA;WP;;;WD)'],
    [ALL_PARTS, GIVEN],
  ])('writing %i changes no other part, protection included', (flags, expected) => {
    expect(text(mergedDescriptor(bytes(PRESENT), bytes(GIVEN), flags))).toBe(expected);
  });
});
