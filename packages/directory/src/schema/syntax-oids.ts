import { isSyntax, type Syntax } from './syntax.ts';

/** How an attributeSchema object tells a syntax (MS-ADTS 3.1.1.2.2.2). */
export interface SyntaxFacts {
  readonly attributeSyntax: string;
  readonly oMSyntax: number;
  /** The BER contents of an OID, for syntaxes that X.400 calls objects. */
  readonly oMObjectClass: Uint8Array | undefined;
}

const OBJECT = 127;

const DS_DN = '2b0c0287731c00854a';
const DN_BINARY = '2a864886f7140101010b';
const OR_NAME = '2a864886f7140101010c';
const ACCESS_POINT = '2b0c0287731c00855c';
const REPLICA_LINK = '2a864886f71401010106';

const FACTS: {
  readonly [syntax in Syntax]: readonly [attribute: number, om: number, object?: string];
} = {
  dn: [1, OBJECT, DS_DN],
  oid: [2, 6],
  case: [3, 27],
  teletex: [4, 20],
  printable: [5, 19],
  ia5: [5, 22],
  numeric: [6, 18],
  dnbinary: [7, OBJECT, DN_BINARY],
  boolean: [8, 1],
  i4: [9, 2],
  enum: [9, 10],
  octets: [10, 4],
  replica: [10, OBJECT, REPLICA_LINK],
  utctime: [11, 23],
  gtime: [11, 24],
  unicode: [12, 64],
  presentation: [13, OBJECT, ACCESS_POINT],
  dnstring: [14, OBJECT, OR_NAME],
  sd: [15, 66],
  i8: [16, 65],
  sid: [17, 4],
};

/** The syntax that an attributeSchema object tells; undefined where it tells none. */
export function syntaxOf(
  attributeSyntax: string,
  oMSyntax: number,
  oMObjectClass: Uint8Array | undefined,
): Syntax | undefined {
  const object =
    oMObjectClass === undefined ? undefined : Buffer.from(oMObjectClass).toString('hex');
  for (const [syntax, [attribute, om, known]] of Object.entries(FACTS)) {
    if (attributeSyntax !== `2.5.5.${attribute}` || oMSyntax !== om || !isSyntax(syntax)) continue;
    if (object === undefined || object === known) return syntax;
  }
  return undefined;
}

/** attributeSyntax, oMSyntax and oMObjectClass of a syntax. */
export function syntaxFacts(syntax: Syntax): SyntaxFacts {
  const [attribute, oMSyntax, object] = FACTS[syntax];
  return {
    attributeSyntax: `2.5.5.${attribute}`,
    oMSyntax,
    oMObjectClass: object === undefined ? undefined : Buffer.from(object, 'hex'),
  };
}
