import type { Style } from "./style.ts";

/**
 * A bar of `width` cells for a share from 0 to 1, in eighths of a cell where the terminal has such signs; always
 * padded to `width`. A share above zero is never shown as nothing.
 */
export function formatBar(share: number, width: number, style: Style): string {
  const { bar, barParts } = style.symbols;
  const steps = barParts.length;
  const wanted = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) * width * steps : 0;
  const filled = wanted > 0 ? Math.max(1, Math.round(wanted)) : 0;
  const whole = bar.repeat(Math.floor(filled / steps));
  const part = filled % steps === 0 ? "" : (barParts[filled % steps] ?? "");
  return (whole + part).padEnd(width);
}
