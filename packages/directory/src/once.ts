/**
 * Each number of a source once. After `most` different ones they are no longer remembered: then
 * comes all that there is but those, of which only a part may be in the source.
 */
export function* once(
  source: Iterable<number>,
  all: () => Iterable<number>,
  most: number,
): Iterable<number> {
  const seen = new Set<number>();
  for (const id of source) {
    if (seen.has(id)) continue;
    if (seen.size >= most) {
      for (const other of all()) if (!seen.has(other)) yield other;
      return;
    }
    seen.add(id);
    yield id;
  }
}
