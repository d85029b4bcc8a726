/**
 * Writes the elementwise parts of the kernels in AssemblyScript: each is described once, for one vector, and comes out
 * as a loop over eight columns (two neighbouring vectors side by side, which V8 pairs into 256-bit registers) and a loop
 * over the columns left. `x = …` names a value, `p <- …` stores one, `ld(p)` loads one; pointers move along the row.
 */
const constants = {
  sigmoid: 'minusLog2e, low, high, magic, p5, p4, p3, p2, p1, one, ',
  tanh: 'twoLog2e, low, high, magic, p5, p4, p3, p2, p1, one, two, ',
  exp: 'log2e, low, high, magic, p5, p4, p3, p2, p1, one, ',
};
const names = {
  low: 'LOW',
  high: 'HIGH',
  magic: 'MAGIC',
  p5: 'P5',
  p4: 'P4',
  p3: 'P3',
  p2: 'P2',
  p1: 'P1',
  one: 'ONE',
  two: 'TWO',
  half: 'HALF',
  minusLog2e: 'MINUS_LOG2E',
  twoLog2e: 'TWO_LOG2E',
  log2e: 'LOG2E',
};

function expand(body, suffixes, load, store) {
  const values = body.filter((line) => line.includes(' = ')).map((line) => line.split(' = ')[0]);
  const value = new RegExp(`\\b(${values.join('|')})\\b`, 'g');
  return body.flatMap((line) => {
    const [to, text] = line.includes(' <- ') ? line.split(' <- ') : line.split(' = ');
    const calls = text.replace(/\b(sigmoid|tanh|exp)\(/g, (_, name) => `${name}(${constants[name]}`);
    return suffixes.map((suffix, i) => {
      const result = calls.replace(value, `$1${suffix}`).replace(/\bld\(([^()]*)\)/g, (_, at) => load(at, i));
      return line.includes(' <- ') ? store(to, result, i) : `    const ${to}${suffix} = ${result};`;
    });
  });
}

/** A function over one row: pointers, vectors the same for the whole row, then the number of columns. */
function cell({ name, pointers, vectors = [], gates = 1, body }) {
  const text = body.join(' ');
  const used = Object.keys(names).filter(
    (c) =>
      new RegExp(`\\b${c}\\b`).test(text) ||
      Object.entries(constants).some(([f, list]) => text.includes(`${f}(`) && list.includes(`${c},`)),
  );
  const wide = expand(
    body,
    ['_0', '_1'],
    (at, i) => `v128.load(${at}, ${16 * i})`,
    (to, v, i) => `    v128.store(${to}, ${v}, ${16 * i});`,
  );
  const narrow = expand(
    body,
    [''],
    (at) => `v128.load32_zero(${at} + u)`,
    (to, v) => `    v128.store_lane<f32>(${to} + u, ${v}, 0);`,
  );
  return `
export function ${name}(${[...pointers.map((p) => `${p}: usize`), ...vectors.map((v) => `${v}: v128`)].join(', ')}, n: i32): void {
${used.map((c) => `  const ${c} = constant(${names[c]});`).join('\n')}
${gates > 1 ? '  const gate = <usize>(4 * n);\n' : ''}  let j = 0;
  for (; j + 8 <= n; j += 8) {
${wide.join('\n')}
${pointers.map((p) => `    ${p} += 32;`).join('\n')}
  }
  for (let u: usize = 0; u < <usize>((n - j) * 4); u += 4) {
${narrow.join('\n')}
  }
}`;
}

const cells = [
  {
    name: 'lstmCell',
    pointers: ['g', 'b', 'cPrev', 'hPrev', 'keepC', 'keepH', 'c', 'tanhC', 'h'],
    gates: 4,
    body: [
      'i = sigmoid(add(ld(g), ld(b)))',
      'f = sigmoid(add(ld(g + gate), ld(b + gate)))',
      'a = tanh(add(ld(g + 2 * gate), ld(b + 2 * gate)))',
      'o = sigmoid(add(ld(g + 3 * gate), ld(b + 3 * gate)))',
      'before = ld(cPrev)',
      'now = fma(f, before, mul(i, a))',
      't = tanh(now)',
      'out = mul(o, t)',
      'kc = ld(keepC)',
      'kh = ld(keepH)',
      'kept = fma(kc, before, mul(sub(one, kc), now))',
      'state = fma(kh, ld(hPrev), mul(sub(one, kh), out))',
      'g <- i',
      'g + gate <- f',
      'g + 2 * gate <- a',
      'g + 3 * gate <- o',
      'c <- kept',
      'tanhC <- t',
      'h <- state',
    ],
  },
  {
    name: 'lstmCellGrad',
    pointers: ['g', 'cPrev', 'tanhC', 'keepC', 'keepH', 'dh', 'dState', 'dCell', 'd'],
    gates: 4,
    body: [
      'i = ld(g)',
      'f = ld(g + gate)',
      'a = ld(g + 2 * gate)',
      'o = ld(g + 3 * gate)',
      't = ld(tanhC)',
      'before = ld(cPrev)',
      'total = add(ld(dh), ld(dState))',
      'skip = mul(ld(keepH), total)',
      'dHidden = sub(total, skip)',
      'after = ld(dCell)',
      'carried = mul(ld(keepC), after)',
      'dc = fma(mul(dHidden, o), sub(one, mul(t, t)), sub(after, carried))',
      'dcPrev = fma(dc, f, carried)',
      'd <- mul(mul(dc, a), mul(i, sub(one, i)))',
      'd + gate <- mul(mul(dc, before), mul(f, sub(one, f)))',
      'd + 2 * gate <- mul(mul(dc, i), sub(one, mul(a, a)))',
      'd + 3 * gate <- mul(mul(dHidden, t), mul(o, sub(one, o)))',
      'dCell <- dcPrev',
      'dState <- skip',
    ],
  },
  {
    name: 'gruCell',
    pointers: ['g', 'b', 'bu', 'un', 'hPrev', 'keepH', 'h'],
    gates: 3,
    body: [
      'r = sigmoid(add(ld(g), add(ld(b), ld(bu))))',
      'z = sigmoid(add(ld(g + gate), add(ld(b + gate), ld(bu + gate))))',
      'q = add(ld(un), ld(bu + 2 * gate))',
      'a = tanh(fma(r, q, add(ld(g + 2 * gate), ld(b + 2 * gate))))',
      'before = ld(hPrev)',
      'now = fma(z, sub(before, a), a)',
      'kh = ld(keepH)',
      'state = fma(kh, before, mul(sub(one, kh), now))',
      'g <- r',
      'g + gate <- z',
      'g + 2 * gate <- a',
      'un <- q',
      'h <- state',
    ],
  },
  {
    // d holds four: r, z, n of the input's product, and n of the state's.
    name: 'gruCellGrad',
    pointers: ['g', 'un', 'hPrev', 'keepH', 'dh', 'dState', 'dDirect', 'd'],
    gates: 4,
    body: [
      'r = ld(g)',
      'z = ld(g + gate)',
      'a = ld(g + 2 * gate)',
      'total = add(add(ld(dh), ld(dState)), ld(dDirect))',
      'skip = mul(ld(keepH), total)',
      'dNew = sub(total, skip)',
      'da = mul(mul(dNew, sub(one, z)), sub(one, mul(a, a)))',
      'dr = mul(mul(da, ld(un)), mul(r, sub(one, r)))',
      'dz = mul(mul(dNew, sub(ld(hPrev), a)), mul(z, sub(one, z)))',
      'direct = fma(dNew, z, skip)',
      'd <- dr',
      'd + gate <- dz',
      'd + 2 * gate <- da',
      'd + 3 * gate <- mul(da, r)',
      'dDirect <- direct',
    ],
  },
  {
    name: 'rnnCell',
    pointers: ['g', 'b', 'hPrev', 'keepH', 'h'],
    body: ['a = tanh(add(ld(g), ld(b)))', 'kh = ld(keepH)', 'state = fma(kh, ld(hPrev), mul(sub(one, kh), a))', 'g <- a', 'h <- state'],
  },
  {
    name: 'rnnCellGrad',
    pointers: ['g', 'keepH', 'dh', 'dState', 'd'],
    body: [
      'a = ld(g)',
      'total = add(ld(dh), ld(dState))',
      'skip = mul(ld(keepH), total)',
      'd <- mul(sub(total, skip), sub(one, mul(a, a)))',
      'dState <- skip',
    ],
  },
  {
    name: 'minGruCell',
    pointers: ['g', 'b', 'hPrev', 'keepH', 'h'],
    gates: 2,
    body: [
      'z = sigmoid(add(ld(g), ld(b)))',
      'a = add(ld(g + gate), ld(b + gate))',
      'before = ld(hPrev)',
      'share = sub(z, mul(ld(keepH), z))',
      'state = fma(share, sub(a, before), before)',
      'g <- z',
      'g + gate <- a',
      'h <- state',
    ],
  },
  {
    name: 'minGruCellGrad',
    pointers: ['g', 'hPrev', 'keepH', 'dh', 'dState', 'd'],
    gates: 2,
    body: [
      'z = ld(g)',
      'a = ld(g + gate)',
      'total = add(ld(dh), ld(dState))',
      'dNew = sub(total, mul(ld(keepH), total))',
      'du = mul(dNew, z)',
      'dPrev = sub(total, du)',
      'd <- mul(mul(dNew, sub(a, ld(hPrev))), mul(z, sub(one, z)))',
      'd + gate <- du',
      'dState <- dPrev',
    ],
  },
  // The standard functions of one tensor, for arrays of any length.
  { name: 'tanhAll', pointers: ['from', 'to'], body: ['r = tanh(ld(from))', 'to <- r'] },
  { name: 'sigmoidAll', pointers: ['from', 'to'], body: ['r = sigmoid(ld(from))', 'to <- r'] },
  {
    // max(x, 0) + log(1 + e^−|x|), the logarithm as 2·atanh(s) with s ≤ 1/3.
    name: 'softplusAll',
    pointers: ['from', 'to'],
    body: [
      'x = ld(from)',
      'e = exp(f32x4.neg(f32x4.abs(x)))',
      's = f32x4.div(e, add(two, e))',
      'q = mul(s, s)',
      'a = fma(fma(f32x4.splat(1.0 / 11), q, f32x4.splat(1.0 / 9)), q, f32x4.splat(1.0 / 7))',
      'b = fma(fma(fma(a, q, f32x4.splat(0.2)), q, f32x4.splat(1.0 / 3)), q, one)',
      'r = fma(add(s, s), b, f32x4.pmax(f32x4.splat(0), x))',
      'to <- r',
    ],
  },
];

export const cellFunctions = `// Generated by scripts/cells.mjs.
import { ${Object.values(names).join(', ')}, add, constant, exp, fma, mul, sigmoid, sub, tanh } from '../assembly/vector';
${cells.map(cell).join('\n')}
`;
