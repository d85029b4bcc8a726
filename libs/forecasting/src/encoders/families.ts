/** Which series belong together: those of one tree. Loads nothing, so that plans may ask. */

/** Child to parent, by id. */
export type Parents = Readonly<Record<string, string>>;

/** Ids grouped so that relatives are together, in the order of their first member; series without relatives are not among them. */
export function familiesOf(ids: readonly string[], parents: Parents): string[][] {
  const known = new Set(ids);
  const rootOf = (id: string): string => {
    let at = id;
    for (let up = parents[at]; up !== undefined && known.has(up); up = parents[at]) at = up;
    return at;
  };
  const families = new Map<string, string[]>();
  for (const id of ids) {
    const root = rootOf(id);
    const family = families.get(root);
    if (family) family.push(id);
    else families.set(root, [id]);
  }
  return [...families.values()].filter(({ length }) => length > 1);
}
