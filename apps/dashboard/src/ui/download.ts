/** Takes things away as files: tables as CSV, drawings as PNG. */
import type { Cell } from '@almanac/contracts/csv';

export type { Cell };

/** Saves a file from memory under a name. */
export function save(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** What writes CSV is fetched when it is wanted: most views are never saved. */
export function saveCsv(rows: readonly (readonly Cell[])[], name: string): void {
  void import('@almanac/contracts/csv').then(({ csvOf }) => save(new Blob([csvOf(rows)], { type: 'text/csv' }), name));
}

/** Colours come from the style sheet, which a drawing outside the page does not see. */
const PAINTED = ['fill', 'stroke', 'stroke-width', 'opacity', 'font', 'text-anchor'];

async function imageOf(svg: SVGSVGElement, width: number, height: number): Promise<HTMLImageElement> {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = svg.querySelectorAll('*');
  copy.querySelectorAll<SVGElement>('*').forEach((element, index) => {
    const style = getComputedStyle(originals[index] as Element);
    for (const property of PAINTED) element.style.setProperty(property, style.getPropertyValue(property));
  });
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return image;
}

/** Every canvas and SVG of an element where it stands, on the ground of the page, at the resolution of the screen. */
export async function savePng(element: HTMLElement, ground: string, name: string): Promise<void> {
  const box = element.getBoundingClientRect();
  const scale = devicePixelRatio;
  const whole = document.createElement('canvas');
  whole.width = Math.round(box.width * scale);
  whole.height = Math.round(box.height * scale);
  const pen = whole.getContext('2d');
  if (!pen) return;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, whole.width, whole.height);
  // Heat maps are drawn with a pixel per weight.
  pen.imageSmoothingEnabled = false;
  for (const part of element.querySelectorAll<HTMLCanvasElement | SVGSVGElement>('canvas, svg')) {
    const at = part.getBoundingClientRect();
    const place = [(at.left - box.left) * scale, (at.top - box.top) * scale, at.width * scale, at.height * scale] as const;
    pen.drawImage(part instanceof HTMLCanvasElement ? part : await imageOf(part, place[2], place[3]), ...place);
  }
  const blob = await new Promise<Blob | null>((resolve) => whole.toBlob(resolve, 'image/png'));
  if (blob) save(blob, name);
}
