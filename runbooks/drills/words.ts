/** "35 s", "12 min", "3.4 h"; "-" for what was not measured. */
export function secondsInWords(seconds: number | null): string {
  if (seconds === null) return "-";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 600) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
