/**
 * Seeded random numbers (sfc32). Every draw of a training run comes from a stream named by (seed, purpose, step), so a
 * resumed run needs no generator state: the step alone says which numbers come next.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d = 1;

  constructor(seed: number, purpose = 0, step = 0) {
    this.a = mix(seed, 0x9e3779b9);
    this.b = mix(purpose, 0x85ebca6b) ^ this.a;
    this.c = mix(step, 0xc2b2ae35) ^ this.b;
    for (let i = 0; i < 12; i++) this.nextUint();
  }

  /** Uniform over the 32-bit unsigned integers. */
  nextUint(): number {
    const sum = (this.a + this.b + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** Uniform on [0, 1). */
  next(): number {
    return this.nextUint() / 4294967296;
  }

  /** Uniform over 0 … count − 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}

function mix(value: number, salt: number): number {
  let x = (Math.imul(value | 0, 0x2c1b3c6d) + salt + Math.floor(value / 4294967296)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  return x ^ (x >>> 16);
}
