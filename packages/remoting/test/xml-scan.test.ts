import { RemotingError } from '@doublehop/remoting/errors';
import { scanXml } from '@doublehop/remoting/xml/scan';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, test } from 'vitest';

/** What a document says, part by part; undefined: it is refused. */
function scanned(text: string): string[] | undefined {
  const parts: string[] = [];
  try {
    scanXml(text, {
      open: (name, attributes) =>
        void parts.push(
          `<${name} ${JSON.stringify(attributes.map((one) => [one.name, one.value]))}`,
        ),
      close: (name) => void parts.push(`/${name}`),
      text: (one) => void parts.push(`"${one}`),
    });
  } catch (error) {
    if (error instanceof RemotingError) return undefined;
    throw error;
  }
  return joined(parts);
}

/** The same by saxes, a parser by others, which refuses all that XML refuses. */
function bySaxes(text: string): string[] | undefined {
  const parts: string[] = [];
  const parser = new SaxesParser({ xmlns: false });
  const refuse = (): never => {
    throw new RangeError('refused');
  };
  parser.on('error', refuse);
  parser.on('doctype', refuse);
  parser.on('processinginstruction', refuse);
  parser.on('opentag', ({ name, attributes }) =>
    parts.push(`<${name} ${JSON.stringify(Object.entries(attributes))}`),
  );
  parser.on('closetag', ({ name }) => parts.push(`/${name}`));
  let depth = 0;
  parser.on('opentagstart', () => (depth += 1));
  parser.on('text', (one) => depth > 0 && parts.push(`"${one}`));
  parser.on('cdata', (one) => parts.push(`"${one}`));
  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return joined(parts);
}

/** Texts that follow each other are one, and white space after the element says nothing. */
function joined(parts: readonly string[]): string[] {
  const all: string[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (part.startsWith('"') && last?.startsWith('"') === true)
      all.push(`${all.pop()}${part.slice(1)}`);
    else all.push(part);
  }
  return all.filter((part) => !/^"\s*$/u.test(part));
}

describe('XML 1.0, as another parser has it', () => {
  const documents = [
    '<a/>',
    '<?xml version="1.0" encoding="utf-8"?>\n<a b="1" c=\'2\'>x<b />y</a>\n',
    '\ufeff<a>&lt;&#65;&#x1F600;&amp;&quot;&apos;&gt;</a>',
    '<a><![CDATA[<b>&amp;]]>]</a>',
    '<a><!-- c -->x<!----></a><!-- end -->',
    '<a\n x = "1\t2&#10;3"\n></a\n>',
    '<a>1\r\n2\r3</a>',
    '<s:a xmlns:s="u"/>',
    '<a>]]></a>',
    '<a><!-- a -- b --></a>',
    '<a b="1" b="2"/>',
    '<a b="<"/>',
    '<a b=1/>',
    '<a b/>',
    '<a b="1"c="2"/>',
    '<a></b>',
    '<a>',
    '</a>',
    '<a/><b/>',
    'x<a/>',
    '<a/>x',
    '<a>&nbsp;</a>',
    '<a>&</a>',
    '<a>&#0;</a>',
    '<a>&#xD800;</a>',
    '<a>\u0001</a>',
    '<a>\ud800</a>',
    '<a b="\u0001"/>',
    '<!DOCTYPE a><a/>',
    '<?php ?><a/>',
    '<a><?x?></a>',
    ' <?xml version="1.0"?><a/>',
    '<?xml version="1.0"?><?xml version="1.0"?><a/>',
    '< a/>',
    '<a/ >',
    '<a><![CDATA[x</a>',
    '<a><!-- x</a>',
    '<1/>',
    '<a b="x>y"/>',
    '',
    '   ',
    '<',
    '<a',
    '<a ',
    '<a b',
    '<a b="',
  ];
  test.each(documents)('%j', (document) => {
    expect(scanned(document)).toEqual(bySaxes(document));
  });

  test('documents by chance', () => {
    const piece = fc.constantFrom(
      '<a>',
      '</a>',
      '<b x="1">',
      '</b>',
      '<c/>',
      ' ',
      '\n',
      '\r',
      'text',
      '&lt;',
      '&#65;',
      '&x;',
      '&',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '"',
      "'",
      '>',
      '<',
      '/',
      '=',
      'x',
      '<d y=\'&amp;\' z="2"/>',
      '\u00e4',
      '\u{1f600}',
      '\u0000',
      '<?xml version="1.0"?>',
      '<?',
      '?>',
      '<!',
      'xmlns="u"',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const document = pieces.join('');
        expect(scanned(document)).toEqual(bySaxes(document));
      }),
      { numRuns: 20_000 },
    );
  });

  test('documents that are nearly good', () => {
    const good =
      '<s:E xmlns:s="u" a="1"><s:H/><b n="x&amp;y">AAAA</b><!-- c --><![CDATA[d]]></s:E>';
    fc.assert(
      fc.property(
        fc.nat(good.length),
        fc.nat(3),
        fc.constantFrom('', '<', '>', '"', '&', ' ', '/', 'x', '=', '-', ']', '!'),
        (at, cut, put) => {
          const document = good.slice(0, at) + put + good.slice(at + cut);
          expect(scanned(document)).toEqual(bySaxes(document));
        },
      ),
      { numRuns: 5000 },
    );
  });
});

test('much of anything is read in linear time', () => {
  const size = 400_000;
  const many = [
    `<a>${'x'.repeat(size)}</a>`,
    `<a>${'&lt;'.repeat(size)}</a>`,
    `<a ${' '.repeat(size)}/>`,
    `<a>${'<b/>'.repeat(size)}</a>`,
    `<a>${'<'.repeat(size)}`,
    `<a>${'<!--'.repeat(size)}`,
    `<a>${']'.repeat(size)}</a>`,
    `<a>${'&'.repeat(size)}`,
    '<a>'.repeat(size),
    `<a b="${'x'.repeat(size)}`,
    `<?xml ${' '.repeat(size)}`,
    `<a>${'\r'.repeat(size)}</a>`,
  ];
  // A scan that is not linear would not come to its end within the test's time.
  for (const document of many) scanned(document);
  expect(scanned(many[0] ?? '')).toHaveLength(3);
});
