/** "3.4 GiB": three digits at most. */
export function bytesInWords(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${power > 0 && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** How long ago an instant was: "40 min", "5 h", "12 d". */
export function age(instant: string, now: Date): string {
  const passed = Math.max(0, now.getTime() - Date.parse(instant));
  if (passed < 2 * hour) return `${Math.floor(passed / minute)} min`;
  return passed < 2 * day ? `${Math.floor(passed / hour)} h` : `${Math.floor(passed / day)} d`;
}

/** How long something takes, or how old it is: "40 s", "12 min", "5 h", "12 d". */
export function duration(seconds: number): string {
  const passed = seconds * 1000;
  if (passed < 2 * minute) return `${Math.round(seconds)} s`;
  if (passed < 2 * hour) return `${Math.floor(passed / minute)} min`;
  return passed < 2 * day ? `${Math.floor(passed / hour)} h` : `${Math.floor(passed / day)} d`;
}
